/* Environment variables and descriptions: unset, malformed, impossible. */
#include <stdio.h>
#include <stdlib.h>

#include "bus.h"

static void set(const char *name, const char *value) {
  if (value == NULL) {
    CHECK_SYS(unsetenv(name));
  } else {
    CHECK_SYS(setenv(name, value, 1));
  }
}

/* --------------------------------------------------- a broker's variables */

static void broker_env_fails(int code, const char *because) {
  llmp_client *c = NULL;
  CHECK_ERROR_SAYS(llmp_client_new_from_env(&c, "LLMP_TEST", NULL), code, because);
  CHECK(c == NULL);
}

TEST(an_unset_variable_is_not_found_and_named) {
  broker_env_fails(LLMP_E_NOTFOUND, "LLMP_TEST");
  set("LLMP_TEST", "1");
  broker_env_fails(LLMP_E_NOTFOUND, "LLMP_TEST_SIZE");
}

TEST(malformed_variables_are_corrupt) {
  static const char *const sizes[] = {
      "", "x", "-1", "4096x", " 4096", "1e6", "99999999999999999999999"};
  set("LLMP_TEST", "1");
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    set("LLMP_TEST_SIZE", sizes[i]);
    broker_env_fails(LLMP_E_CORRUPT, "LLMP_TEST_SIZE");
  }
  set("LLMP_TEST_SIZE", "4096");
  set("LLMP_TEST", "");
  broker_env_fails(LLMP_E_CORRUPT, "LLMP_TEST");
  set("LLMP_TEST", "an id of more than nineteen characters");
  broker_env_fails(LLMP_E_CORRUPT, "LLMP_TEST");
}

TEST(variables_of_a_map_that_is_gone_are_not_found) {
  set("LLMP_TEST", "2147483647");
  set("LLMP_TEST_SIZE", "4096");
  broker_env_fails(LLMP_E_NOTFOUND, "2147483647");
}

TEST(variables_of_an_impossible_size_are_corrupt) {
  set("LLMP_TEST", "2147483647");
  set("LLMP_TEST_SIZE", "0");
  broker_env_fails(LLMP_E_CORRUPT, "0 bytes");
  set("LLMP_TEST_SIZE", "18446744073709551615");
  broker_env_fails(LLMP_E_CORRUPT, "18446744073709551615");
}

TEST(a_name_that_cannot_be_a_variable_s_is_refused) {
  llmp_client *c = channel(1, NULL);
  llmp_broker *b = NULL;
  CHECK_OK(llmp_broker_new(&b, NULL));
  CHECK_ERROR(llmp_client_to_env(c, "A=B"), LLMP_E_INVALID);
  CHECK_ERROR(llmp_broker_to_env(b, ""), LLMP_E_INVALID);
  CHECK_ERROR(llmp_broker_to_env(b, "A=B"), LLMP_E_INVALID);
  CHECK_OK(llmp_broker_close(b));
  channel_close(c);
}

/* --------------------------------------------------- a client's variables */

static llmp_client *first;

static void describe_first(void) {
  first = channel(7, NULL);
  send_text(first, "one");
  CHECK_OK(llmp_client_to_env(first, "LLMP_TEST"));
}

static void client_env_fails(int code, const char *because) {
  llmp_client *c = NULL;
  CHECK_ERROR_SAYS(llmp_client_attach_env(&c, "LLMP_TEST", NULL), code, because);
  CHECK(c == NULL);
}

TEST(every_variable_of_a_client_must_be_set) {
  static const char *const needed[] = {"LLMP_TEST_SENDER",        "LLMP_TEST_SENDER_SIZE",
                                       "LLMP_TEST_SENDER_OFFSET", "LLMP_TEST_RECEIVER",
                                       "LLMP_TEST_RECEIVER_SIZE", "LLMP_TEST_RECEIVER_OFFSET"};
  describe_first();
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    CHECK_OK(llmp_client_to_env(first, "LLMP_TEST"));
    set(needed[i], NULL);
    client_env_fails(LLMP_E_NOTFOUND, needed[i]);
  }
  channel_close(first);
}

