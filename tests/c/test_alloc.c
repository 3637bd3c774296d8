/* Zero copy: alloc, shrink, commit, cancel. */
#include <stdlib.h>

#include "bus.h"

static unsigned char *open_on(llmp_client *c, size_t len) {
  void *payload = NULL;
  CHECK_OK(llmp_client_alloc(c, len, &payload));
  CHECK(payload != NULL);
  return payload;
}

/* Text without its NUL, as messages carry it. */
static void put(unsigned char *to, const char *text) {
  while (*text != '\0') {
    *to++ = (unsigned char)*text++;
  }
}

TEST(what_is_written_to_an_allocation_is_sent) {
  llmp_client *c = channel(5, NULL);
  llmp_msg m;
  put(open_on(c, 5), "hello");
  CHECK_EQ(llmp_client_recv(c, &m), 0); /* not before it is committed */
  CHECK_OK(llmp_client_commit(c, TAG, LLMP_FLAG_COMPRESSED, 5));
  CHECK_EQ(llmp_client_recv(c, &m), 1);
  check_text(&m, "hello");
  CHECK_EQ(m.flags, LLMP_FLAG_COMPRESSED);
  CHECK_EQ(m.sender, 5);
  channel_close(c);
}

TEST(a_commit_may_be_shorter_than_the_allocation) {
  llmp_client *c = channel(1, NULL);
  put(open_on(c, 1000), "short");
  CHECK_OK(llmp_client_commit(c, TAG, 0, 5));
  (void)open_on(c, 1000);
  CHECK_OK(llmp_client_commit(c, TAG, 0, 0));
  send_text(c, "next");
  expect_text(c, "short");
  expect_text(c, "");
  expect_text(c, "next");
  channel_close(c);
}

TEST(an_allocation_can_shrink_and_stays_open) {
  llmp_client *c = channel(1, NULL);
  unsigned char *payload = open_on(c, 1000);
  CHECK_OK(llmp_client_shrink(c, 100));
  CHECK_OK(llmp_client_shrink(c, 100));
  CHECK_ERROR_SAYS(llmp_client_shrink(c, 101), LLMP_E_INVALID, "do not fit");
  CHECK_ERROR_SAYS(llmp_client_commit(c, TAG, 0, 101), LLMP_E_INVALID, "do not fit");
  CHECK_OK(llmp_client_shrink(c, 3));
  put(payload, "abc");
  CHECK_OK(llmp_client_commit(c, TAG, 0, 3));
  expect_text(c, "abc");
  channel_close(c);
}

TEST(a_cancelled_allocation_was_never_there) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m;
  memset(open_on(c, 100), 'x', 100);
  CHECK_OK(llmp_client_cancel(c));
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  send_text(c, "after");
  CHECK_EQ(llmp_client_recv(c, &m), 1);
  check_text(&m, "after");
  CHECK_EQ(m.id, 1);
  channel_close(c);
}

TEST(without_an_allocation_there_is_nothing_to_finish) {
  llmp_client *c = channel(1, NULL);
  CHECK_ERROR_SAYS(llmp_client_commit(c, TAG, 0, 0), LLMP_E_INVALID, "alloc first");
  CHECK_ERROR_SAYS(llmp_client_shrink(c, 0), LLMP_E_INVALID, "alloc first");
  CHECK_ERROR_SAYS(llmp_client_cancel(c), LLMP_E_INVALID, "alloc first");
  (void)open_on(c, 10);
  CHECK_OK(llmp_client_commit(c, TAG, 0, 0));
  CHECK_ERROR(llmp_client_commit(c, TAG, 0, 0), LLMP_E_INVALID);
  (void)open_on(c, 10);
  CHECK_OK(llmp_client_cancel(c));
  CHECK_ERROR(llmp_client_cancel(c), LLMP_E_INVALID);
  channel_close(c);
}

TEST(one_allocation_is_open_at_a_time) {
  llmp_client *c = channel(1, NULL);
  const llmp_outgoing out = {TAG, 0, "x", 1};
  llmp_client_description d;
  void *second = &second;
  unsigned char *first = open_on(c, 5);
  CHECK_ERROR_SAYS(llmp_client_alloc(c, 5, &second), LLMP_E_BUSY, "commit or cancel");
  CHECK(second == (void *)&second);
  CHECK_ERROR(llmp_client_send(c, TAG, "x", 1), LLMP_E_BUSY);
  CHECK_ERROR(llmp_client_send_many(c, &out, 1), LLMP_E_BUSY);
  CHECK_ERROR(llmp_client_announce(c, "1", 1 * MIB), LLMP_E_BUSY);
  CHECK_ERROR(llmp_client_to_env(c, "LLMP_TEST_OPEN"), LLMP_E_BUSY);
  CHECK_ERROR(llmp_client_describe(c, &d), LLMP_E_BUSY);
  put(first, "still");
  CHECK_OK(llmp_client_commit(c, TAG, 0, 5));
  expect_text(c, "still");
  CHECK_OK(llmp_client_describe(c, &d));
  channel_close(c);
}

TEST(a_reserved_tag_leaves_the_allocation_open) {
  llmp_client *c = channel(1, NULL);
  put(open_on(c, 4), "kept");
  CHECK_ERROR(llmp_client_commit(c, LLMP_TAG_END_OF_PAGE, 0, 4), LLMP_E_INVALID);
  CHECK_OK(llmp_client_commit(c, TAG, 0, 4));
  expect_text(c, "kept");
  channel_close(c);
}

TEST(an_allocation_may_need_a_new_page) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.page_size = 4096;
  llmp_client *c = channel(1, &o);
  for (uint64_t i = 0; i < 50; i++) {
    const size_t len = (size_t)i * 2000;
    llmp_msg m;
    fill(open_on(c, len), len, i);
    CHECK_OK(llmp_client_commit(c, TAG, 0, len));
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    CHECK_EQ(m.len, len);
    check_filled(m.data, m.len, i);
  }
  channel_close(c);
}

TEST(allocate_shrink_and_cancel_in_any_order) {
  uint64_t random = random_seed();
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.page_size = 4096;
  llmp_client *c = channel(1, &o);
  for (int i = 0; i < 5000; i++) {
    size_t len = random_next(&random) % 5000;
    unsigned char *payload = open_on(c, len);
    memset(payload, 0xa5, len);
    while (random_next(&random) % 3 == 0) {
      len = random_next(&random) % (len + 1);
      CHECK_OK(llmp_client_shrink(c, len));
    }
    if (random_next(&random) % 4 == 0) {
      CHECK_OK(llmp_client_cancel(c));
      continue;
    }
    const uint64_t seed = random_next(&random);
    const size_t used = random_next(&random) % (len + 1);
    llmp_msg m;
    fill(payload, used, seed);
    CHECK_OK(llmp_client_commit(c, TAG, 0, used));
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    CHECK_EQ(m.len, used);
    check_filled(m.data, m.len, seed);
  }
  channel_close(c);
}

TEST(alloc_needs_somewhere_to_put_the_address) {
  llmp_client *c = channel(1, NULL);
  CHECK_ERROR_SAYS(llmp_client_alloc(c, 1, NULL), LLMP_E_INVALID, "payload is NULL");
  CHECK_ERROR(llmp_client_cancel(c), LLMP_E_INVALID); /* and none is open now */
  channel_close(c);
}
