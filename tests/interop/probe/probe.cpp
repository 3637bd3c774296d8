// probe.cpp - the C++ side of these tests: commands and lines of the Rust peer
// (USAGE in ../src/main.rs), on llmp.hpp. One thread sends while another receives.
#include <unistd.h>

#include <iostream>
#include <llmp.hpp>
#include <string_view>
#include <thread>

#include "support.h"

namespace {

using namespace std::chrono_literals;

llmp::client_options bus(const options &o) {
  llmp::client_options bus;
  bus.provider = o.bus.provider;
  return bus;
}

void send_all(llmp::client &client, const series &out) {
  std::vector<std::uint8_t> payload;
  for (std::uint64_t i = out.start; i < out.end; i++) {
    if (i % 2 == 0) {
      auto room = client.alloc(series_size(&out, i));
      series_fill(&out, i, room.data());
      room.commit(out.tag, out.flags, room.size());
    } else {
      payload.resize(series_size(&out, i));
      series_fill(&out, i, payload.data());
      client.send_flags(out.tag, out.flags, payload);
    }
  }
}

// A thread that sends a series; join() says how that went.
class sending {
 public:
  sending(llmp::client &client, const series &out)
      : thread_([this, &client, &out] {
          try {
            send_all(client, out);
          } catch (...) {
            failure_ = std::current_exception();
          }
        }) {}
  ~sending() {
    if (thread_.joinable()) thread_.join();
  }
  void join() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::exception_ptr failure_;
  std::thread thread_;
};

// Reports what in wants, until that and the own messages from index back to
// below back_until have come.
void receive(llmp::client &client, const series &out, incoming &in, std::uint64_t back,
             std::uint64_t back_until) {
  if (back >= back_until && in.got >= in.limit) return;
  std::error_code end;
  for (const auto &m : client.messages(llmp::forever, end)) {
    const bool own = m.sender() == client.id();
    if (own && m.tag() == out.tag && back < back_until) {
      if (!series_matches(&out, back, m.data(), m.size())) {
        throw std::runtime_error("an own message came back changed");
      }
      back++;
    }
    take(&in, &m.raw(), own);
    if (back >= back_until && in.got >= in.limit) return;
  }
  if (end != LLMP_E_CLOSED || in.limit != UINT64_MAX) throw std::system_error(end);
  std::puts("{\"event\":\"closed\"}");
}

void exchange(llmp::client &client, const series &out, incoming &in, std::uint64_t back,
              std::uint64_t back_until) {
  sending sender(client, out);
  receive(client, out, in, back, back_until);
  sender.join();
}

void converse(llmp::client client, const options &o, const series &out, incoming in,
              std::uint64_t unread = 0) {
  print_joined(client.id());
  exchange(client, out, in, out.start - unread, out.end);
  client.close();
  print_done(o.count, in.got);
}

llmp::client connect(const options &o) {
  return llmp::client::connect(o.port, bus(o));
}

incoming wanting(const options &o) {
  incoming in{};
  in.limit = o.receive;
  in.all_tags = true;
  return in;
}

llmp_client_description described(const options &o) {
  std::uint8_t postcard[LLMP_DESCRIPTION_MAX];
  const std::size_t len = parse_hex(o.description, postcard, sizeof postcard);
  return llmp::decode({postcard, len});
}

void run_send(const options &o) {
  converse(connect(o), o, o.out, incoming{});
}

void run_recv(const options &o) {
  incoming in{};
  in.limit = o.count > 0 ? o.count : UINT64_MAX;
  in.tag = o.out.tag;
  in.all_tags = o.all_tags;
  in.skip_own = o.skip_own;
  series nothing{};
  nothing.size_count = 1;
  converse(connect(o), o, nothing, in);
}

void run_mixed(const options &o) {
  incoming in = wanting(o);
  in.skip_own = true;
  converse(connect(o), o, o.out, in);
}

void run_detach(const options &o) {
  llmp::client::detach(o.port, o.as_id);
  print_done(0, 0);
}

void run_from_env(const options &o) {
  converse(llmp::client::attach_env(o.name, bus(o)), o, o.out, wanting(o), o.unread);
}

void run_from_description(const options &o) {
  converse(llmp::client::attach(described(o), bus(o)), o, o.out, wanting(o), o.unread);
}

void run_p2p_recv(const options &o) {
  auto receiver = llmp::receiver::attach(described(o).receiver, bus(o));
  std::uint64_t got = 0;
  while (got < o.count) {
    for (const auto &m : receiver.messages(200ms)) {
      print_message(got++, &m.raw());
      if (got == o.count) break;
    }
  }
  receiver.close();
  print_done(0, got);
}

void run(std::string_view command, const options &o) {
  static constexpr struct {
    std::string_view name;
    void (*run)(const options &o);
  } commands[] = {
      {"send", run_send},         {"recv", run_recv},
      {"mixed", run_mixed},       {"from-env", run_from_env},
      {"p2p-recv", run_p2p_recv}, {"from-description", run_from_description},
      {"detach", run_detach},
  };
  for (const auto &c : commands) {
    if (c.name == command) return c.run(o);
  }
  throw std::invalid_argument("no such command");
}

}  // namespace

int main(int argc, char **argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  options o;
  parse_options(&o, argc, argv);
  alarm(o.timeout);  // SIGALRM ends the process
  try {
    run(argc > 1 ? argv[1] : "", o);
    return 0;
  } catch (const std::exception &e) {
    print_error("probe", e.what());
    return 1;
  }
}
