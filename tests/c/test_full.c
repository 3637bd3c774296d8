/* A full bus: what a sender does when nobody reads. */
#include <time.h>

#include "bus.h"

enum { SIZE = 3000 };

static void small_pages(llmp_client_options *o, int64_t send_timeout_ms) {
  *o = (llmp_client_options)LLMP_CLIENT_OPTIONS_INIT;
  o->page_size = 4096;
  o->max_pending_pages = 3;
  o->send_timeout_ms = send_timeout_ms;
}

/* Sends until it is full; returns how many were sent. */
static uint64_t fill_up(llmp_sender *s) {
  char data[SIZE];
  for (uint64_t i = 0;; i++) {
    fill(data, sizeof data, i);
    const int rc = llmp_sender_send(s, TAG, data, sizeof data);
    if (rc != 0) {
      CHECK_ERROR(rc, LLMP_E_FULL);
      return i;
    }
    CHECK_LT(i, 100);
  }
}

static void drain(llmp_receiver *r, uint64_t first, uint64_t last) {
  for (uint64_t i = first; i < last; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_receiver_recv(r, &m), 1);
    CHECK_EQ(m.len, SIZE);
    check_filled(m.data, m.len, i);
  }
}

TEST(a_full_bus_says_so_at_once_and_loses_nothing) {
  struct pipe p;
  llmp_client_options o;
  void *payload = &payload;
  small_pages(&o, LLMP_DONT_WAIT);
  pipe_open(&p, &o);
  for (int round = 0; round < 20; round++) {
    const uint64_t sent = fill_up(p.to);
    CHECK_GE(sent, 3);
    CHECK_ERROR(llmp_sender_alloc(p.to, SIZE, &payload), LLMP_E_FULL);
    CHECK(payload == (void *)&payload);
    drain(p.from, 0, sent);
  }
  pipe_close(&p);
}

TEST(a_full_bus_is_waited_for_as_long_as_the_options_say) {
  struct pipe p;
  llmp_client_options o;
  struct timespec before, after;
  char data[SIZE] = {0};
  small_pages(&o, 50);
  pipe_open(&p, &o);
  (void)fill_up(p.to);
  CHECK_SYS(clock_gettime(CLOCK_MONOTONIC, &before));
  CHECK_ERROR(llmp_sender_send(p.to, TAG, data, sizeof data), LLMP_E_FULL);
  CHECK_SYS(clock_gettime(CLOCK_MONOTONIC, &after));
  const int64_t ms =
      (after.tv_sec - before.tv_sec) * INT64_C(1000) + (after.tv_nsec - before.tv_nsec) / 1000000;
  CHECK_GE(ms, 49);
  pipe_close(&p);
}

/* Reads everything, slowly at first. */
static void *read_all(void *argument) {
  for (uint64_t i = 0; i < 1000; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_receiver_recv_wait(argument, &m, SOON_MS), 1);
    check_filled(m.data, m.len, i);
  }
  return NULL;
}

TEST(a_waiting_sender_goes_on_when_there_is_room) {
  struct pipe p;
  llmp_client_options o;
  pthread_t reader;
  char data[SIZE];
  small_pages(&o, LLMP_DONT_WAIT);
  pipe_open(&p, &o);
  const uint64_t sent = fill_up(p.to);
  drain(p.from, 0, sent);
  pipe_close(&p);

  small_pages(&o, 0); /* the default: as long as it takes */
  pipe_open(&p, &o);
  for (uint64_t i = 0; i < 1000; i++) {
    fill(data, sizeof data, i);
    CHECK_OK(llmp_sender_send(p.to, TAG, data, sizeof data));
    if (i == 1) {
      thread_start(&reader, read_all, p.from);
    }
  }
  thread_join(reader);
  pipe_close(&p);
}

TEST(a_sender_that_waits_for_nobody_is_told_so) {
  struct pipe p;
  llmp_client_options o;
  char data[SIZE] = {0};
  small_pages(&o, LLMP_WAIT_FOREVER);
  pipe_open(&p, &o);
  CHECK_OK(llmp_receiver_close(p.from));
  int rc = 0;
  for (int i = 0; i < 100 && rc == 0; i++) {
    rc = llmp_sender_send(p.to, TAG, data, sizeof data);
  }
  CHECK_ERROR_SAYS(rc, LLMP_E_CLOSED, "connect anew");
  (void)llmp_sender_close(p.to);
}

TEST(two_pages_may_wait_at_least_and_1024_at_most) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  llmp_sender *s = NULL;
  static const uint32_t bad[] = {1, 1025, UINT32_MAX};
  static const uint32_t good[] = {0, 2, 1024};
  for (size_t i = 0; i < 3; i++) {
    o.max_pending_pages = bad[i];
    CHECK_ERROR(llmp_sender_new(&s, 1, &o), LLMP_E_INVALID);
    o.max_pending_pages = good[i];
    CHECK_OK(llmp_sender_new(&s, 1, &o));
    CHECK_OK(llmp_sender_mark_safe_to_unmap(s));
    CHECK_OK(llmp_sender_close(s));
    s = NULL;
  }
}
