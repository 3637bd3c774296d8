/* llmp_testcase_recv and what belongs to it: receiving test cases. */
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"
#include "error.h"
#include "event.h"
#include "event_codec.h"
#include "go_call.h"
#include "options.h"
#include "recv.h"
#include "wait.h"

static uint64_t max_size(const struct event_part *e) {
  return e->max_size != 0 ? e->max_size : EVENT_DEFAULT_MAX_SIZE;
}

/* Decompresses a payload into e->inflated: 0; 1 when it was counted and is to
 * be passed over; or LLMP_E_NOMEM, or a bug's error. */
static int inflate(struct event_part *e, const llmp_msg *m) {
  struct go_result r = {0};
  unsigned char *data = (unsigned char *)m->data;
  if (m->len <= EVENT_INFLATE_AT_ONCE) {
    GO_CALL(go_event_inflate(data, m->len, max_size(e), &e->inflated, &r));
  } else {
    GO_AWAIT(&r, go_event_inflate_later(data, m->len, max_size(e), &e->inflated, &r));
  }
  switch (r.code) {
    case LLMP_E_TOOBIG:
      e->too_big++;
      return 1;
    case LLMP_E_CORRUPT:
      e->malformed++;
      return 1;
    default:
      return go_outcome(&r);
  }
}

/* Nanoseconds since 1970, as far as 64 bits reach. */
static uint64_t time_of(const struct event_stats *s) {
  const uint64_t rest = UINT64_MAX - s->nanos;
  return s->seconds > rest / EVENT_NANOS ? UINT64_MAX : s->seconds * EVENT_NANOS + s->nanos;
}

static void give(llmp_testcase *out, uint32_t kind, const struct event_input *in,
                 const struct event_stats *stats, const llmp_msg *m) {
  const llmp_testcase full = {
      .kind = kind,
      .exit_kind = in->exit_kind,
      .data = in->data,
      .len = in->len,
      .corpus_size = in->count,
      .executions = stats->executions,
      .time_ns = time_of(stats),
      .sender = m->sender,
      .flags = m->flags,
  };
  options_give(out, &full, sizeof full);
}

/* Looks at a message: 1 and *out, 0 when it was counted and passed over, or an
 * error. */
static int look(struct event_part *e, const llmp_msg *m, llmp_testcase *out) {
  const unsigned char *data = m->data;
  size_t len = m->len;
  event_buffer_trim(&e->inflated);
  if (m->tag != LLMP_TAG_LIBAFL_EVENT) {
    e->foreign++;
    return 0;
  }
  if ((m->flags & LLMP_FLAG_COMPRESSED) != 0) {
    const int rc = inflate(e, m);
    if (rc != 0) {
      return rc < 0 ? rc : 0;
    }
    data = e->inflated.data;
    len = e->inflated.len;
  } else if (len > max_size(e)) {
    e->too_big++;
    return 0;
  }
  if (len == 0) { /* data may be NULL */
    e->malformed++;
    return 0;
  }
  uint32_t kind;
  struct event_input in = {0};
  struct event_stats stats = {0};
  switch (event_decode(data, len, &kind, &in, &stats)) {
    case EVENT_FOUND_INPUT:
      break;
    case EVENT_FOUND_OTHER:
      e->other++;
      return 0;
    case EVENT_FOUND_UNKNOWN:
      e->unknown++;
      return 0;
    default:
      e->malformed++;
      return 0;
  }
  if (kind == EVENT_OBJECTIVE && e->objectives == 0) {
    e->other++;
    return 0;
  }
  if (kind == EVENT_OBJECTIVE) {
    e->given_objectives++;
  } else {
    e->testcases++;
  }
  give(out, kind, &in, &stats, m);
  return 1;
}

static int check_out(const llmp_testcase *out) {
  return options_check_size(out, "llmp_testcase");
}

/* The next test case of those that are there. */
static int next(struct handle *h, llmp_testcase *out) {
  for (;;) {
    llmp_msg m = {0};
    int rc = recv_message(h, &m);
    if (rc == 1) {
      rc = look(&h->events, &m, out);
      if (rc == 0) {
        continue;
      }
    }
    return rc;
  }
}

int llmp_testcase_recv(llmp_client *c, llmp_testcase *out) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  const int rc = check_out(out);
  return rc != 0 ? rc : next(h, out);
}

/* What is left until a deadline as a time-out, rounded up. */
static int64_t left_ms(int64_t deadline) {
  const int64_t left = wait_left(deadline);
  if (left == WAIT_NO_LIMIT) {
    return LLMP_WAIT_FOREVER;
  }
  return left / WAIT_MILLISECOND + (left % WAIT_MILLISECOND != 0);
}

int llmp_testcase_recv_wait(llmp_client *c, llmp_testcase *out, int64_t timeout_ms) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  int rc = check_out(out);
  if (rc == 0) {
    rc = next(h, out);
  }
  if (rc != 0 || timeout_ms == 0) {
    return rc;
  }
  const int64_t deadline = wait_deadline(timeout_ms);
  for (;;) {
    llmp_msg m = {0};
    const int64_t left = left_ms(deadline);
    rc = left == 0 ? 0 : recv_wait(h, &m, left);
    if (rc != 1) {
      return rc;
    }
    rc = look(&h->events, &m, out);
    if (rc != 0) {
      return rc;
    }
  }
}

int llmp_testcase_decode(llmp_client *c, const llmp_msg *m, llmp_testcase *out) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  const int rc = check_out(out);
  if (rc != 0) {
    return rc;
  }
  if (m == NULL || (m->data == NULL && m->len != 0)) {
    return error_set(LLMP_E_INVALID, "the message or its data is NULL");
  }
  return look(&h->events, m, out);
}

int llmp_client_event_setup(llmp_client *c, const llmp_event_options *opts) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  llmp_event_options in = LLMP_EVENT_OPTIONS_INIT;
  if (opts != NULL) {
    const int rc = options_read(&in, sizeof in, opts, "llmp_event_options");
    if (rc != 0) {
      return rc;
    }
  }
  if (in.reserved != 0) {
    return error_set(LLMP_E_INVALID, "llmp_event_options.reserved is %u, want 0", in.reserved);
  }
  if (in.max_size != 0 &&
      (in.max_size < EVENT_SMALLEST_MAX_SIZE || in.max_size > WIRE_MAX_PAYLOAD)) {
    return error_set(LLMP_E_INVALID, "llmp_event_options.max_size is %llu, want %u to %u",
                     (unsigned long long)in.max_size, EVENT_SMALLEST_MAX_SIZE, WIRE_MAX_PAYLOAD);
  }
  h->events.max_size = in.max_size;
  h->events.objectives = in.objectives;
  return 0;
}

int llmp_client_event_counts(const llmp_client *c, llmp_event_counts *out) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  const int rc = options_check_size(out, "llmp_event_counts");
  if (rc != 0) {
    return rc;
  }
  const struct event_part *e = &h->events;
  const llmp_event_counts full = {
      .testcases = e->testcases,
      .objectives = e->given_objectives,
      .other = e->other,
      .foreign = e->foreign,
      .unknown = e->unknown,
      .malformed = e->malformed,
      .too_big = e->too_big,
  };
  options_give(out, &full, sizeof full);
  return 0;
}
