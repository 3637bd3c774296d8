// llmp.hpp: failures, thrown or stored.
#include <llmp.hpp>

#include "bus.h"

namespace {

// The code that f throws.
template <class F>
std::error_code thrown_by(F f) {
  try {
    f();
  } catch (const llmp::error &e) {
    CHECK_SAYS(e.what(), llmp_last_error());
    return e.code();
  }
  return {};
}

}  // namespace

TEST(a_failure_is_thrown_with_its_sentence) {
  llmp::client empty;
  CHECK(thrown_by([&] { empty.send(TAG, "x"); }) == LLMP_E_INVALID);
  CHECK(thrown_by([&] { empty.recv(); }) == LLMP_E_INVALID);
  CHECK(thrown_by([&] { empty.alloc(1); }) == LLMP_E_INVALID);
  CHECK(thrown_by([&] { empty.describe(); }) == LLMP_E_INVALID);
  CHECK(thrown_by([&] { empty.wait_fd(); }) == LLMP_E_INVALID);
  CHECK(thrown_by([&] { empty.messages().begin(); }) == LLMP_E_INVALID);
  CHECK(thrown_by([&] { llmp::broker().once(); }) == LLMP_E_INVALID);
  CHECK(thrown_by([&] { llmp::sender().map(); }) == LLMP_E_INVALID);
  CHECK(thrown_by([&] { llmp::connection().send(TAG, "x"); }) == LLMP_E_INVALID);
  try {
    empty.send(TAG, "x");
  } catch (const std::system_error &e) { /* as any other */
    CHECK_SAYS(e.what(), "the client is NULL");
  }
}

TEST(a_failure_is_stored_and_success_clears_it) {
  std::error_code ec = std::make_error_code(std::errc::io_error);
  auto c = llmp::client::p2p(1, {}, ec);
  CHECK(!ec);
  c.send(LLMP_TAG_EXITING, "x", ec);
  CHECK(ec == LLMP_E_INVALID);
  c.send(TAG, "x", ec);
  CHECK(!ec);
  CHECK(c.recv(ec).has_value());
  c.mark_safe_to_unmap(ec);
  c.close(ec);
  CHECK(!ec);
}

TEST(makers_return_empty_objects_on_failure) {
  std::error_code ec;
  llmp::client_options bad;
  bad.page_size = 3;
  CHECK(!llmp::client::p2p(1, bad, ec));
  CHECK(ec == LLMP_E_INVALID);
  CHECK(!llmp::sender::create(1, bad, ec));
  CHECK(!llmp::client::from_env("LLMP_NONE", {}, ec));
  CHECK(ec == LLMP_E_NOTFOUND);
  CHECK(!llmp::client::attach_env("LLMP_NONE", {}, ec));
  CHECK(!llmp::sender::attach_env("LLMP_NONE", {}, ec));
  CHECK(!llmp::receiver::attach_env("LLMP_NONE", {}, ec));
  CHECK(!llmp::receiver::attach(llmp::make_map("2147483647", 4096), {}, ec));
  CHECK(ec == LLMP_E_NOTFOUND);
  CHECK(!llmp::receiver::attach(llmp::make_map("an id of more than 19 characters", 4096), {}, ec));
  CHECK(ec == LLMP_E_INVALID);
  llmp::client_options once;
  once.connect_timeout = llmp::dont_wait;
  CHECK(!llmp::client::connect(unused_port(), once, ec));
  CHECK(ec == LLMP_E_REFUSED);
  llmp::broker_options history;
  history.history = "nonsense";
  CHECK(!llmp::broker::create(history, ec));
  CHECK(ec == LLMP_E_INVALID);
  CHECK(!llmp::connection::on_port(0, {}, {}, ec));
  CHECK(ec == LLMP_E_INVALID);
}

TEST(codes_are_errors_of_a_category_of_their_own) {
  const std::error_code full = LLMP_E_FULL;
  CHECK(full.category() == llmp::category());
  CHECK_STR(full.category().name(), "llmp");
  CHECK(full.message() == llmp_strerror(LLMP_E_FULL));
  CHECK(full == LLMP_E_FULL);
  CHECK(full != LLMP_E_CLOSED);
  CHECK(full != std::errc::timed_out);
}

