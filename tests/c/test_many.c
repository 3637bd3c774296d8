/* Batches: send_many and recv_many. */
#include <stdlib.h>

#include "bus.h"

enum { COUNT = 100 };

/* COUNT messages of a number each. */
static void number_messages(llmp_outgoing *out, uint64_t *numbers, size_t n) {
  for (size_t i = 0; i < n; i++) {
    numbers[i] = i;
    out[i] = (llmp_outgoing){TAG, (uint32_t)i, &numbers[i], sizeof numbers[i]};
  }
}

static void check_numbers(const llmp_msg *m, size_t n, uint64_t first) {
  for (size_t i = 0; i < n; i++) {
    const uint64_t want = first + i;
    CHECK_EQ(m[i].tag, TAG);
    CHECK_EQ(m[i].flags, want);
    CHECK_BYTES(m[i].data, m[i].len, &want, sizeof want);
  }
}

TEST(many_are_sent_and_received_at_once) {
  llmp_client *c = channel(1, NULL);
  llmp_outgoing out[COUNT];
  uint64_t numbers[COUNT];
  llmp_msg in[COUNT + 1];
  number_messages(out, numbers, COUNT);
  CHECK_EQ(llmp_client_send_many(c, out, COUNT), COUNT);
  CHECK_EQ(llmp_client_recv_many(c, in, COUNT + 1), COUNT);
  check_numbers(in, COUNT, 0);
  CHECK_EQ(llmp_client_recv_many(c, in, COUNT + 1), 0);
  channel_close(c);
}

TEST(no_more_are_received_than_there_is_room_for) {
  llmp_client *c = channel(1, NULL);
  llmp_outgoing out[COUNT];
  uint64_t numbers[COUNT];
  llmp_msg in[COUNT];
  number_messages(out, numbers, COUNT);
  CHECK_EQ(llmp_client_send_many(c, out, COUNT), COUNT);
  CHECK_EQ(llmp_client_recv_many(c, in, 30), 30);
  check_numbers(in, 30, 0);
  CHECK_EQ(llmp_client_recv(c, in), 1);
  check_numbers(in, 1, 30);
  CHECK_EQ(llmp_client_recv_many(c, in, COUNT), COUNT - 31);
  check_numbers(in, COUNT - 31, 31);
  channel_close(c);
}

TEST(none_is_as_many_as_asked_for) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m = {.tag = 99};
  CHECK_EQ(llmp_client_send_many(c, NULL, 0), 0);
  CHECK_EQ(llmp_client_recv_many(c, &m, 0), 0);
  send_text(c, "one");
  CHECK_EQ(llmp_client_recv_many(c, &m, 0), 0);
  CHECK_EQ(m.tag, 99);
  expect_text(c, "one");
  channel_close(c);
}

TEST(a_batch_rolls_over_pages) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.page_size = 4096;
  o.max_pending_pages = 64;
  llmp_client *c = channel(1, &o);
  enum { MANY = 1000 };
  llmp_outgoing *out = calloc(MANY, sizeof *out);
  uint64_t *numbers = calloc(MANY, sizeof *numbers);
  llmp_msg in[COUNT];
  CHECK(out != NULL && numbers != NULL);
  number_messages(out, numbers, MANY);
  CHECK_EQ(llmp_client_send_many(c, out, MANY), MANY);
  for (uint64_t got = 0; got < MANY;) {
    const int n = llmp_client_recv_many(c, in, COUNT);
    CHECK_GT(n, 0);
    check_numbers(in, (size_t)n, got);
    got += (uint64_t)n;
  }
  CHECK_EQ(llmp_client_recv(c, in), 0);
  free(out);
  free(numbers);
  channel_close(c);
}

TEST(what_came_before_a_bad_one_is_sent) {
  llmp_client *c = channel(1, NULL);
  const llmp_outgoing out[] = {
      {TAG, 0, "good", 4}, {LLMP_TAG_EXITING, 0, "bad", 3}, {TAG, 0, "late", 4}};
  llmp_msg m;
  CHECK_EQ(llmp_client_send_many(c, out, 3), 1);
  expect_text(c, "good");
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  CHECK_ERROR_SAYS(llmp_client_send_many(c, out + 1, 2), LLMP_E_INVALID, "tag");
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  channel_close(c);
}

TEST(a_batch_stops_where_the_bus_is_full) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.page_size = 4096;
  o.max_pending_pages = 2;
  o.send_timeout_ms = LLMP_DONT_WAIT;
  llmp_client *c = channel(1, &o);
  enum { MANY = 10000 };
  llmp_outgoing *out = calloc(MANY, sizeof *out);
  uint64_t *numbers = calloc(MANY, sizeof *numbers);
  llmp_msg m;
  CHECK(out != NULL && numbers != NULL);
  number_messages(out, numbers, MANY);
  const int sent = llmp_client_send_many(c, out, MANY);
  CHECK_GT(sent, 0);
  CHECK_LT(sent, MANY);
  CHECK_ERROR(llmp_client_send_many(c, out, MANY), LLMP_E_FULL);
  for (int i = 0; i < sent; i++) {
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    check_numbers(&m, 1, (uint64_t)i);
  }
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  send_text(c, "there is room again");
  expect_text(c, "there is room again");
  free(out);
  free(numbers);
  channel_close(c);
}

TEST(bad_batches_are_refused) {
  llmp_client *c = channel(1, NULL);
  const llmp_outgoing no_data = {TAG, 0, NULL, 3};
  llmp_msg m;
  CHECK_ERROR_SAYS(llmp_client_send_many(c, NULL, 3), LLMP_E_INVALID, "msgs is NULL");
  CHECK_ERROR_SAYS(llmp_client_send_many(c, &no_data, 1), LLMP_E_INVALID, "data is NULL");
  CHECK_ERROR(llmp_client_send_many(c, &no_data, SIZE_MAX), LLMP_E_INVALID);
  CHECK_ERROR_SAYS(llmp_client_recv_many(c, NULL, 3), LLMP_E_INVALID, "out is NULL");
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  channel_close(c);
}
