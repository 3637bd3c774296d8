/*
 * llmp.hpp - the LLMP message bus for C++17 and later, over llmp.h.
 *
 * Handles that close themselves, failures as exceptions or std::error_code,
 * messages as views, loops over what has arrived. There is no logic in here
 * that C callers would miss: each verb is one call of the C function of the
 * same name, and llmp.h has the last word on what it does.
 *
 *     #include <llmp.hpp>
 *     #include <iostream>
 *     int main() {
 *         auto bus = llmp::client::connect(llmp::default_port);
 *         bus.send(0x1234, "hello");
 *         using namespace std::chrono_literals;
 *         for (auto m : bus.messages(1s))
 *             std::cout << m.tag() << ": " << m.text() << "\n";
 *     }
 *
 * FAILURES
 *
 * Every function that can fail takes an llmp::on_error as its last argument.
 * Leave it out, and a failure is thrown as llmp::error; pass a std::error_code,
 * and the failure is stored there (success clears it) and nothing is thrown:
 *
 *     bus.send(tag, data);                          // throws llmp::error
 *     std::error_code ec;
 *     bus.send(tag, data, ec);                      // does not
 *     if (ec == LLMP_E_FULL) ...
 *
 * With -fno-exceptions the argument cannot be left out, nor can those before it
 * (`connect(port, {}, ec)`): forgetting it is a compile error, nothing else
 * changes. The codes are those of llmp.h and
 * compare with its enumerators and with std::errc. Only running out of ordinary
 * memory throws something else (std::bad_alloc), and a broker's run and once
 * pass on what a hook threw.
 *
 * THREADS, LIFETIMES, FORK
 *
 * As in llmp.h: one object, one thread at a time, but one thread may send while
 * another receives on the same client. Objects can be moved, not copied; moving
 * one invalidates neither messages nor allocations nor ranges, since those
 * belong to the C handle behind it. An object that was moved from, closed or
 * default-constructed is empty: it converts to false and its verbs fail with
 * LLMP_E_INVALID. A message is a view into shared memory, valid until the next
 * receive call on its handle. Nothing received from an object outlives it; in
 * particular, do not call messages() on a temporary.
 */
#ifndef LLMP_HPP
#define LLMP_HPP

#include <llmp.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__has_include)
#if __has_include(<version>)
#include <version>
#endif
#endif
#if defined(__cpp_lib_span)
#include <span>
#endif

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "llmp.hpp needs C++17; C and older C++ use llmp.h"
#endif

/* 1 where failures can be thrown, 0 with -fno-exceptions. There the last argument
 * of a function has no default, and so none before it can have one. */
#if defined(__cpp_exceptions)
#define LLMP_HPP_EXCEPTIONS 1
#define LLMP_HPP_DEFAULT(value) = value
#else
#define LLMP_HPP_EXCEPTIONS 0
#define LLMP_HPP_DEFAULT(value)
#endif
#define LLMP_HPP_ON_ERROR ::llmp::on_error err LLMP_HPP_DEFAULT(::llmp::on_error())

/* Types that have to be the same in every shared library of a program. */
#if defined(__GNUC__)
#define LLMP_HPP_SHARED __attribute__((visibility("default")))
#else
#define LLMP_HPP_SHARED
#endif

/* ---------------------------------------------------------------- errors */

namespace llmp {

/// The category of all error codes of the bus. value() is an llmp_error,
/// message() is llmp_strerror's text.
LLMP_HPP_SHARED inline const std::error_category &category() noexcept {
  class llmp_category final : public std::error_category {
   public:
    const char *name() const noexcept override { return "llmp"; }
    std::string message(int code) const override { return ::llmp_strerror(code); }
    std::error_condition default_error_condition(int code) const noexcept override {
      switch (code) {
        case LLMP_E_INVALID:
          return std::errc::invalid_argument;
        case LLMP_E_NOMEM:
          return std::errc::not_enough_memory;
        case LLMP_E_IO:
          return std::errc::io_error;
        case LLMP_E_TIMEOUT:
          return std::errc::timed_out;
        case LLMP_E_FULL:
          return std::errc::no_buffer_space;
        case LLMP_E_CLOSED:
          return std::errc::not_connected;
        case LLMP_E_CORRUPT:
          return std::errc::bad_message;
        case LLMP_E_FORKED:
          return std::errc::operation_not_permitted;
        case LLMP_E_PERMISSION:
          return std::errc::permission_denied;
        case LLMP_E_UNSUPPORTED:
          return std::errc::operation_not_supported;
        case LLMP_E_BUSY:
          return std::errc::device_or_resource_busy;
        case LLMP_E_NOTFOUND:
          return std::errc::no_such_file_or_directory;
        case LLMP_E_TOOBIG:
          return std::errc::message_size;
        case LLMP_E_REFUSED:
          return std::errc::connection_refused;
        case LLMP_E_PROTOCOL:
          return std::errc::protocol_error;
        default:
          return std::error_condition(code, *this);
      }
    }
  };
  static const llmp_category instance;
  return instance;
}

}  // namespace llmp

/// Lets a std::error_code be made from, and compared with, LLMP_E_FULL and its like.
inline std::error_code make_error_code(::llmp_error code) noexcept {
  return {static_cast<int>(code), ::llmp::category()};
}
template <>
struct std::is_error_code_enum<::llmp_error> : std::true_type {};

namespace llmp {

#if LLMP_HPP_EXCEPTIONS
/// What a failing call throws: code() is one of llmp.h's, what() the sentence
/// of llmp_last_error() that says what to do.
class LLMP_HPP_SHARED error : public std::system_error {
 public:
  explicit error(int result) : std::system_error(result, category(), ::llmp_last_error()) {}
};
#endif

/// Where a call's failure goes: into the std::error_code that is given, or, when
/// none is, into an exception. Not for use by itself: it is made where a function
/// is called, see FAILURES above.
class on_error {
 public:
#if LLMP_HPP_EXCEPTIONS
  on_error() noexcept = default;
#endif
  on_error(std::error_code &ec) noexcept : code_(&ec) {}

  /// Reports a result of the C library; returns it when it is not thrown.
  template <class Result>
  Result operator()(Result result) const {
    if (code_ != nullptr) {
      code_->assign(result < 0 ? static_cast<int>(result) : 0, category());
    } else if (result < 0) {
#if LLMP_HPP_EXCEPTIONS
      throw error(static_cast<int>(result));
#endif
    }
    return result;
  }

