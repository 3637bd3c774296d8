// Test cases in C++: llmp.hpp over what test_event_client.c shows.
#include <llmp.hpp>

#include "bus.h"

using namespace std::chrono_literals;

namespace {

// A client that reads what it sends itself. Nobody else maps its page, so its
// end need not wait for anybody.
class loop : public llmp::client {
 public:
  loop() : llmp::client(llmp::client::p2p(7)) {}
  ~loop() {
    CHECK_OK(::llmp_client_mark_safe_to_unmap(get())); /* no destructor throws */
  }
};

}  // namespace

TEST(test_cases_travel) {
  loop bus;
  CHECK(!bus.recv_testcase());
  bus.send_testcase("input");
  const std::vector<std::uint8_t> none;
  llmp::testcase_info info;
  info.exit = llmp::exit_kind::crash;
  info.corpus_size = 3;
  info.executions = 500;
  info.time_ns = 17;
  bus.send_testcase(none, info);
  bus.send_testcase(std::string(5000, 'x'));
  auto t = bus.recv_testcase();
  CHECK(t && t->text() == "input" && !t->is_objective() && t->exit() == llmp::exit_kind::ok);
  CHECK_EQ(t->sender(), bus.id());
  CHECK(t->time_ns() != 0);
  t = bus.recv_testcase(1s);
  CHECK(t && t->empty() && t->has_input() && t->exit() == llmp::exit_kind::crash);
  CHECK_EQ(t->corpus_size(), 3);
  CHECK_EQ(t->executions(), 500);
  CHECK_EQ(t->time_ns(), 17);
  t = bus.recv_testcase(1s);
  CHECK(t && t->copy() == std::vector<std::uint8_t>(5000, 'x'));
  CHECK_EQ(t->flags(), LLMP_FLAG_COMPRESSED);
  CHECK(!bus.recv_testcase(1ms));
}

TEST(objectives_travel) {
  loop bus;
  bus.send_objective("boom");  // nobody asked for it
  CHECK(!bus.recv_testcase());
  llmp::event_options options;
  options.objectives = true;
  bus.event_setup(options);
  bus.send_objective("boom");
  bus.send_objective(std::string());
  bus.send_objective(std::nullopt);
  auto t = bus.recv_testcase();
  CHECK(t && t->is_objective() && t->text() == "boom");
  t = bus.recv_testcase();
  CHECK(t && t->has_input() && t->empty());
  t = bus.recv_testcase();
  CHECK(t && !t->has_input() && t->empty() && t->begin() == t->end());
  CHECK_EQ(bus.event_counts().objectives, 3);
  CHECK_EQ(bus.event_counts().other, 1);
}

TEST(loops_over_test_cases) {
  loop bus;
  for (int i = 0; i < 10; i++) {
    bus.send_testcase(std::to_string(i));
    bus.send(TAG, "not one");
  }
  std::string seen;
  for (const auto &t : bus.testcases()) seen += t.text();
  CHECK(seen == "0123456789");
  bus.send_testcase("late");
  for (const auto &t : bus.testcases(10ms)) seen = t.text();
  CHECK(seen == "late");
  CHECK_EQ(bus.event_counts().testcases, 11);
  CHECK_EQ(bus.event_counts().foreign, 10);
}

TEST(messages_are_decoded_on_demand) {
  loop bus;
  bus.send(TAG, "mine");
  bus.send_testcase("theirs");
  CHECK(!bus.decode_testcase(*bus.recv()));
  const auto t = bus.decode_testcase(*bus.recv());
  CHECK(t && t->text() == "theirs");
}

TEST(figures_are_sent) {
  loop bus;
  llmp::stat_info info;
  info.join = llmp::aggregate::avg;
  info.tag = 1;
  info.executions = 300;
  bus.send_heartbeat(1);
  bus.send_stat("n", llmp::stat::number(99));
  bus.send_stat("r", llmp::stat::real(-1.5), info);
  bus.send_stat("t", llmp::stat::text("v\u20ac"));
  bus.send_stat("q", llmp::stat::ratio(12, 400), info);
  bus.send_stat("p", llmp::stat::percent(0.25));
  const auto bytes_of = [](const llmp::message &m) { return m.copy(); };
  CHECK_EQ(bytes_of(*bus.recv())[0], 1);
  const std::vector<std::vector<std::uint8_t>> begin = {
      {2, 1, 'n', 0, 0, 99, 0},
      {2, 1, 'r', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0xf8, 0xbf, 2},
      {2, 1, 't', 0, 2, 4, 'v', 0xe2, 0x82, 0xac, 0},
      {2, 1, 'q', 1, 1, 3, 12, 0x90, 0x03, 2},
      {2, 1, 'p', 0, 4, 0, 0, 0, 0, 0, 0, 0xd0, 0x3f, 0},
  };
  for (const auto &want : begin) {
    const auto got = bytes_of(*bus.recv());
    CHECK_LE(want.size(), got.size());
    CHECK_BYTES(got.data(), want.size(), want.data(), want.size());
  }
}

TEST(failures_are_thrown_or_stored) {
  loop bus;
  std::error_code ec;
  bus.send_stat("\xff", llmp::stat::number(1), {}, ec);
  CHECK(ec == LLMP_E_INVALID);
  bus.send_heartbeat(1, ec);
  CHECK(!ec);
  llmp::event_options options;
  options.max_size = 1;
  bool thrown = false;
  try {
    bus.event_setup(options);
  } catch (const llmp::error &e) {
    thrown = e.code() == LLMP_E_INVALID;
  }
  CHECK(thrown);
  llmp::client closed;
  CHECK(!closed.recv_testcase(ec) && ec == LLMP_E_INVALID);
  for (const auto &t : closed.testcases(ec)) CHECK_FAIL("%zu bytes from nowhere", t.size());
  CHECK(ec == LLMP_E_INVALID);
  CHECK_EQ(closed.event_counts(ec).testcases, 0);
}
