/* Structs that start with their size: older, newer, wrong. */
#include <stdlib.h>

#include "bus.h"

/* A client with these options can be made, and works. */
static void works(const llmp_client_options *o) {
  llmp_client *c = channel(1, o);
  send_text(c, "works");
  expect_text(c, "works");
  channel_close(c);
}

static void refused(const llmp_client_options *o, const char *because) {
  llmp_client *c = NULL;
  llmp_sender *s = NULL;
  CHECK_ERROR_SAYS(llmp_client_new_p2p(&c, 1, o), LLMP_E_INVALID, because);
  CHECK_ERROR_SAYS(llmp_client_connect(&c, 1, o), LLMP_E_INVALID, because);
  CHECK_ERROR_SAYS(llmp_sender_new(&s, 1, o), LLMP_E_INVALID, because);
  CHECK(c == NULL && s == NULL);
}

/* Where exactly a struct ends, AddressSanitizer sees what is read beyond. */
static void *cut(const void *from, size_t size) {
  void *copy = malloc(size);
  CHECK(copy != NULL);
  memcpy(copy, from, size);
  return copy;
}

TEST(an_older_shorter_struct_means_defaults_for_the_rest) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  const size_t sizes[] = {sizeof(size_t), offsetof(llmp_client_options, page_size),
                          offsetof(llmp_client_options, spin_us)};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    o.size = sizes[i];
    llmp_client_options *older = cut(&o, sizes[i]);
    works(older);
    free(older);
  }
}

TEST(what_an_older_struct_sets_counts) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  llmp_map map;
  o.page_size = 8192;
  o.size = offsetof(llmp_client_options, send_timeout_ms);
  llmp_client_options *older = cut(&o, o.size);
  llmp_client *c = channel(1, older);
  CHECK_OK(llmp_client_map(c, &map));
  CHECK_EQ(map.size, 8192);
  channel_close(c);
  free(older);
}

TEST(a_newer_longer_struct_works_while_its_tail_is_zero) {
  struct {
    llmp_client_options known;
    uint64_t unknown[2];
  } newer = {LLMP_CLIENT_OPTIONS_INIT, {0, 0}};
  newer.known.size = sizeof newer;
  works(&newer.known);
  newer.unknown[1] = 1;
  refused(&newer.known, "does not know");
}

TEST(a_size_that_cannot_be_is_refused) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, 1 << 20, SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    o.size = sizes[i];
    refused(&o, "size");
  }
}

TEST(bad_client_options_are_refused) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  static const uint64_t pages[] = {1, 4095, 4097, 5000, (uint64_t)1 << 31, UINT64_MAX};
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    o.page_size = pages[i];
    llmp_sender *s = NULL;
    CHECK_ERROR_SAYS(llmp_sender_new(&s, 1, &o), LLMP_E_INVALID, "page size");
    CHECK(s == NULL);
  }
  o = (llmp_client_options)LLMP_CLIENT_OPTIONS_INIT;
  o.send_timeout_ms = -3;
  refused(&o, "send_timeout_ms");
  o.send_timeout_ms = 0;
  o.connect_timeout_ms = INT64_MIN;
  refused(&o, "connect_timeout_ms");
  o.connect_timeout_ms = 0;
  o.reserved = 1;
  refused(&o, "reserved");
  o.reserved = 0;
  o.provider = "nonesuch";
  refused(&o, "nonesuch");
  o.provider = "";
  refused(&o, "provider");
}

TEST(pages_from_4096_bytes_on_can_be_chosen) {
  for (uint64_t size = 4096; size <= 64 * MIB; size *= 4) {
    llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
    llmp_map map;
    o.page_size = size;
    llmp_client *c = channel(1, &o);
    CHECK_OK(llmp_client_map(c, &map));
    CHECK_EQ(map.size, size);
    channel_close(c);
  }
}

TEST(broker_options_follow_the_same_rules) {
  struct {
    llmp_broker_options known;
    uint64_t unknown;
  } newer = {LLMP_BROKER_OPTIONS_INIT, 0};
  llmp_broker *b = NULL;
  newer.known.size = sizeof newer;
  CHECK_OK(llmp_broker_new(&b, &newer.known));
  CHECK_OK(llmp_broker_close(b));
  b = NULL;
  newer.unknown = 1;
  CHECK_ERROR_SAYS(llmp_broker_new(&b, &newer.known), LLMP_E_INVALID, "does not know");
  newer.known.size = 3;
  CHECK_ERROR_SAYS(llmp_broker_new(&b, &newer.known), LLMP_E_INVALID, "size");
  newer.known.size = offsetof(llmp_broker_options, page_size);
  llmp_broker_options *older = cut(&newer, newer.known.size);
  CHECK(b == NULL);
  CHECK_OK(llmp_broker_new(&b, older));
  CHECK_OK(llmp_broker_close(b));
  free(older);
}

static void broker_refused(const llmp_broker_options *o, const char *because) {
  llmp_broker *b = NULL;
  CHECK_ERROR_SAYS(llmp_broker_new(&b, o), LLMP_E_INVALID, because);
  CHECK(b == NULL);
}

TEST(bad_broker_options_are_refused) {
  llmp_broker_options o = LLMP_BROKER_OPTIONS_INIT;
  o.provider = "nonesuch";
  broker_refused(&o, "nonesuch");
  o.provider = NULL;
  o.page_size = 100;
  broker_refused(&o, "page size");
  o.page_size = 0;
  static const char *const histories[] = {"some", "-1", "64MiBs", "1e9"};
  for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
    o.history = histories[i];
    broker_refused(&o, "history");
  }
  o.history = NULL;
  o.slow_timeout_ms = -2;
  broker_refused(&o, "slow_timeout_ms");
}

TEST(stats_are_filled_as_far_as_they_go) {
  llmp_broker *b = NULL;
  union {
    llmp_stats known;
    unsigned char bytes[sizeof(llmp_stats) + 64];
  } s;
  CHECK_OK(llmp_broker_new(&b, NULL));
  CHECK_OK(llmp_broker_send(b, TAG, 0, "x", 1));

  memset(&s, 0xff, sizeof s); /* an older program's, shorter */
  s.known.size = offsetof(llmp_stats, dropped);
  CHECK_OK(llmp_broker_stats(b, &s.known));
  CHECK_EQ(s.known.size, offsetof(llmp_stats, dropped));
  CHECK_EQ(s.known.forwarded, 1);
  CHECK_EQ(s.bytes[offsetof(llmp_stats, dropped)], 0xff);

  memset(&s, 0xff, sizeof s); /* a newer program's, longer */
  s.known.size = sizeof s;
  CHECK_OK(llmp_broker_stats(b, &s.known));
  CHECK_EQ(s.known.size, sizeof s);
  CHECK_EQ(s.known.forwarded, 1);
  CHECK_EQ(s.bytes[sizeof s - 1], 0);

  memset(&s, 0xff, sizeof s);
  s.known.size = 0;
  CHECK_ERROR_SAYS(llmp_broker_stats(b, &s.known), LLMP_E_INVALID, "size");
  CHECK_EQ(s.bytes[offsetof(llmp_stats, clients)], 0xff);
  CHECK_OK(llmp_broker_close(b));
}