 private:
  std::error_code *code_ = nullptr;
};

/* ------------------------------------------------------------- constants */

/// The port LibAFL's examples use.
inline constexpr std::uint16_t default_port = LLMP_DEFAULT_PORT;
/// A time-out that never comes.
inline constexpr std::chrono::milliseconds forever{-1};
/// In options only: do not wait at all. (0 in an option means its default.)
inline constexpr std::chrono::milliseconds dont_wait{-2};

/// The version of the loaded library, "0.1.0". Any thread.
inline std::string_view version() noexcept {
  return ::llmp_version();
}

/// Its ABI number: at least LLMP_ABI_VERSION if it has all that this header calls.
inline int abi_version() noexcept {
  return ::llmp_abi_version();
}

/* ----------------------------------------------------------------- bytes */

namespace detail {

// What counts as a byte: char and its kin, std::byte, char8_t. Not bool.
template <class T, bool = std::is_integral_v<T>>
inline constexpr bool is_byte = std::is_same_v<T, std::byte>;
template <class T>
inline constexpr bool is_byte<T, true> = sizeof(T) == 1 && !std::is_same_v<T, bool>;

// The element type of what holds elements in a row; void for everything else.
template <class C, class = void>
struct element {
  using type = void;
};
template <class C>
struct element<C, std::void_t<decltype(std::data(std::declval<C &>())),
                              decltype(std::size(std::declval<C &>()))>> {
  using type = std::remove_cv_t<std::remove_pointer_t<decltype(std::data(std::declval<C &>()))>>;
};
template <class C>
using element_t = typename element<C>::type;

// Bytes in a row, but not text that ends at a NUL.
template <class C>
inline constexpr bool is_bytes = is_byte<element_t<const C>> &&
                                 !(std::is_array_v<C> && std::is_same_v<element_t<const C>, char>);

}  // namespace detail

/// Bytes to send: a view, made by itself from whatever holds bytes in a row
/// (std::string, std::string_view, std::vector<uint8_t>, std::array, std::span,
/// uint8_t[N], a received message). A char array or char pointer is text that
/// ends at its NUL, which is not part of it.
class bytes {
 public:
  constexpr bytes() noexcept = default;
  constexpr bytes(const void *data, std::size_t size) noexcept : data_(data), size_(size) {}
  constexpr bytes(const char *text) noexcept
      : data_(text), size_(std::char_traits<char>::length(text)) {}
  bytes(std::nullptr_t) = delete;
  template <class C, std::enable_if_t<detail::is_bytes<C>, int> = 0>
  constexpr bytes(const C &container) noexcept
      : data_(std::data(container)), size_(std::size(container)) {}

  constexpr const void *data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }

 private:
  const void *data_ = nullptr;
  std::size_t size_ = 0;
};

/* -------------------------------------------------------------- messages */

/// A received message: a view into shared memory, valid until the next receive
/// call on the handle it came from (with recv_many: the whole batch). Copy what
/// you want to keep, with copy() or std::string(m.text()). A container of its
/// bytes: data(), size(), begin(), end().
class message {
 public:
  message() noexcept = default;
  explicit message(const ::llmp_msg &m) noexcept : msg_(m) {}

  std::uint32_t tag() const noexcept { return msg_.tag; }
  /// The client it came from; a broker keeps it.
  std::uint32_t sender() const noexcept { return msg_.sender; }
  /// LLMP_FLAG_*.
  std::uint32_t flags() const noexcept { return msg_.flags; }
  /// 1, 2, 3 ... on each page.
  std::uint64_t id() const noexcept { return msg_.id; }

  const std::uint8_t *data() const noexcept { return static_cast<const std::uint8_t *>(msg_.data); }
  std::size_t size() const noexcept { return msg_.len; }
  bool empty() const noexcept { return msg_.len == 0; }
  const std::uint8_t *begin() const noexcept { return data(); }
  const std::uint8_t *end() const noexcept { return data() + size(); }

  /// The payload as text. Still a view.
  std::string_view text() const noexcept {
    return {static_cast<const char *>(msg_.data), msg_.len};
  }
  /// The payload as bytes of one's own.
  std::vector<std::uint8_t> copy() const { return std::vector<std::uint8_t>(begin(), end()); }
#if defined(__cpp_lib_span)
  /// The payload as a span. Still a view.
  std::span<const std::uint8_t> span() const noexcept {
    return {data(), size()};
  }
#endif

  const ::llmp_msg &raw() const noexcept {
    return msg_;
  }

 private:
  ::llmp_msg msg_{};
};

// recv_many hands arrays of message to C as arrays of llmp_msg.
static_assert(std::is_standard_layout_v<message> && sizeof(message) == sizeof(::llmp_msg));

/// One message of send_many. The bytes are not copied: they must live until it is sent.
inline ::llmp_outgoing outgoing(std::uint32_t tag, bytes data, std::uint32_t flags = 0) noexcept {
  return {tag, flags, data.data(), data.size()};
}

/* --------------------------------------------------------- LibAFL's events */

/// How the run of a test case ended.
enum class exit_kind : std::uint32_t {
  ok = LLMP_EXIT_OK,
  crash = LLMP_EXIT_CRASH,
  oom = LLMP_EXIT_OOM,
  timeout = LLMP_EXIT_TIMEOUT,
  diff = LLMP_EXIT_DIFF,  ///< two targets that should agree did not; received only
};

/// A received test case or objective: a view, valid until the next receive call
/// on its client. A container of the input's bytes: data(), size(), begin(), end().
class testcase {
 public:
  testcase() noexcept = default;
  explicit testcase(const ::llmp_testcase &t) noexcept : raw_(t) {}

  /// Is it what is looked for, mostly a crash, and not just worth keeping?
  bool is_objective() const noexcept { return raw_.kind == LLMP_EVENT_OBJECTIVE; }
  /// How its run ended; always ok for objectives, which do not say.
  exit_kind exit() const noexcept { return static_cast<exit_kind>(raw_.exit_kind); }
  /// False for an objective whose finder does not share the input; size() is 0 then.
  bool has_input() const noexcept { return raw_.data != nullptr; }

  const std::uint8_t *data() const noexcept { return static_cast<const std::uint8_t *>(raw_.data); }
  std::size_t size() const noexcept { return raw_.len; }
  bool empty() const noexcept { return raw_.len == 0; }
  const std::uint8_t *begin() const noexcept { return data(); }
  const std::uint8_t *end() const noexcept { return data() + size(); }
  /// The input as text. Still a view.
  std::string_view text() const noexcept {
    return {static_cast<const char *>(raw_.data), raw_.len};
  }
  /// The input as bytes of one's own.
  std::vector<std::uint8_t> copy() const { return std::vector<std::uint8_t>(begin(), end()); }
#if defined(__cpp_lib_span)
  /// The input as a span. Still a view.
  std::span<const std::uint8_t> span() const noexcept {
    return {data(), size()};
  }
#endif

  /// Test cases that the sender has; of an objective, objectives.
  std::uint64_t corpus_size() const noexcept {
    return raw_.corpus_size;
  }
  /// How often the sender has run its target.
  std::uint64_t executions() const noexcept {
    return raw_.executions;
  }
  /// The sender's clock, nanoseconds since 1970 in UTC; see llmp_testcase.
  std::uint64_t time_ns() const noexcept {
    return raw_.time_ns;
  }
  /// The client that found it.
  std::uint32_t sender() const noexcept {
    return raw_.sender;
  }
  /// LLMP_FLAG_* of its message.
  std::uint32_t flags() const noexcept {
    return raw_.flags;
  }

  const ::llmp_testcase &raw() const noexcept {
    return raw_;
  }

 private:
  ::llmp_testcase raw_ = LLMP_TESTCASE_INIT;
};

/// What is told about a test case beside its input; see llmp_testcase. 0 in
/// time_ns means now.
struct testcase_info {
  exit_kind exit = exit_kind::ok;  ///< not used for objectives
  std::uint64_t corpus_size = 0;
  std::uint64_t executions = 0;
  std::uint64_t time_ns = 0;
};

/// How a client receives test cases; see llmp_event_options. 0 means the default.
struct event_options {
  std::uint64_t max_size = 0;
  bool objectives = false;
};

/// How a monitor joins the figures of all clients.
enum class aggregate : std::uint32_t {
  none = LLMP_AGGREGATE_NONE,
  sum = LLMP_AGGREGATE_SUM,
  avg = LLMP_AGGREGATE_AVG,
  min = LLMP_AGGREGATE_MIN,
  max = LLMP_AGGREGATE_MAX,
};

