// llmp.hpp with every warning; every template made real.
#include <array>
#include <iterator>
#include <llmp.hpp>
// Twice is once. NOLINTNEXTLINE(readability-duplicate-include)
#include <llmp.hpp>

// The classes that are templates underneath, whole.
template class llmp::allocation<llmp::detail::client_calls>;
template class llmp::allocation<llmp::detail::sender_calls>;
template class llmp::arrivals<llmp::detail::message_source<llmp::detail::client_calls>>;
template class llmp::arrivals<llmp::detail::message_source<llmp::detail::receiver_calls>>;

static_assert(std::is_nothrow_move_constructible_v<llmp::client>);
static_assert(std::is_nothrow_move_assignable_v<llmp::broker>);
static_assert(!std::is_copy_constructible_v<llmp::client>);
static_assert(!std::is_copy_constructible_v<llmp::connection>);
static_assert(std::is_convertible_v<std::string, llmp::bytes>);
static_assert(std::is_convertible_v<std::string_view, llmp::bytes>);
static_assert(std::is_convertible_v<std::vector<std::uint8_t>, llmp::bytes>);
static_assert(std::is_convertible_v<std::array<std::byte, 3>, llmp::bytes>);
static_assert(std::is_convertible_v<const char *, llmp::bytes>);
static_assert(std::is_convertible_v<llmp::message, llmp::bytes>);
static_assert(!std::is_convertible_v<std::nullptr_t, llmp::bytes>);
static_assert(!std::is_convertible_v<std::vector<int>, llmp::bytes>);
static_assert(!std::is_convertible_v<std::vector<bool>, llmp::bytes>);
static_assert(!std::is_convertible_v<int, llmp::bytes>);

#if defined(__cpp_lib_span)
static_assert(std::is_convertible_v<std::span<const std::uint8_t>, llmp::bytes>);
#endif
#if __cplusplus >= 202002L
static_assert(std::input_iterator<llmp::message_range<llmp::detail::client_calls>::iterator>);
// Options by name.
inline constexpr llmp::client_options by_name{.page_size = 1 << 20, .skip_own = true};
static_assert(by_name.page_size == 1 << 20 && by_name.skip_own);
#endif
