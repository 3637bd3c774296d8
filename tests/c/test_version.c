/* Who we are, and how errors are told. */
#include "bus.h"

TEST(the_library_is_the_header_s_version) {
  CHECK_STR(llmp_version(), LLMP_VERSION_STRING);
  CHECK_EQ(llmp_abi_version(), LLMP_ABI_VERSION);
}

TEST(every_code_has_a_name_and_a_text) {
#define NAMED(name, number, text) \
  CHECK_EQ(LLMP_##name, number);  \
  CHECK_STR(llmp_strerror(number), "LLMP_" #name ": " text);
  LLMP_ERROR_MAP(NAMED)
#undef NAMED
}

TEST(results_that_are_no_error_are_named_ok) {
  CHECK_STR(llmp_strerror(1), llmp_strerror(0));
  CHECK_STR(llmp_strerror(INT32_MAX), llmp_strerror(LLMP_OK));
}

TEST(an_unknown_code_is_called_unknown) {
  CHECK_SAYS(llmp_strerror(LLMP_ERROR_LAST_), "unknown");
  CHECK_SAYS(llmp_strerror(INT32_MIN), "unknown");
}

TEST(there_is_no_last_error_before_the_first) {
  CHECK_STR(llmp_last_error(), "");
  llmp_client *c = channel(1, NULL);
  send_text(c, "works");
  channel_close(c);
  CHECK_STR(llmp_last_error(), "");
}

TEST(success_leaves_the_last_error_alone) {
  CHECK_ERROR(llmp_client_recv(NULL, NULL), LLMP_E_INVALID);
  char first[512];
  (void)strncpy(first, llmp_last_error(), sizeof first - 1);
  first[sizeof first - 1] = '\0';
  llmp_client *c = channel(1, NULL);
  channel_close(c);
  CHECK_STR(llmp_last_error(), first);
}

static void *fail_otherwise(void *argument) {
  CHECK_STR(llmp_last_error(), "");
  CHECK_ERROR_SAYS(llmp_sender_send(NULL, TAG, "", 0), LLMP_E_INVALID, "sender");
  return argument;
}

TEST(each_thread_has_its_own_last_error) {
  pthread_t other;
  CHECK_ERROR_SAYS(llmp_client_send(NULL, TAG, "", 0), LLMP_E_INVALID, "client");
  thread_start(&other, fail_otherwise, NULL);
  thread_join(other);
  CHECK_SAYS(llmp_last_error(), "client");
}