/// A figure for a monitor: `stat::ratio(12, 400)`. Text is UTF-8.
class stat {
 public:
  static stat number(std::uint64_t value) noexcept {
    stat s(LLMP_STAT_NUMBER);
    s.raw_.number = value;
    return s;
  }
  static stat real(double value) noexcept { return stat(LLMP_STAT_FLOAT, value); }
  static stat text(std::string value) {
    stat s(LLMP_STAT_TEXT);
    s.text_ = std::move(value);
    return s;
  }
  static stat ratio(std::uint64_t part, std::uint64_t whole) noexcept {
    stat s(LLMP_STAT_RATIO);
    s.raw_.number = part;
    s.raw_.whole = whole;
    return s;
  }
  /// A share of one: 0.5 is shown as 50%.
  static stat percent(double value) noexcept { return stat(LLMP_STAT_PERCENT, value); }

  /// For llmp_user_stat_send, without a name; valid while this object is there and unchanged.
  ::llmp_user_stat raw() const noexcept {
    ::llmp_user_stat s = raw_;
    s.text = text_.c_str();
    return s;
  }

 private:
  explicit stat(std::uint32_t value, double real = 0) noexcept {
    raw_.value = value;
    raw_.real = real;
  }

  ::llmp_user_stat raw_ = LLMP_USER_STAT_INIT;
  std::string text_;
};

/// What is told about a figure beside its value; see llmp_user_stat.
struct stat_info {
  aggregate join = aggregate::none;
  std::uint64_t executions = 0;
  std::uint64_t tag = 0;
};

/* --------------------------------------------------------------- options */

/// Options of a client, sender or receiver; see llmp_client_options for units,
/// ranges and defaults. 0 and nullptr mean "the default". With C++20:
/// `client::connect(1337, {.page_size = 1 << 20, .skip_own = true})`.
/// Strings need to live only until the call returns.
struct client_options {
  const char *provider = nullptr;
  std::uint64_t page_size = 0;
  std::chrono::milliseconds send_timeout{0};
  std::chrono::milliseconds connect_timeout{0};
  std::uint32_t max_pending_pages = 0;
  bool skip_own = false;
  std::uint32_t spin_us = 0;

  ::llmp_client_options raw() const noexcept {
    ::llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
    o.provider = provider;
    o.page_size = page_size;
    o.send_timeout_ms = send_timeout.count();
    o.connect_timeout_ms = connect_timeout.count();
    o.max_pending_pages = max_pending_pages;
    o.skip_own = skip_own ? 1 : 0;
    o.spin_us = spin_us;
    return o;
  }
};

/// Options of a broker; see llmp_broker_options. As client_options.
struct broker_options {
  const char *provider = nullptr;
  std::uint64_t page_size = 0;
  std::uint64_t exit_after_clients = 0;
  const char *bind = nullptr;
  const char *history = nullptr;
  const char *archive_dir = nullptr;
  std::uint64_t budget = 0;
  std::chrono::milliseconds slow_timeout{0};
  std::uint32_t spin_us = 0;
  bool only_events = false;

  ::llmp_broker_options raw() const noexcept {
    ::llmp_broker_options o = LLMP_BROKER_OPTIONS_INIT;
    o.provider = provider;
    o.page_size = page_size;
    o.exit_after_clients = exit_after_clients;
    o.bind = bind;
    o.history = history;
    o.archive_dir = archive_dir;
    o.budget = budget;
    o.slow_timeout_ms = slow_timeout.count();
    o.spin_us = spin_us;
    o.only_events = only_events ? 1 : 0;
    return o;
  }
};

/* ------------------------------------------------- maps and descriptions */

/// The map `id` of `size` bytes. An id of 20 or more characters is refused by
/// the call that uses the map.
inline ::llmp_map make_map(std::string_view id, std::uint64_t size,
                           std::uint64_t offset = LLMP_NO_OFFSET) noexcept {
  ::llmp_map m{};
  id.copy(m.id, sizeof m.id);
  m.size = size;
  m.offset = offset;
  return m;
}

/// The id of a map as text. A view into the map.
inline std::string_view map_id(const ::llmp_map &m) noexcept {
  const std::string_view all(m.id, sizeof m.id);
  return all.substr(0, all.find('\0'));
}

/// The wire form (postcard) of a description. Empty on failure.
inline std::vector<std::uint8_t> encode(const ::llmp_client_description &d, LLMP_HPP_ON_ERROR) {
  std::vector<std::uint8_t> out(LLMP_DESCRIPTION_MAX);
  const int n = err(::llmp_description_encode(&d, out.data(), out.size()));
  out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return out;
}

/// A description from its wire form. LLMP_E_CORRUPT: truncated, malformed, or bytes left over.
inline ::llmp_client_description decode(bytes wire, LLMP_HPP_ON_ERROR) {
  ::llmp_client_description d{};
  err(::llmp_description_decode(&d, wire.data(), wire.size()));
  return d;
}

/* ----------------------------------------------------------- shared verbs */

namespace detail {

// The C functions behind each noun's verbs.
struct client_calls {
  using handle = ::llmp_client;
  static constexpr auto send = &::llmp_client_send;
  static constexpr auto send_flags = &::llmp_client_send_flags;
  static constexpr auto send_many = &::llmp_client_send_many;
  static constexpr auto alloc = &::llmp_client_alloc;
  static constexpr auto commit = &::llmp_client_commit;
  static constexpr auto shrink = &::llmp_client_shrink;
  static constexpr auto cancel = &::llmp_client_cancel;
  static constexpr auto id = &::llmp_client_id;
  static constexpr auto map = &::llmp_client_map;
  static constexpr auto to_env = &::llmp_client_to_env;
  static constexpr auto safe_to_unmap = &::llmp_client_safe_to_unmap;
  static constexpr auto mark_safe_to_unmap = &::llmp_client_mark_safe_to_unmap;
  static constexpr auto wait_safe_to_unmap = &::llmp_client_wait_safe_to_unmap;
  static constexpr auto recv = &::llmp_client_recv;
  static constexpr auto recv_many = &::llmp_client_recv_many;
  static constexpr auto recv_wait = &::llmp_client_recv_wait;
  static constexpr auto wait_fd = &::llmp_client_wait_fd;
};

struct sender_calls {
  using handle = ::llmp_sender;
  static constexpr auto send = &::llmp_sender_send;
  static constexpr auto send_flags = &::llmp_sender_send_flags;
  static constexpr auto send_many = &::llmp_sender_send_many;
  static constexpr auto alloc = &::llmp_sender_alloc;
  static constexpr auto commit = &::llmp_sender_commit;
  static constexpr auto shrink = &::llmp_sender_shrink;
  static constexpr auto cancel = &::llmp_sender_cancel;
  static constexpr auto id = &::llmp_sender_id;
  static constexpr auto map = &::llmp_sender_map;
  static constexpr auto to_env = &::llmp_sender_to_env;
  static constexpr auto safe_to_unmap = &::llmp_sender_safe_to_unmap;
  static constexpr auto mark_safe_to_unmap = &::llmp_sender_mark_safe_to_unmap;
  static constexpr auto wait_safe_to_unmap = &::llmp_sender_wait_safe_to_unmap;
};

struct receiver_calls {
  using handle = ::llmp_receiver;
  static constexpr auto map = &::llmp_receiver_map;
  static constexpr auto to_env = &::llmp_receiver_to_env;
  static constexpr auto recv = &::llmp_receiver_recv;
  static constexpr auto recv_many = &::llmp_receiver_recv_many;
  static constexpr auto recv_wait = &::llmp_receiver_recv_wait;
  static constexpr auto wait_fd = &::llmp_receiver_wait_fd;
};

}  // namespace detail

/// Writable bytes on the page, to be sent without a copy. Made by alloc();
/// cancelled when it goes out of scope, unless it was committed. One at a time
/// is open on a handle, and it must not outlive that handle's owner.
template <class Calls>
class allocation {
 public:
  using handle_type = typename Calls::handle;

