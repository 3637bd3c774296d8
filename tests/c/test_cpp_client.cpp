// llmp.hpp: clients, senders and receivers.
#include <array>
#include <cstring>
#include <llmp.hpp>
#include <thread>

#include "bus.h"

using namespace std::chrono_literals;

namespace {

// A client that reads what it sends; nobody else does, so closing need not wait.
llmp::client own_channel() {
  return llmp::client::p2p(7);
}

void finish(llmp::client &c) {
  c.mark_safe_to_unmap();
  c.close();
}

std::string next(llmp::client &c) {
  const auto m = c.recv(std::chrono::milliseconds(SOON_MS));
  CHECK(m.has_value());
  return std::string(m->text());
}

}  // namespace

TEST(everything_that_holds_bytes_can_be_sent) {
  auto c = own_channel();
  const std::string string = "string";
  const std::vector<std::uint8_t> vector = {'v', 'e', 'c'};
  const std::array<std::byte, 2> array = {std::byte{'a'}, std::byte{'r'}};
  const std::uint8_t raw[] = {'r', 'a', 'w', 0};
  const char *pointer = "pointer";
  c.send(TAG, string);
  c.send(TAG, std::string_view("view"));
  c.send(TAG, vector);
  c.send(TAG, array);
  c.send(TAG, raw);
  c.send(TAG, pointer);
  c.send(TAG, "literal");
  c.send(TAG, {string.data(), 3});
  c.send(TAG, string.data(), 2);
  c.send(TAG, std::string());
  for (const char *want :
       {"string", "view", "vec", "ar", "raw", "pointer", "literal", "str", "st", ""}) {
    const auto m = c.recv();
    CHECK(m.has_value());
    CHECK_EQ(m->tag(), TAG);
    if (std::string_view(want) == "raw") {
      CHECK_EQ(m->size(), 4); /* an array of bytes is not text: all of it */
    } else {
      CHECK(m->text() == want);
    }
  }
  CHECK(!c.recv());
  finish(c);
}

TEST(a_message_shows_all_of_itself) {
  auto c = own_channel();
  c.send_flags(TAG, LLMP_FLAG_COMPRESSED, "abc");
  const auto m = c.recv();
  CHECK(m.has_value());
  CHECK_EQ(m->tag(), TAG);
  CHECK_EQ(m->flags(), LLMP_FLAG_COMPRESSED);
  CHECK_EQ(m->sender(), 7);
  CHECK_EQ(m->id(), 1);
  CHECK_EQ(m->size(), 3);
  CHECK(!m->empty());
  CHECK(m->copy() == (std::vector<std::uint8_t>{'a', 'b', 'c'}));
  CHECK(std::string(m->begin(), m->end()) == "abc");
  CHECK(m->raw().data == m->data());
#if defined(__cpp_lib_span)
  CHECK_EQ(m->span().size(), 3);
#endif
  c.send(TAG, *m); /* and can be sent on */
  CHECK(next(c) == "abc");
  finish(c);
}

TEST(loops_over_what_has_arrived) {
  auto c = own_channel();
  int n = 0;
  for (int i = 0; i < 10; i++) {
    c.send(TAG, "x");
  }
  for (const auto &m : c.messages()) {
    CHECK(m.text() == "x");
    n++;
  }
  CHECK_EQ(n, 10);
  for (const auto &m : c.messages(1ms)) {
    CHECK_FAIL("an eleventh message: %zu bytes", m.size());
  }
  std::thread late([&] { c.send(TAG, "late"); });
  for (const auto &m : c.messages(llmp::forever)) {
    CHECK(m.text() == "late");
    break;
  }
  late.join();
  finish(c);
}

TEST(a_loop_ends_with_the_bus) {
  auto s = llmp::sender::create(1);
  auto r = llmp::receiver::attach(llmp::make_map(llmp::map_id(s.map()), s.map().size));
  s.send(TAG, "last");
  s.close();
  CHECK(!s);
  int n = 0;
  bool thrown = false;
  try {
    for (const auto &m : r.messages(llmp::forever)) {
      CHECK(m.text() == "last");
      n++;
    }
  } catch (const llmp::error &e) {
    thrown = e.code() == LLMP_E_CLOSED;
  }
  CHECK(thrown);
  CHECK_EQ(n, 1);
  std::error_code ec;
  for (const auto &m : r.messages(llmp::forever, ec)) {
    CHECK_FAIL("a message of %zu bytes after the end", m.size());
  }
  CHECK(ec == LLMP_E_CLOSED);
}

TEST(batches) {
  auto c = own_channel();
  CHECK_EQ(c.send_many({llmp::outgoing(TAG, "a"), llmp::outgoing(TAG, "bc", 3)}), 2);
  const std::vector<llmp_outgoing> more(3, llmp::outgoing(TAG, "d"));
  CHECK_EQ(c.send_many(more), 3);
  std::vector<llmp::message> in(4);
  CHECK_EQ(c.recv_many(in), 4);
  CHECK(in[0].text() == "a");
  CHECK(in[1].text() == "bc");
  CHECK_EQ(in[1].flags(), 3);
  std::array<llmp::message, 4> rest;
  CHECK_EQ(c.recv_many(rest), 1);
  CHECK(rest[0].text() == "d");
  CHECK_EQ(c.recv_many(rest.data(), 4), 0);
  finish(c);
}