TEST(malformed_offsets_are_corrupt) {
  static const char *const bad[] = {
      "", "_null", "NULL", "-1", "x", "0x10", "99999999999999999999999"};
  describe_first();
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    set("LLMP_TEST_RECEIVER_OFFSET", bad[i]);
    client_env_fails(LLMP_E_CORRUPT, "LLMP_TEST_RECEIVER_OFFSET");
  }
  set("LLMP_TEST_RECEIVER_OFFSET", "_NULL");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    set("LLMP_TEST_SENDER_OFFSET", bad[i]);
    client_env_fails(LLMP_E_CORRUPT, "LLMP_TEST_SENDER_OFFSET");
  }
  channel_close(first);
}

TEST(an_offset_beyond_the_page_is_corrupt) {
  describe_first();
  set("LLMP_TEST_RECEIVER_OFFSET", "1048576");
  client_env_fails(LLMP_E_CORRUPT, "1048576");
  channel_close(first);
}

TEST(malformed_client_ids_are_corrupt) {
  static const char *const bad[] = {"", "x", "-1", "4294967296"};
  describe_first();
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    set("LLMP_TEST_SENDER_CLIENT_ID", bad[i]);
    client_env_fails(LLMP_E_CORRUPT, "LLMP_TEST_SENDER_CLIENT_ID");
  }
  channel_close(first);
}

TEST(halves_name_their_variables_too) {
  llmp_sender *s = NULL;
  llmp_receiver *r = NULL;
  CHECK_ERROR_SAYS(llmp_sender_attach_env(&s, "LLMP_NONE", NULL), LLMP_E_NOTFOUND, "LLMP_NONE");
  CHECK_ERROR_SAYS(llmp_receiver_attach_env(&r, "LLMP_NONE", NULL), LLMP_E_NOTFOUND, "LLMP_NONE");
  CHECK(s == NULL && r == NULL);
}

/* ------------------------------------------------------------ descriptions */

TEST(a_truncated_description_is_corrupt_at_every_length) {
  llmp_client_description d, out;
  unsigned char wire[LLMP_DESCRIPTION_MAX + 1];
  llmp_client *c = channel(1, NULL);
  CHECK_OK(llmp_client_describe(c, &d));
  const int n = llmp_description_encode(&d, wire, LLMP_DESCRIPTION_MAX);
  CHECK_OK(n);
  memset(&out, 0x5a, sizeof out);
  const llmp_client_description before = out;
  for (size_t len = 0; len < (size_t)n; len++) {
    unsigned char *cut = malloc(len == 0 ? 1 : len); /* exactly as long: no byte more is read */
    CHECK(cut != NULL);
    memcpy(cut, wire, len);
    CHECK_ERROR(llmp_description_decode(&out, cut, len), LLMP_E_CORRUPT);
    free(cut);
  }
  wire[n] = 0;
  CHECK_ERROR(llmp_description_decode(&out, wire, (size_t)n + 1), LLMP_E_CORRUPT);
  CHECK_BYTES(&out, sizeof out, &before, sizeof before);
  channel_close(c);
}

TEST(random_descriptions_are_decoded_or_refused_but_never_more) {
  uint64_t random = random_seed();
  for (int i = 0; i < 20000; i++) {
    unsigned char wire[LLMP_DESCRIPTION_MAX];
    llmp_client_description d;
    const size_t len = random_next(&random) % sizeof wire;
    fill(wire, len, random_next(&random));
    if (i % 2 == 0) { /* mostly zeros come further */
      for (size_t k = 0; k < len; k++) {
        wire[k] &= (unsigned char)-(wire[k] % 4 == 0);
      }
    }
    const int rc = llmp_description_decode(&d, wire, len);
    if (rc == 0) {
      unsigned char back[LLMP_DESCRIPTION_MAX];
      const int n = llmp_description_encode(&d, back, sizeof back);
      CHECK(n > 0 || n == LLMP_E_INVALID); /* an id without an end cannot be encoded */
    } else {
      CHECK_EQ(rc, LLMP_E_CORRUPT);
    }
  }
}

TEST(a_description_of_pages_that_are_gone_is_not_found) {
  llmp_client *c = channel(1, NULL), *heir = NULL;
  llmp_client_description d;
  CHECK_OK(llmp_client_describe(c, &d));
  channel_close(c);
  CHECK_ERROR(llmp_client_attach_description(&heir, &d, NULL), LLMP_E_NOTFOUND);
  CHECK(heir == NULL);
}
