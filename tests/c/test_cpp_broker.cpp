// llmp.hpp: brokers, hooks and connections.
#include <llmp.hpp>
#include <stdexcept>
#include <thread>

#include "bus.h"

using namespace std::chrono_literals;

namespace {

// A broker driven by hand, and a client of it.
struct scene {
  llmp::broker broker = llmp::broker::create();
  llmp::client client = llmp::client::on_page(broker.map(), 5);
  std::uint32_t id = broker.add_client(client.map());

  void round_with(const char *text) {
    client.send(TAG, text);
    CHECK_EQ(broker.once(), 1);
  }
  std::string next() {
    const auto m = client.recv();
    CHECK(m.has_value());
    return std::string(m->text());
  }
  ~scene() {
    CHECK_OK(::llmp_client_mark_safe_to_unmap(client.get())); /* no destructor throws */
  }
};

}  // namespace

TEST(hooks_see_change_and_drop) {
  scene s;
  int seen = 0;
  s.broker.add_hook([&](llmp::broker_ref b, std::uint32_t client, llmp::hook_message &m) {
    CHECK(b);
    CHECK_EQ(client, s.id);
    CHECK_EQ(m.sender(), 5);
    seen++;
    if (m.text() == "drop") return llmp::verdict::drop;
    if (m.text() == "upper") m.writable()[0] = 'U';
    if (m.text() == "shorten") m.truncate(5);
    m.truncate(1000); /* has no effect */
    m.tag(m.tag() + 1);
    m.flags(m.flags() | 8);
    return llmp::verdict::forward;
  });
  s.broker.add_hook([](llmp::broker_ref, std::uint32_t, llmp::hook_message &m) {
    if (m.text() == "replace") m.replace("something longer than that");
    CHECK(m.raw() != nullptr);
    CHECK(m.size() == 0 || m.data() != nullptr);
    return llmp::verdict::forward;
  });
  for (const char *text : {"drop", "upper", "shorten", "replace"}) {
    s.round_with(text);
  }
  const auto m = s.client.recv();
  CHECK(m && m->text() == "Upper");
  CHECK_EQ(m->tag(), TAG + 1);
  CHECK_EQ(m->flags(), 8);
  CHECK(s.next() == "short");
  CHECK(s.next() == "something longer than that");
  CHECK(!s.client.recv());
  CHECK_EQ(seen, 4);
}

TEST(a_hook_sends_and_adds_nothing_to_itself) {
  scene s;
  s.broker.add_hook([](llmp::broker_ref b, std::uint32_t, llmp::hook_message &m) {
    if (m.text() == "ping") b.send(TAG, "pong");
    std::error_code ec;
    b.add_hook([](llmp::broker_ref, std::uint32_t,
                  llmp::hook_message &) { return llmp::verdict::forward; },
               ec);
    CHECK(ec == LLMP_E_BUSY);
    return llmp::verdict::forward;
  });
  s.round_with("ping");
  CHECK(s.next() == "ping");
  CHECK(s.next() == "pong");
}

TEST(what_a_hook_throws_comes_out_of_once) {
  scene s;
  s.broker.add_hook([](llmp::broker_ref, std::uint32_t, llmp::hook_message &m) {
    if (m.text() == "bad") throw std::runtime_error("thrown in a hook");
    return llmp::verdict::forward;
  });
  s.client.send(TAG, "bad");
  bool caught = false;
  try {
    s.broker.once();
  } catch (const std::runtime_error &e) {
    CHECK_STR(e.what(), "thrown in a hook");
    caught = true;
  }
  CHECK(caught);
  CHECK(!s.client.recv()); /* it was dropped */
  s.round_with("good");
  CHECK(s.next() == "good");
}

TEST(what_a_hook_throws_ends_run) {
  scene s;
  s.broker.add_hook(
      [](llmp::broker_ref, std::uint32_t, llmp::hook_message &) -> llmp::verdict { throw 42; });
  s.client.send(TAG, "x");
  int caught = 0;
  try {
    s.broker.run();
  } catch (int number) {
    caught = number;
  }
  CHECK_EQ(caught, 42);
}

TEST(run_ends_by_stop_time_out_and_timeout_hook) {
  auto b = llmp::broker::create();
  CHECK(!b.run(5ms)); /* silence */
  int calls = 0;
  b.on_timeout([&](llmp::broker_ref self) {
    if (++calls == 3) self.stop();
  });
  CHECK(b.run(2ms));
  CHECK_EQ(calls, 3);
  auto c = llmp::broker::create();
  std::thread stopper([&] { c.stop(); });
  CHECK(c.run());
  stopper.join();
}

TEST(a_timeout_hook_may_throw) {
  auto b = llmp::broker::create();
  b.on_timeout([](llmp::broker_ref) { throw std::runtime_error("too silent"); });
  bool caught = false;
  try {
    b.run(1ms);
  } catch (const std::runtime_error &) {
    caught = true;
  }
  CHECK(caught);
}