TEST(codes_have_their_likes_in_errc) {
  static const struct {
    llmp_error code;
    std::errc like;
  } pairs[] = {
      {LLMP_E_INVALID, std::errc::invalid_argument},
      {LLMP_E_NOMEM, std::errc::not_enough_memory},
      {LLMP_E_IO, std::errc::io_error},
      {LLMP_E_TIMEOUT, std::errc::timed_out},
      {LLMP_E_FULL, std::errc::no_buffer_space},
      {LLMP_E_CLOSED, std::errc::not_connected},
      {LLMP_E_CORRUPT, std::errc::bad_message},
      {LLMP_E_FORKED, std::errc::operation_not_permitted},
      {LLMP_E_PERMISSION, std::errc::permission_denied},
      {LLMP_E_UNSUPPORTED, std::errc::operation_not_supported},
      {LLMP_E_BUSY, std::errc::device_or_resource_busy},
      {LLMP_E_NOTFOUND, std::errc::no_such_file_or_directory},
      {LLMP_E_TOOBIG, std::errc::message_size},
      {LLMP_E_REFUSED, std::errc::connection_refused},
      {LLMP_E_PROTOCOL, std::errc::protocol_error},
  };
  for (const auto &p : pairs) {
    CHECK(std::error_code(p.code) == p.like);
  }
  CHECK(std::error_code(LLMP_E_INTERNAL).default_error_condition().category() == llmp::category());
}

TEST(the_versions_are_the_library_s) {
  CHECK(llmp::version() == LLMP_VERSION_STRING);
  CHECK_GE(llmp::abi_version(), LLMP_ABI_VERSION);
}

TEST(maps_and_descriptions_convert) {
  const auto m = llmp::make_map("123", 4096, 8);
  CHECK(llmp::map_id(m) == "123");
  CHECK_EQ(m.size, 4096);
  CHECK_EQ(m.offset, 8);
  CHECK_EQ(static_cast<std::int64_t>(llmp::make_map("1", 1).offset), -1);
  std::error_code ec;
  (void)llmp::decode("nonsense", ec);
  CHECK(ec == LLMP_E_CORRUPT);
  llmp_client_description no_ids{};
  CHECK(llmp::encode(no_ids, ec).empty());
  CHECK(ec == LLMP_E_INVALID);
}

TEST(options_reach_the_library) {
  llmp::client_options c;
  c.provider = "posix";
  c.page_size = 1;
  c.send_timeout = std::chrono::milliseconds(2);
  c.connect_timeout = llmp::forever;
  c.max_pending_pages = 4;
  c.skip_own = true;
  c.spin_us = 5;
  const auto rc = c.raw();
  CHECK_EQ(rc.size, sizeof rc);
  CHECK_STR(rc.provider, "posix");
  CHECK_EQ(rc.page_size, 1);
  CHECK_EQ(rc.send_timeout_ms, 2);
  CHECK_EQ(rc.connect_timeout_ms, LLMP_WAIT_FOREVER);
  CHECK_EQ(rc.max_pending_pages, 4);
  CHECK_EQ(rc.skip_own, 1);
  CHECK_EQ(rc.spin_us, 5);
  llmp::broker_options b;
  b.provider = "sysv";
  b.page_size = 1;
  b.exit_after_clients = 2;
  b.bind = "127.0.0.1";
  b.history = "none";
  b.archive_dir = "/tmp";
  b.budget = 3;
  b.slow_timeout = llmp::forever;
  b.spin_us = 4;
  b.only_events = true;
  const auto rb = b.raw();
  CHECK_EQ(rb.size, sizeof rb);
  CHECK_STR(rb.provider, "sysv");
  CHECK_EQ(rb.page_size, 1);
  CHECK_EQ(rb.exit_after_clients, 2);
  CHECK_STR(rb.bind, "127.0.0.1");
  CHECK_STR(rb.history, "none");
  CHECK_STR(rb.archive_dir, "/tmp");
  CHECK_EQ(rb.budget, 3);
  CHECK_EQ(rb.slow_timeout_ms, LLMP_WAIT_FOREVER);
  CHECK_EQ(rb.spin_us, 4);
  CHECK_EQ(rb.only_events, 1);
}