TEST(an_allocation_is_sent_or_given_back) {
  auto c = own_channel();
  {
    auto a = c.alloc(10);
    CHECK(a);
    CHECK_EQ(a.size(), 10);
    CHECK(a.end() - a.begin() == 10);
    std::memcpy(a.data(), "0123456789", 10);
    a.commit(TAG);
    CHECK(!a);
  }
  CHECK(next(c) == "0123456789");
  { auto dropped = c.alloc(5); /* out of scope: cancelled */ }
  auto a = c.alloc(100);
  a.shrink(4);
  CHECK_EQ(a.size(), 4);
  std::memcpy(a.data(), "abcd", 4);
  auto moved = std::move(a);
  CHECK(!a);  // promised to be empty: NOLINT(bugprone-use-after-move)
  moved.commit(TAG, 9, 3);
  const auto m = c.recv();
  CHECK(m.has_value());
  CHECK(m->text() == "abc");
  CHECK_EQ(m->flags(), 9);
  auto given_back = c.alloc(1);
  given_back.cancel();
  CHECK(!given_back);
  std::error_code ec;
  auto open = c.alloc(3);
  CHECK(!c.alloc(3, ec));
  CHECK(ec == LLMP_E_BUSY);
  open.commit(LLMP_TAG_EXITING, ec);
  CHECK(ec == LLMP_E_INVALID);
  CHECK(open);           /* it stays open */
  open = c.alloc(3, ec); /* assigning gives back what was open, afterwards */
  CHECK(ec == LLMP_E_BUSY);
  CHECK(c.alloc(3));
  finish(c);
}

TEST(handles_move_and_close_themselves) {
  std::error_code ec;
  auto a = own_channel();
  a.send(TAG, "moved along");
  auto b = std::move(a);
  CHECK(!a);  // promised to be empty: NOLINT(bugprone-use-after-move)
  CHECK(b);
  a.send(TAG, "x", ec);  // refused: NOLINT(clang-analyzer-cplusplus.Move)
  CHECK(ec == LLMP_E_INVALID);
  CHECK(next(b) == "moved along");
  a = std::move(b);
  CHECK(a && !b);  // promised to be empty: NOLINT(bugprone-use-after-move)
  auto *same = &a;
  a = std::move(*same); /* to itself: nothing happens */
  CHECK(a);
  ::llmp_client *raw = a.release();
  CHECK(!a);
  llmp::client again(raw);
  CHECK_EQ(again.id(), 7);
  again.mark_safe_to_unmap();
  again.close();
  CHECK(!again);
  again.close(); /* twice does nothing */
  llmp::client empty;
  CHECK(!empty);
  CHECK_EQ(empty.id(), 0);
}

TEST(clients_of_a_bus) {
  struct bus bus;
  bus_start(&bus, nullptr);
  {
    llmp::client_options o;
    o.skip_own = true;
    auto a = llmp::client::connect(bus.port), b = llmp::client::connect(bus.port, o);
    CHECK(a.wait_safe_to_unmap(std::chrono::milliseconds(SOON_MS)));
    CHECK(a.safe_to_unmap());
    b.send(TAG, "to a");
    CHECK(next(a) == "to a");
    a.send(TAG, "to b");
    CHECK(next(b) == "to b");
    CHECK_GE(b.wait_fd(), 0);
    a.close();
  }
  bus_stop(&bus);
}

TEST(announcing_and_the_environment) {
  auto broker = llmp::broker::create();
  broker.to_env("LLMP_CPP");
  auto first = llmp::client::on_page(broker.map(), 11);
  auto second = llmp::client::from_env("LLMP_CPP");
  broker.add_client(first.map());
  first.announce(second.map());
  second.send(TAG, "heard");
  while (!first.recv()) {
    broker.once();
  }
  first.mark_safe_to_unmap();
  second.mark_safe_to_unmap();
}

TEST(taking_over) {
  auto first = own_channel();
  first.send(TAG, "one");
  first.send(TAG, "two");
  first.send(TAG, "three");
  CHECK(next(first) == "one");
  const auto description = first.describe();
  auto wire = llmp::encode(description);
  CHECK(!wire.empty());
  auto second = llmp::client::attach(llmp::decode(wire));
  CHECK(next(second) == "two");
  second.to_env("LLMP_CPP_HEIR");
  auto third = llmp::client::attach_env("LLMP_CPP_HEIR");
  CHECK(next(third) == "three");
  third.send(TAG, "four");
  const auto d = third.describe();
  auto fourth = llmp::client::attach(d.sender, d.receiver);
  CHECK(next(fourth) == "four");
  CHECK_EQ(fourth.id(), 7);
  for (auto *c : {&first, &second, &third, &fourth}) {
    c->mark_safe_to_unmap();
  }
}

TEST(halves) {
  llmp::client_options o;
  o.page_size = 8192;
  auto s = llmp::sender::create(3, o);
  CHECK_EQ(s.id(), 3);
  CHECK_EQ(s.map().size, 8192);
  auto map = s.map();
  map.offset = LLMP_NO_OFFSET;
  auto r = llmp::receiver::attach(map);
  s.send(TAG, "a");
  CHECK(r.recv(std::chrono::milliseconds(SOON_MS))->text() == "a");
  s.to_env("LLMP_CPP_S");
  r.to_env("LLMP_CPP_R");
  s.send(TAG, "b");
  auto s2 = llmp::sender::attach_env("LLMP_CPP_S");
  auto r2 = llmp::receiver::attach_env("LLMP_CPP_R");
  CHECK(r2.recv()->text() == "b");
  auto s3 = llmp::sender::attach(s.map());
  CHECK_EQ(s3.id(), 3);
  CHECK_GE(r.wait_fd(), 0);
  s.mark_safe_to_unmap();
  s2.mark_safe_to_unmap();
  s3.mark_safe_to_unmap();
}
