/* event_support.h - what the tests of events share. */
#ifndef EVENT_SUPPORT_H
#define EVENT_SUPPORT_H

#include <stdlib.h>

#include "bus.h"

static inline llmp_event_counts counts_of(const llmp_client *c) {
  llmp_event_counts n = {sizeof n, 0, 0, 0, 0, 0, 0, 0};
  CHECK_OK(llmp_client_event_counts(c, &n));
  return n;
}

/* The sum of all that was passed over. */
static inline uint64_t passed_over(const llmp_client *c) {
  const llmp_event_counts n = counts_of(c);
  return n.other + n.foreign + n.unknown + n.malformed + n.too_big;
}

/* 0: the default. */
static inline void setup(llmp_client *c, uint64_t max_size, uint32_t objectives) {
  llmp_event_options o = LLMP_EVENT_OPTIONS_INIT;
  o.max_size = max_size;
  o.objectives = objectives;
  CHECK_OK(llmp_client_event_setup(c, &o));
}

static inline int send_data(llmp_client *c, const void *data, size_t len) {
  llmp_testcase t = LLMP_TESTCASE_INIT;
  t.data = data;
  t.len = len;
  return llmp_testcase_send(c, &t);
}

/* A message with an event from another client. */
static inline llmp_msg event_of(const void *data, size_t len, uint32_t flags) {
  const llmp_msg m = {LLMP_TAG_LIBAFL_EVENT, 5, flags, 0, 1, data, len};
  return m;
}

/* The next message as it is on the bus. */
static inline llmp_msg raw(llmp_client *c) {
  llmp_msg m = {0};
  CHECK_EQ(llmp_client_recv(c, &m), 1);
  return m;
}

#endif /* EVENT_SUPPORT_H */