TEST(hooks_move_along_with_their_broker) {
  int calls = 0;
  auto first = llmp::broker::create();
  first.add_hook([&](llmp::broker_ref, std::uint32_t, llmp::hook_message &) {
    calls++;
    return llmp::verdict::drop;
  });
  auto second = std::move(first);
  CHECK(!first);  // promised to be empty: NOLINT(bugprone-use-after-move)
  llmp::broker third;
  CHECK(!third);
  third = std::move(second);
  auto c = llmp::client::on_page(third.map(), 1);
  third.add_client(c.map());
  c.send(TAG, "x");
  CHECK_EQ(third.once(), 1);
  CHECK_EQ(calls, 1);
  c.mark_safe_to_unmap();
}

TEST(a_broker_on_a_port) {
  auto b = llmp::broker::create();
  const auto port = b.listen(0);
  CHECK_GT(port, 0);
  std::error_code ec;
  auto other = llmp::broker::create();
  CHECK_EQ(other.listen(port, ec), 0);
  CHECK(ec == LLMP_E_BUSY);
  CHECK(ec == std::errc::device_or_resource_busy);
  std::thread runner([&] { CHECK(b.run()); });
  {
    auto c = llmp::client::connect(port);
    b.send_flags(TAG, 3, "from the broker");
    const auto m = c.recv(std::chrono::milliseconds(SOON_MS));
    CHECK(m && m->text() == "from the broker");
    CHECK_EQ(m->flags(), 3);
    c.send(TAG, "12345");
    CHECK(c.recv(std::chrono::milliseconds(SOON_MS)));
    const auto stats = b.stats();
    CHECK_EQ(stats.messages, 1);
    CHECK_EQ(stats.bytes, 5);
    CHECK_EQ(stats.forwarded, 2);
    const auto rows = b.client_stats();
    CHECK_EQ(rows.size(), 1);
    CHECK_EQ(rows[0].id, c.id());
    llmp::client::detach(port, 4711);
    c.close();
  }
  b.stop();
  runner.join();
  b.close();
  CHECK(!b);
  CHECK_EQ(b.stats(ec).messages, 0);
  CHECK(ec == LLMP_E_INVALID);
}

TEST(more_clients_than_rows_are_all_listed) {
  scene s;
  std::vector<llmp::client> more;
  for (std::uint32_t i = 0; i < 40; i++) {
    more.push_back(llmp::client::on_page(s.broker.map(), 100 + i));
    s.broker.add_client(more.back().map());
  }
  CHECK_EQ(s.broker.client_stats().size(), 41);
  for (auto &c : more) {
    c.mark_safe_to_unmap();
  }
}

TEST(several_brokers_run_together) {
  auto a = llmp::broker::create(), b = llmp::broker::create();
  CHECK(!llmp::run_all({a, b}, 5ms));
  std::thread stopper([&] {
    a.stop();
    b.stop();
  });
  CHECK(llmp::run_all({a, b}, llmp::forever));
  stopper.join();
  auto throwing = llmp::broker::create();
  throwing.on_timeout([](llmp::broker_ref) { throw 1; });
  bool caught = false;
  try {
    llmp::run_all({throwing}, 1ms);
  } catch (int) {
    caught = true;
  }
  CHECK(caught);
}

TEST(brokers_join) {
  auto a = llmp::broker::create(), b = llmp::broker::create();
  const auto port = a.listen(0);
  std::thread runner([&] { a.run(); });
  b.connect_b2b("127.0.0.1", port);
  CHECK_EQ(b.stats().b2b, 1);
  a.stop();
  runner.join();
}

TEST(a_connection_is_one_or_the_other) {
  const std::uint16_t port = unused_port();
  auto first = llmp::connection::on_port(port);
  CHECK(first.broker());
  CHECK(!first.client());
  int calls = 0;
  first.broker().add_hook([&](llmp::broker_ref, std::uint32_t, llmp::hook_message &) {
    calls++;
    return llmp::verdict::forward;
  });
  auto moved = std::move(first);
  CHECK(!first);  // promised to be empty: NOLINT(bugprone-use-after-move)
  std::thread runner([&] { CHECK(moved.broker().run()); });
  {
    auto second = llmp::connection::on_port(port);
    CHECK(second.client());
    CHECK(!second.broker());
    second.send(TAG, "hello");
    const auto m = second.client().recv(std::chrono::milliseconds(SOON_MS));
    CHECK(m && m->text() == "hello");
    moved.send_flags(TAG, 1, "from the broker");
    CHECK(second.client().recv(std::chrono::milliseconds(SOON_MS))->flags() == 1);
    second.close();
    CHECK(!second);
  }
  moved.broker().stop();
  runner.join();
  CHECK_EQ(calls, 1);
  moved.close();
}