  allocation() noexcept = default;
  allocation(handle_type *owner, void *data, std::size_t size) noexcept
      : owner_(owner), data_(static_cast<std::uint8_t *>(data)), size_(size) {}
  allocation(allocation &&other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  allocation &operator=(allocation &&other) noexcept {
    if (this != &other) {
      drop();
      owner_ = std::exchange(other.owner_, nullptr);
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~allocation() { drop(); }

  /// False once it was committed, cancelled or moved from.
  explicit operator bool() const noexcept { return owner_ != nullptr; }
  std::uint8_t *data() noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::uint8_t *begin() noexcept { return data_; }
  std::uint8_t *end() noexcept { return data_ + size_; }
#if defined(__cpp_lib_span)
  std::span<std::uint8_t> span() noexcept {
    return {data_, size_};
  }
#endif

  /// Makes it smaller; it stays open.
  void shrink(std::size_t size, LLMP_HPP_ON_ERROR) {
    if (err(Calls::shrink(owner_, size)) >= 0) size_ = size;
  }
  /// Sends all of it. On failure it stays open.
  void commit(std::uint32_t tag, LLMP_HPP_ON_ERROR) {
    commit(tag, 0, size_, err);
  }
  /// Sends the first size bytes of it, with flags. On failure it stays open.
  void commit(std::uint32_t tag, std::uint32_t flags, std::size_t size, LLMP_HPP_ON_ERROR) {
    if (err(Calls::commit(owner_, tag, flags, size)) >= 0) forget();
  }
  /// Gives it back unsent.
  void cancel(LLMP_HPP_ON_ERROR) {
    if (err(Calls::cancel(owner_)) >= 0) forget();
  }

 private:
  void forget() noexcept {
    owner_ = nullptr;
    data_ = nullptr;
    size_ = 0;
  }
  void drop() noexcept {
    if (owner_ != nullptr) Calls::cancel(owner_);
    forget();
  }

  handle_type *owner_ = nullptr;
  std::uint8_t *data_ = nullptr;
  std::size_t size_ = 0;
};

/// What messages() and testcases() return: a single-pass range over what arrives.
/// Each step of the loop is one receive call, so what the step before yielded is
/// no longer valid. begin() receives the first.
template <class Source>
class arrivals {
 public:
  using handle_type = typename Source::handle_type;

  arrivals(handle_type *handle, std::chrono::milliseconds timeout, on_error err) noexcept
      : handle_(handle), timeout_(timeout), error_(err) {}

  struct sentinel {};

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = typename Source::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type *;
    using reference = const value_type &;

    iterator() noexcept = default;
    explicit iterator(arrivals *range) noexcept : range_(range) {}
    reference operator*() const noexcept { return range_->current_; }
    pointer operator->() const noexcept { return &range_->current_; }
    iterator &operator++() {
      range_->next();
      return *this;
    }
    void operator++(int) { range_->next(); }
    friend bool operator==(const iterator &it, sentinel) noexcept { return it.done(); }
    friend bool operator!=(const iterator &it, sentinel s) noexcept { return !(it == s); }
    friend bool operator==(sentinel s, const iterator &it) noexcept { return it == s; }
    friend bool operator!=(sentinel s, const iterator &it) noexcept { return !(it == s); }

   private:
    bool done() const noexcept { return range_ == nullptr || range_->done_; }

    arrivals *range_ = nullptr;
  };

  iterator begin() {
    done_ = false;
    next();
    return iterator(this);
  }
  sentinel end() const noexcept { return {}; }

 private:
  void next() {
    done_ = true;
    done_ = error_(Source::recv_wait(handle_, current_, timeout_.count())) <= 0;
  }

  handle_type *handle_;
  std::chrono::milliseconds timeout_;
  on_error error_;
  typename Source::value_type current_;
  bool done_ = true;
};

namespace detail {

template <class Calls>
struct message_source {
  using handle_type = typename Calls::handle;
  using value_type = message;
  static int recv_wait(handle_type *h, message &out, std::int64_t timeout_ms) {
    ::llmp_msg m;
    const int n = Calls::recv_wait(h, &m, timeout_ms);
    if (n > 0) out = message(m);
    return n;
  }
};

struct testcase_source {
  using handle_type = ::llmp_client;
  using value_type = testcase;
  static int recv_wait(handle_type *h, testcase &out, std::int64_t timeout_ms) {
    ::llmp_testcase t = LLMP_TESTCASE_INIT;
    const int n = ::llmp_testcase_recv_wait(h, &t, timeout_ms);
    if (n > 0) out = testcase(t);
    return n;
  }
};

}  // namespace detail

template <class Calls>
using message_range = arrivals<detail::message_source<Calls>>;
using testcase_range = arrivals<detail::testcase_source>;

namespace detail {

// A handle that is owned elsewhere; what all nouns are made from.
template <class Handle>
class ref {
 public:
  using handle_type = Handle;

  constexpr ref() noexcept = default;
  constexpr explicit ref(Handle *h) noexcept : handle_(h) {}
  /// The C handle, for what is only in llmp.h. Still owned by the same owner.
  constexpr Handle *get() const noexcept { return handle_; }
  constexpr explicit operator bool() const noexcept { return handle_ != nullptr; }

 protected:
  Handle *handle_ = nullptr;
};

// What client, sender and receiver have in common.
template <class Calls>
class placed : public ref<typename Calls::handle> {
 public:
  using ref<typename Calls::handle>::ref;

  /// The page it stands on, and where.
  ::llmp_map map(LLMP_HPP_ON_ERROR) const {
    ::llmp_map m{};
    err(Calls::map(this->handle_, &m));
    return m;
  }
  /// Sets the environment variables from which another process can take over.
  /// Changes this process's environment: not while another thread reads it.
  void to_env(const std::string &name, LLMP_HPP_ON_ERROR) const {
    err(Calls::to_env(this->handle_, name.c_str()));
  }
};

// The verbs of client and sender. Calls are as in llmp.h, under llmp_client_send and on.
template <class Calls, class Base>
class sending : public Base {
 public:
  using Base::Base;

  /// The id it sends as; 0 when empty.
  std::uint32_t id() const noexcept { return Calls::id(this->handle_); }

  /// Sends data under tag; waits on a full bus as long as the options say.
  void send(std::uint32_t tag, bytes data, LLMP_HPP_ON_ERROR) {
    err(Calls::send(this->handle_, tag, data.data(), data.size()));
  }
  void send(std::uint32_t tag, const void *data, std::size_t size, LLMP_HPP_ON_ERROR) {
    err(Calls::send(this->handle_, tag, data, size));
  }
  /// The same with LLMP_FLAG_* or flags of one's own.
  void send_flags(std::uint32_t tag, std::uint32_t flags, bytes data, LLMP_HPP_ON_ERROR) {
    err(Calls::send_flags(this->handle_, tag, flags, data.data(), data.size()));
  }

  /// Sends several messages with as few commits as pages allow; see outgoing().
  /// Returns how many were sent: fewer than given only if the bus was full, or
  /// failed, in between. Failing before the first is a failure.
  std::size_t send_many(const ::llmp_outgoing *msgs, std::size_t n, LLMP_HPP_ON_ERROR) {
    const int sent = err(Calls::send_many(this->handle_, msgs, n));
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  std::size_t send_many(std::initializer_list<::llmp_outgoing> msgs, LLMP_HPP_ON_ERROR) {
    return send_many(msgs.begin(), msgs.size(), err);
  }
  /// Any container of llmp_outgoing in a row: std::vector, std::array, std::span.
  template <class C,
            std::enable_if_t<std::is_same_v<detail::element_t<const C>, ::llmp_outgoing>, int> = 0>
  std::size_t send_many(const C &msgs, LLMP_HPP_ON_ERROR) {
    return send_many(std::data(msgs), std::size(msgs), err);
  }

  /// size writable bytes on the page: fill them, then commit. Empty on failure.
  allocation<Calls> alloc(std::size_t size, LLMP_HPP_ON_ERROR) {
    void *data = nullptr;
    if (err(Calls::alloc(this->handle_, size, &data)) < 0) return {};
    return {this->handle_, data, size};
  }

  /// Has the receiver mapped the page that this sends on, so that it may go?
  bool safe_to_unmap(LLMP_HPP_ON_ERROR) const {
    return err(Calls::safe_to_unmap(this->handle_)) > 0;
  }
  /// Says so, though nobody may have read it: messages can be lost.
  void mark_safe_to_unmap(LLMP_HPP_ON_ERROR) { err(Calls::mark_safe_to_unmap(this->handle_)); }
  /// Waits for it. False when the time is over.
  bool wait_safe_to_unmap(std::chrono::milliseconds timeout, LLMP_HPP_ON_ERROR) const {
    return err(Calls::wait_safe_to_unmap(this->handle_, timeout.count())) > 0;
  }
};

// The verbs of client and receiver. A message stays valid until the next of these calls.
template <class Calls, class Base>
class receiving : public Base {
 public:
  using Base::Base;

  /// The next message, if one is there. Never blocks. LLMP_E_CLOSED: the other
  /// side said EXITING; LLMP_E_CORRUPT, LLMP_E_NOTFOUND: see llmp_client_recv.
  std::optional<message> recv(LLMP_HPP_ON_ERROR) {
    ::llmp_msg m;
    if (err(Calls::recv(this->handle_, &m)) <= 0) return std::nullopt;
    return message(m);
  }
  /// The next message, waited for; sleeps, never spins a core. Nothing when the time is over.
  std::optional<message> recv(std::chrono::milliseconds timeout, LLMP_HPP_ON_ERROR) {
    ::llmp_msg m;
    if (err(Calls::recv_wait(this->handle_, &m, timeout.count())) <= 0) return std::nullopt;
    return message(m);
  }

  /// Up to max messages that are there, valid together. Returns how many.
  std::size_t recv_many(message *out, std::size_t max, LLMP_HPP_ON_ERROR) {
    const int n = err(Calls::recv_many(this->handle_, reinterpret_cast<::llmp_msg *>(out), max));
    return n < 0 ? 0 : static_cast<std::size_t>(n);
  }
  /// As many as fit into a container of message in a row, which keeps its size.
  template <class C, std::enable_if_t<std::is_same_v<detail::element_t<C>, message>, int> = 0>
  std::size_t recv_many(C &&out, LLMP_HPP_ON_ERROR) {
    return recv_many(std::data(out), std::size(out), err);
  }

  /// `for (auto m : bus.messages())`: what is there, without blocking. (Against
  /// a sender who never rests, the loop does not end by itself.)
  ///
  /// The end of the bus is a failure as in recv: LLMP_E_CLOSED is thrown, or, with
  /// an error code, the loop ends and the code tells why. The code must outlive the loop.
  message_range<Calls> messages(LLMP_HPP_ON_ERROR) {
    return {this->handle_, std::chrono::milliseconds(0), err};
  }
  /// `for (auto m : bus.messages(1s))`: waits for each; ends when none came for so long.
  /// With llmp::forever only a failure, or break, ends it.
  message_range<Calls> messages(std::chrono::milliseconds timeout, LLMP_HPP_ON_ERROR) {
    return {this->handle_, timeout, err};
  }

  /// A descriptor for poll and epoll, readable while a message (or an end) waits.
  /// It belongs to the handle: do not read or close it. -1 on failure.
  int wait_fd(LLMP_HPP_ON_ERROR) {
    const int fd = err(Calls::wait_fd(this->handle_));
    return fd < 0 ? -1 : fd;
  }
};

// Owns a handle and closes it.
template <class Ref, int (*Close)(typename Ref::handle_type *)>
class owner : public Ref {
 public:
  using handle_type = typename Ref::handle_type;

  owner() noexcept = default;
  /// Takes over a handle made with llmp.h.
  explicit owner(handle_type *h) noexcept : Ref(h) {}
  owner(owner &&other) noexcept : Ref(other.release()) {}
  owner &operator=(owner &&other) noexcept {
    if (this != &other) {
      Close(this->handle_);
      this->handle_ = other.release();
    }
    return *this;
  }
  ~owner() { Close(this->handle_); }

  /// Closes it now and says how that went, which the destructor cannot: for a
  /// client or sender, LLMP_E_TIMEOUT when its last page was not picked up in time.
  /// It is empty afterwards, whatever the result. Closing twice does nothing.
  void close(LLMP_HPP_ON_ERROR) { err(Close(release())); }
  /// Hands the C handle over to the caller.
  handle_type *release() noexcept { return std::exchange(this->handle_, nullptr); }
};

}  // namespace detail

/* ------------------------------------------------------- client and halves */

/// A client that somebody else owns (see connection), with all its verbs.
class client_ref
    : public detail::receiving<
          detail::client_calls,
          detail::sending<detail::client_calls, detail::placed<detail::client_calls>>> {
 public:
  using receiving::receiving;

  /// Where this client stands: all it takes to take it over.
  ::llmp_client_description describe(LLMP_HPP_ON_ERROR) const {
    ::llmp_client_description d{};
    err(::llmp_client_describe(handle_, &d));
    return d;
  }
  /// Tells the broker about another client that sends on page.
  void announce(const ::llmp_map &page, LLMP_HPP_ON_ERROR) {
    err(::llmp_client_announce(handle_, page.id, static_cast<std::size_t>(page.size)));
  }

  /// Tells the other fuzzers about an input that is worth keeping.
  void send_testcase(bytes input, const testcase_info &info LLMP_HPP_DEFAULT({}),
                     LLMP_HPP_ON_ERROR) {
    send_event(LLMP_EVENT_TESTCASE, input, info, err);
  }
  /// Reports an input that is looked for, mostly one that crashes. std::nullopt:
  /// there is one, but it stays here.
  void send_objective(std::optional<bytes> input, const testcase_info &info LLMP_HPP_DEFAULT({}),
                      LLMP_HPP_ON_ERROR) {
    send_event(LLMP_EVENT_OBJECTIVE, input, info, err);
  }
  /// The next test case, if one is there. Never blocks; what else comes first is
  /// passed over and counted: see llmp_testcase_recv.
  std::optional<testcase> recv_testcase(LLMP_HPP_ON_ERROR) {
    return recv_testcase(std::chrono::milliseconds(0), err);
  }
  /// The next test case, waited for. Nothing when the time is over.
  std::optional<testcase> recv_testcase(std::chrono::milliseconds timeout, LLMP_HPP_ON_ERROR) {
    testcase t;
    const int n = err(detail::testcase_source::recv_wait(handle_, t, timeout.count()));
    return n > 0 ? std::optional<testcase>(t) : std::nullopt;
  }
  /// `for (auto &t : bus.testcases())`: those that are there. As messages().
  testcase_range testcases(LLMP_HPP_ON_ERROR) {
    return {handle_, std::chrono::milliseconds(0), err};
  }
  /// `for (auto &t : bus.testcases(1s))`: waits for each. As messages(timeout).
  testcase_range testcases(std::chrono::milliseconds timeout, LLMP_HPP_ON_ERROR) {
    return {handle_, timeout, err};
  }
  /// The test case that a message, received last, holds; nothing when it is another.
  std::optional<testcase> decode_testcase(const message &m, LLMP_HPP_ON_ERROR) {
    ::llmp_testcase t = LLMP_TESTCASE_INIT;
    if (err(::llmp_testcase_decode(handle_, &m.raw(), &t)) <= 0) return std::nullopt;
    return testcase(t);
  }
  /// From the next receive call on.
  void event_setup(const event_options &options, LLMP_HPP_ON_ERROR) {
    ::llmp_event_options o = LLMP_EVENT_OPTIONS_INIT;
    o.max_size = options.max_size;
    o.objectives = options.objectives ? 1 : 0;
    err(::llmp_client_event_setup(handle_, &o));
  }
  /// What was given out and what was passed over; zeroes on failure.
  ::llmp_event_counts event_counts(LLMP_HPP_ON_ERROR) const {
    ::llmp_event_counts n{};
    n.size = sizeof n;
    err(::llmp_client_event_counts(handle_, &n));
    return n;
  }
  /// Tells the monitor that this client is alive.
  void send_heartbeat(std::uint64_t executions, LLMP_HPP_ON_ERROR) {
    err(::llmp_heartbeat_send(handle_, executions));
  }
  /// Tells the monitor a figure: `bus.send_stat("edges", llmp::stat::number(99))`.
  void send_stat(const std::string &name, const stat &value,
                 const stat_info &info LLMP_HPP_DEFAULT({}), LLMP_HPP_ON_ERROR) {
    ::llmp_user_stat s = value.raw();
    s.name = name.c_str();
    s.tag = info.tag;
    s.aggregate = static_cast<std::uint32_t>(info.join);
    s.executions = info.executions;
    err(::llmp_user_stat_send(handle_, &s));
  }

 private:
  void send_event(std::uint32_t kind, std::optional<bytes> input, const testcase_info &info,
                  on_error err) {
    ::llmp_testcase t = LLMP_TESTCASE_INIT;
    t.kind = kind;
    if (input) {
      /* Containers may have no address when they are empty; here NULL says more. */
      t.data = input->size() == 0 && input->data() == nullptr ? "" : input->data();
      t.len = input->size();
    }
    t.exit_kind = static_cast<std::uint32_t>(info.exit);
    t.corpus_size = info.corpus_size;
    t.executions = info.executions;
    t.time_ns = info.time_ns;
    err(::llmp_testcase_send(handle_, &t));
  }
};

/// A client of a bus: sends to and receives from everyone on it. Its destructor
/// says EXITING and waits up to 2 s for the broker to have its last page.
class client : public detail::owner<client_ref, &::llmp_client_close> {
 public:
  using owner::owner;

  /// Joins the bus of the broker on 127.0.0.1:port. Every maker returns an empty
  /// object on failure, if that is not thrown.
  static client connect(std::uint16_t port, const client_options &options LLMP_HPP_DEFAULT({}),
                        LLMP_HPP_ON_ERROR);
  /// Reads the broker page `page` and sends as id; to be announced to the broker.
  static client on_page(const ::llmp_map &page, std::uint32_t id,
                        const client_options &options LLMP_HPP_DEFAULT({}), LLMP_HPP_ON_ERROR);
  /// The same on the broker page that <name> and <name>_SIZE describe.
  static client from_env(const std::string &name,
                         const client_options &options LLMP_HPP_DEFAULT({}), LLMP_HPP_ON_ERROR);
  /// Takes over an existing client, from to_env()'s variables ...
  static client attach_env(const std::string &name,
                           const client_options &options LLMP_HPP_DEFAULT({}), LLMP_HPP_ON_ERROR);
  /// ... from a description ...
  static client attach(const ::llmp_client_description &description,
                       const client_options &options LLMP_HPP_DEFAULT({}), LLMP_HPP_ON_ERROR);
  /// ... and from two maps.
  static client attach(const ::llmp_map &sender, const ::llmp_map &receiver,
                       const client_options &options LLMP_HPP_DEFAULT({}), LLMP_HPP_ON_ERROR);
  /// A channel without a broker: reads what it sends, until another process takes over an end.
  static client p2p(std::uint32_t id, const client_options &options LLMP_HPP_DEFAULT({}),
                    LLMP_HPP_ON_ERROR);
  /// Tells the broker on 127.0.0.1:port to forget a client, for instance one that crashed.
  static void detach(std::uint16_t port, std::uint32_t id, LLMP_HPP_ON_ERROR);
};

/// The sending half alone.
class sender : public detail::owner<
                   detail::sending<detail::sender_calls, detail::placed<detail::sender_calls>>,
                   &::llmp_sender_close> {
 public:
  using owner::owner;

  /// A fresh page to send on. Give map() to whoever is to read it.
  static sender create(std::uint32_t id, const client_options &options LLMP_HPP_DEFAULT({}),
                       LLMP_HPP_ON_ERROR);
  static sender attach_env(const std::string &name,
                           const client_options &options LLMP_HPP_DEFAULT({}), LLMP_HPP_ON_ERROR);
  static sender attach(const ::llmp_map &map, const client_options &options LLMP_HPP_DEFAULT({}),
                       LLMP_HPP_ON_ERROR);
};

/// The receiving half alone.
class receiver
    : public detail::owner<
          detail::receiving<detail::receiver_calls, detail::placed<detail::receiver_calls>>,
          &::llmp_receiver_close> {
 public:
  using owner::owner;

  /// Reads another process's page; a map without an offset, from its first message.
  static receiver attach(const ::llmp_map &map, const client_options &options LLMP_HPP_DEFAULT({}),
                         LLMP_HPP_ON_ERROR);
  static receiver attach_env(const std::string &name,
                             const client_options &options LLMP_HPP_DEFAULT({}), LLMP_HPP_ON_ERROR);
};

/* ---------------------------------------------------------------- broker */

/// What a hook says about a message.
enum class verdict : int {
  forward = LLMP_HOOK_FORWARD,  ///< on to the next hook, then to all clients
  drop = LLMP_HOOK_DROP,        ///< handled here: nobody else sees it
};

/// The message that a hook is shown, and may change.
class hook_message {
 public:
  explicit hook_message(::llmp_msg *m) noexcept : msg_(m) {}

  std::uint32_t tag() const noexcept { return msg_->tag; }
  void tag(std::uint32_t value) noexcept { msg_->tag = value; }
  std::uint32_t flags() const noexcept { return msg_->flags; }
  void flags(std::uint32_t value) noexcept { msg_->flags = value; }
  std::uint32_t sender() const noexcept { return msg_->sender; }
  const std::uint8_t *data() const noexcept {
    return static_cast<const std::uint8_t *>(msg_->data);
  }
  std::size_t size() const noexcept { return msg_->len; }
  std::string_view text() const noexcept {
    return {static_cast<const char *>(msg_->data), msg_->len};
  }

  /// The payload, to be changed in place. Only while it is the one that came:
  /// what was put there with replace() may be constant.
  std::uint8_t *writable() noexcept {
    return static_cast<std::uint8_t *>(const_cast<void *>(msg_->data));
  }
  /// Keeps the first size bytes. Has no effect when there are fewer.
  void truncate(std::size_t size) noexcept {
    if (size < msg_->len) msg_->len = size;
  }
  /// Puts other bytes in its place. They must live until the broker is called again.
  void replace(bytes data) noexcept {
    msg_->data = data.data();
    msg_->len = data.size();
  }

  ::llmp_msg *raw() noexcept { return msg_; }

 private:
  ::llmp_msg *msg_;
};

class broker_ref;

/// Sees each message in the broker's thread; client is the one it came from. May
/// throw: the message is dropped, the broker's run is stopped, and run or once
/// throws it again, outside of the library's frames.
using hook = std::function<verdict(broker_ref broker, std::uint32_t client, hook_message &message)>;
/// Called by run when no message came for its time-out. May throw, as a hook.
using timeout_hook = std::function<void(broker_ref broker)>;

namespace detail {

// What lives beside a broker: its functions, and what they threw. Entries keep
// their addresses, because the C library holds them.
struct hook_store {
  struct entry {
    hook fn;
    hook_store *store;
  };
  std::deque<entry> hooks;
  timeout_hook on_timeout;
  bool running = false;
#if LLMP_HPP_EXCEPTIONS
  std::exception_ptr thrown;
#endif

  // Called in a catch block, below frames of the C library.
  void keep(::llmp_broker *b) noexcept {
#if LLMP_HPP_EXCEPTIONS
    if (!thrown) thrown = std::current_exception();
#endif
    if (running) ::llmp_broker_stop(b);
  }
  // Called once the C library has returned.
  void rethrow() {
#if LLMP_HPP_EXCEPTIONS
    if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
#endif
  }

  static inline int call_hook(::llmp_broker *b, std::uint32_t client, ::llmp_msg *m,
                              void *user) noexcept;
  static inline void call_timeout(::llmp_broker *b, void *user) noexcept;
};

}  // namespace detail

/// A broker that somebody else owns (in a hook, or see connection), with all its verbs.
class broker_ref : public detail::ref<::llmp_broker> {
 public:
  constexpr broker_ref() noexcept = default;

  /// Listens on port (0 picks one) for clients and other brokers; returns the port, 0 on failure.
  std::uint16_t listen(std::uint16_t port, LLMP_HPP_ON_ERROR) {
    const int got = err(::llmp_broker_listen(handle_, port));
    return got < 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(got);
  }
  /// Joins this broker with the one at host:port.
  void connect_b2b(const std::string &host, std::uint16_t port, LLMP_HPP_ON_ERROR) {
    err(::llmp_broker_connect_b2b(handle_, host.c_str(), port));
  }
  /// Adds a client by its sending page; returns its id.
  std::uint32_t add_client(const ::llmp_map &page, LLMP_HPP_ON_ERROR) {
    const int id =
        err(::llmp_broker_add_client(handle_, page.id, static_cast<std::size_t>(page.size)));
    return id < 0 ? 0 : static_cast<std::uint32_t>(id);
  }

  /// Adds a hook; hooks are asked in the order they were added.
  void add_hook(hook fn, LLMP_HPP_ON_ERROR) {
    if (store_ == nullptr || !fn) {
      err(::llmp_broker_add_hook(handle_, nullptr, nullptr));
      return;
    }
    store_->hooks.push_back({std::move(fn), store_});
    if (err(::llmp_broker_add_hook(handle_, &detail::hook_store::call_hook,
                                   &store_->hooks.back())) < 0) {
      store_->hooks.pop_back();
    }
  }
  /// What run calls when no message came for its time-out. Replaces the one before.
  void on_timeout(timeout_hook fn, LLMP_HPP_ON_ERROR) {
    if (store_ == nullptr || !fn) {
      err(::llmp_broker_on_timeout(handle_, nullptr, nullptr));
      return;
    }
    store_->on_timeout = std::move(fn);
    err(::llmp_broker_on_timeout(handle_, &detail::hook_store::call_timeout, store_));
  }

  /// Forwards what is there and admits who waits, once. Returns how many messages were handled.
  std::size_t once(LLMP_HPP_ON_ERROR) {
    const int n = ::llmp_broker_once(handle_);
    if (store_ != nullptr) store_->rethrow();
    return err(n) < 0 ? 0 : static_cast<std::size_t>(n);
  }
  /// Runs until stop() or until exit_after_clients have come and gone: true. With
  /// a positive time-out and no on_timeout function, false when no message came for so long.
  bool run(std::chrono::milliseconds timeout LLMP_HPP_DEFAULT(forever), LLMP_HPP_ON_ERROR) {
    if (store_ != nullptr) store_->running = true;
    const int result = ::llmp_broker_run(handle_, timeout.count());
    if (store_ != nullptr) {
      store_->running = false;
      store_->rethrow();
    }
    return err(result == LLMP_E_TIMEOUT ? 0 : result) >= 0 && result != LLMP_E_TIMEOUT;
  }
  /// Makes run return soon, the current or the next one. From any thread; in a
  /// signal handler call llmp_broker_stop(get()).
  void stop(LLMP_HPP_ON_ERROR) { err(::llmp_broker_stop(handle_)); }

  /// Broadcasts a message of the broker's own, as client 0.
  void send(std::uint32_t tag, bytes data, LLMP_HPP_ON_ERROR) { send_flags(tag, 0, data, err); }
  void send_flags(std::uint32_t tag, std::uint32_t flags, bytes data, LLMP_HPP_ON_ERROR) {
    err(::llmp_broker_send(handle_, tag, flags, data.data(), data.size()));
  }

  /// Where one new client starts to read, for client::on_page; another page
  /// once that has attached it.
  ::llmp_map map(LLMP_HPP_ON_ERROR) const {
    ::llmp_map m{};
    err(::llmp_broker_map(handle_, &m));
    return m;
  }
  /// Sets <name> and <name>_SIZE to it, for client::from_env.
  void to_env(const std::string &name, LLMP_HPP_ON_ERROR) const {
    err(::llmp_broker_to_env(handle_, name.c_str()));
  }

  /// Figures; zeroes on failure. See llmp_stats.
  ::llmp_stats stats(LLMP_HPP_ON_ERROR) const {
    ::llmp_stats s{};
    s.size = sizeof s;
    err(::llmp_broker_stats(handle_, &s));
    return s;
  }
  /// Figures per client.
  std::vector<::llmp_client_stats> client_stats(LLMP_HPP_ON_ERROR) const {
    std::vector<::llmp_client_stats> rows(16);
    for (;;) {
      const int n = err(::llmp_broker_client_stats(handle_, rows.data(), rows.size()));
      const std::size_t have = n < 0 ? 0 : static_cast<std::size_t>(n);
      const bool all = have <= rows.size();
      rows.resize(have);
      if (all) return rows;
    }
  }

 protected:
  friend struct detail::hook_store;
  friend class connection;
  friend bool run_all(std::initializer_list<broker_ref> brokers, std::chrono::milliseconds timeout,
                      on_error err);
  constexpr broker_ref(::llmp_broker *h, detail::hook_store *store) noexcept
      : ref(h), store_(store) {}

  detail::hook_store *store_ = nullptr;
};

inline int detail::hook_store::call_hook(::llmp_broker *b, std::uint32_t client, ::llmp_msg *m,
                                         void *user) noexcept {
  auto *self = static_cast<entry *>(user);
  hook_message shown(m);
#if LLMP_HPP_EXCEPTIONS
  try {
    return static_cast<int>(self->fn(broker_ref(b, self->store), client, shown));
  } catch (...) {
    self->store->keep(b);
    return LLMP_HOOK_DROP;
  }
#else
  return static_cast<int>(self->fn(broker_ref(b, self->store), client, shown));
#endif
}

inline void detail::hook_store::call_timeout(::llmp_broker *b, void *user) noexcept {
  auto *self = static_cast<hook_store *>(user);
#if LLMP_HPP_EXCEPTIONS
  try {
    self->on_timeout(broker_ref(b, self));
  } catch (...) {
    self->keep(b);
  }
#else
  self->on_timeout(broker_ref(b, self));
#endif
}

/// A broker, hosted by this program. Its destructor says EXITING to all clients.
class broker : public broker_ref {
 public:
  /// Empty; see create().
  broker() noexcept = default;
  /// Takes over a handle made with llmp.h.
  explicit broker(::llmp_broker *h)
      : broker_ref(h, nullptr), hooks_(std::make_unique<detail::hook_store>()) {
    store_ = hooks_.get();
  }
  broker(broker &&other) noexcept
      : broker_ref(std::exchange(other.handle_, nullptr), std::exchange(other.store_, nullptr)),
        hooks_(std::move(other.hooks_)) {}
  broker &operator=(broker &&other) noexcept {
    if (this != &other) {
      ::llmp_broker_close(handle_);
      handle_ = std::exchange(other.handle_, nullptr);
      store_ = std::exchange(other.store_, nullptr);
      hooks_ = std::move(other.hooks_);
    }
    return *this;
  }
  ~broker() { ::llmp_broker_close(handle_); }

  /// A broker with no clients yet. Empty on failure, if that is not thrown.
  static broker create(const broker_options &options LLMP_HPP_DEFAULT({}), LLMP_HPP_ON_ERROR) {
    const ::llmp_broker_options o = options.raw();
    ::llmp_broker *h = nullptr;
    if (err(::llmp_broker_new(&h, &o)) < 0) return broker();
    return broker(h);
  }

  /// Says EXITING to all and frees everything. Empty afterwards. Not in a hook.
  void close(LLMP_HPP_ON_ERROR) {
    const int result = ::llmp_broker_close(std::exchange(handle_, nullptr));
    store_ = nullptr;
    hooks_.reset();
    err(result);
  }

 private:
  std::unique_ptr<detail::hook_store> hooks_;
};

/// Runs several brokers in one loop, until each has ended as in run(): true, or
/// false when the time-out ended it. What a hook threw ends its broker only, and
/// is thrown on when all have ended.
inline bool run_all(std::initializer_list<broker_ref> brokers, std::chrono::milliseconds timeout,
                    LLMP_HPP_ON_ERROR) {
  std::vector<::llmp_broker *> handles;
  handles.reserve(brokers.size());
  for (const broker_ref &b : brokers) {
    handles.push_back(b.handle_);
    if (b.store_ != nullptr) b.store_->running = true;
  }
  const int result = ::llmp_brokers_run(handles.data(), handles.size(), timeout.count());
  for (const broker_ref &b : brokers) {
    if (b.store_ != nullptr) b.store_->running = false;
  }
  for (const broker_ref &b : brokers) {
    if (b.store_ != nullptr) b.store_->rethrow();
  }
  return err(result == LLMP_E_TIMEOUT ? 0 : result) >= 0 && result != LLMP_E_TIMEOUT;
}

/* ------------------------------------------------------------ connection */

/// Whatever is needed on a port: a broker where nobody listens, else a client
/// of the one that does.
class connection {
 public:
  connection() noexcept = default;
  connection(connection &&other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), hooks_(std::move(other.hooks_)) {}
  connection &operator=(connection &&other) noexcept {
    if (this != &other) {
      ::llmp_connection_close(handle_);
      handle_ = std::exchange(other.handle_, nullptr);
      hooks_ = std::move(other.hooks_);
    }
    return *this;
  }
  ~connection() { ::llmp_connection_close(handle_); }

  static connection on_port(std::uint16_t port,
                            const broker_options &as_broker LLMP_HPP_DEFAULT({}),
                            const client_options &as_client LLMP_HPP_DEFAULT({}),
                            LLMP_HPP_ON_ERROR) {
    const ::llmp_broker_options b = as_broker.raw();
    const ::llmp_client_options c = as_client.raw();
    connection out;
    auto hooks = std::make_unique<detail::hook_store>();
    if (err(::llmp_connection_on_port(&out.handle_, port, &b, &c)) >= 0) {
      out.hooks_ = std::move(hooks);
    }
    return out;
  }

  explicit operator bool() const noexcept { return handle_ != nullptr; }
  ::llmp_connection *get() const noexcept { return handle_; }

  /// One of the two converts to true. It belongs to the connection.
  broker_ref broker() const noexcept {
    ::llmp_broker *b = ::llmp_connection_broker(handle_);
    return b == nullptr ? broker_ref() : broker_ref(b, hooks_.get());
  }
  client_ref client() const noexcept { return client_ref(::llmp_connection_client(handle_)); }

  /// Sends as whichever it is.
  void send(std::uint32_t tag, bytes data, LLMP_HPP_ON_ERROR) { send_flags(tag, 0, data, err); }
  void send_flags(std::uint32_t tag, std::uint32_t flags, bytes data, LLMP_HPP_ON_ERROR) {
    err(::llmp_connection_send(handle_, tag, flags, data.data(), data.size()));
  }

  /// Closes it as a broker or client would. Empty afterwards, whatever the result.
  void close(LLMP_HPP_ON_ERROR) {
    const int result = ::llmp_connection_close(std::exchange(handle_, nullptr));
    hooks_.reset();
    err(result);
  }

 private:
  ::llmp_connection *handle_ = nullptr;
  std::unique_ptr<detail::hook_store> hooks_;
};

/* ------------------------------------------------------- definitions: makers */

namespace detail {

// Calls a maker of llmp.h: maker(&handle, arguments ..., &options).
template <class Noun, class Maker, class... Args>
Noun make(const client_options &options, on_error err, Maker maker, Args... args) {
  const ::llmp_client_options o = options.raw();
  typename Noun::handle_type *h = nullptr;
  err(maker(&h, args..., &o));
  return Noun(h);
}

}  // namespace detail

inline client client::connect(std::uint16_t port, const client_options &options, on_error err) {
  return detail::make<client>(options, err, &::llmp_client_connect, port);
}
inline client client::on_page(const ::llmp_map &page, std::uint32_t id,
                              const client_options &options, on_error err) {
  return detail::make<client>(options, err, &::llmp_client_new, page.id,
                              static_cast<std::size_t>(page.size), id);
}
inline client client::from_env(const std::string &name, const client_options &options,
                               on_error err) {
  return detail::make<client>(options, err, &::llmp_client_new_from_env, name.c_str());
}
inline client client::attach_env(const std::string &name, const client_options &options,
                                 on_error err) {
  return detail::make<client>(options, err, &::llmp_client_attach_env, name.c_str());
}
inline client client::attach(const ::llmp_client_description &description,
                             const client_options &options, on_error err) {
  return detail::make<client>(options, err, &::llmp_client_attach_description, &description);
}
inline client client::attach(const ::llmp_map &sender, const ::llmp_map &receiver,
                             const client_options &options, on_error err) {
  return detail::make<client>(options, err, &::llmp_client_attach_shmem, &sender, &receiver);
}
inline client client::p2p(std::uint32_t id, const client_options &options, on_error err) {
  return detail::make<client>(options, err, &::llmp_client_new_p2p, id);
}
inline void client::detach(std::uint16_t port, std::uint32_t id, on_error err) {
  err(::llmp_client_detach(port, id));
}

inline sender sender::create(std::uint32_t id, const client_options &options, on_error err) {
  return detail::make<sender>(options, err, &::llmp_sender_new, id);
}
inline sender sender::attach_env(const std::string &name, const client_options &options,
                                 on_error err) {
  return detail::make<sender>(options, err, &::llmp_sender_attach_env, name.c_str());
}
inline sender sender::attach(const ::llmp_map &map, const client_options &options, on_error err) {
  return detail::make<sender>(options, err, &::llmp_sender_attach_map, &map);
}

inline receiver receiver::attach(const ::llmp_map &map, const client_options &options,
                                 on_error err) {
  return detail::make<receiver>(options, err, &::llmp_receiver_attach_map, &map);
}
inline receiver receiver::attach_env(const std::string &name, const client_options &options,
                                     on_error err) {
  return detail::make<receiver>(options, err, &::llmp_receiver_attach_env, name.c_str());
}

}  // namespace llmp

#undef LLMP_HPP_ON_ERROR
#undef LLMP_HPP_DEFAULT
#undef LLMP_HPP_SHARED

#endif /* LLMP_HPP */
