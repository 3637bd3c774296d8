/* llmp_testcase_send and the other events that a harness sends. */
#include <stdlib.h>
#include <time.h>

#include "_cgo_export.h"
#include "error.h"
#include "event.h"
#include "event_codec.h"
#include "go_call.h"
#include "options.h"
#include "send.h"
#include "utf8.h"

/* An event under way. */
struct outgoing_event {
  uint32_t kind; /* EVENT_* */
  union {
    struct event_input input;
    struct event_figure figure;
  };
  struct event_stats stats;
};

/* Writes, or measures when w->to is NULL. */
static void put_event(struct event_writer *w, const struct outgoing_event *e) {
  switch (e->kind) {
    case EVENT_NEW_TESTCASE:
      event_put_testcase(w, &e->input);
      break;
    case EVENT_OBJECTIVE:
      event_put_objective(w, &e->input);
      break;
    case EVENT_USER_STATS:
      event_put_figure(w, &e->figure);
      break;
    default:
      event_put(w, EVENT_HEARTBEAT);
      break;
  }
  event_put_stats(w, &e->stats);
}

/* Straight into the page. */
static int send_plain(struct handle *h, const struct outgoing_event *e, size_t len) {
  struct event_writer w = {0};
  const int rc = send_open(h, len, &w.to);
  if (unlikely(rc != 0)) {
    return rc;
  }
  put_event(&w, e);
  page_finish(&h->send.cur, LLMP_TAG_LIBAFL_EVENT, 0, h->send.cur.sender_id);
  send_publish(h);
  return 0;
}

/* By way of two buffers: how long the compressed form is, is known when it is
 * there. */
static int send_compressed(struct handle *h, const struct outgoing_event *e, size_t len) {
  struct event_buffer small = {0};
  struct event_writer w = {malloc(len), 0};
  struct go_result r = {0};
  if (w.to == NULL) {
    return error_set(LLMP_E_NOMEM, "no memory for an event of %zu bytes", len);
  }
  put_event(&w, e);
  if (len <= EVENT_DEFLATE_AT_ONCE) {
    GO_CALL(go_event_deflate(w.to, len, &small, &r));
  } else {
    GO_AWAIT(&r, go_event_deflate_later(w.to, len, &small, &r));
  }
  free(w.to);
  int rc = go_outcome(&r);
  if (rc == 0) {
    rc = send_message(h, LLMP_TAG_LIBAFL_EVENT, LLMP_FLAG_COMPRESSED, small.data, small.len);
  }
  free(small.data);
  return rc;
}

static int send_event(struct handle *h, const struct outgoing_event *e) {
  struct event_writer measure = {0};
  put_event(&measure, e);
  /* A plain event is sent whatever its length; what can refuse one here is an
   * open allocation, and compressing would be for nothing. */
  if (unlikely(h->send.cur.open_off != 0)) {
    return send_refuse(h, LLMP_TAG_LIBAFL_EVENT, "", 0);
  }
  return measure.len < EVENT_COMPRESS_FROM ? send_plain(h, e, measure.len)
                                           : send_compressed(h, e, measure.len);
}

static struct event_stats stats_now(uint64_t executions) {
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (struct event_stats){(uint64_t)now.tv_sec, (uint32_t)now.tv_nsec, executions};
}

static int check_testcase(const llmp_testcase *t) {
  if (t->kind != LLMP_EVENT_TESTCASE && t->kind != LLMP_EVENT_OBJECTIVE) {
    return error_set(LLMP_E_INVALID, "kind is %u, want LLMP_EVENT_TESTCASE or LLMP_EVENT_OBJECTIVE",
                     t->kind);
  }
  if (t->kind == LLMP_EVENT_TESTCASE && t->exit_kind >= LLMP_EXIT_DIFF) {
    return error_set(LLMP_E_INVALID, "exit_kind is %u, want LLMP_EXIT_OK to LLMP_EXIT_TIMEOUT",
                     t->exit_kind);
  }
  if (t->data == NULL && t->len != 0) {
    return error_set(LLMP_E_INVALID, "data is NULL, and len is %zu", t->len);
  }
  if (t->len > WIRE_MAX_PAYLOAD) {
    return error_set(LLMP_E_TOOBIG, "a test case of %zu bytes; the largest is %u", t->len,
                     WIRE_MAX_PAYLOAD);
  }
  return 0;
}

int llmp_testcase_send(llmp_client *c, const llmp_testcase *t) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  llmp_testcase in;
  int rc = options_read(&in, sizeof in, t, "llmp_testcase");
  if (rc == 0) {
    rc = check_testcase(&in);
  }
  if (rc != 0) {
    return rc;
  }
  struct outgoing_event e = {.kind = in.kind, .stats = stats_now(in.executions)};
  e.input = (struct event_input){in.data, in.len, in.corpus_size, in.exit_kind};
  if (in.time_ns != 0) {
    e.stats.seconds = in.time_ns / EVENT_NANOS;
    e.stats.nanos = (uint32_t)(in.time_ns % EVENT_NANOS);
  }
  return send_event(h, &e);
}

int llmp_heartbeat_send(llmp_client *c, uint64_t executions) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  const struct outgoing_event e = {.kind = EVENT_HEARTBEAT, .stats = stats_now(executions)};
  return send_event(h, &e);
}

enum { LONGEST_TEXT = 65535 }; /* bytes */

/* Takes a string that a monitor will show: 0, or why it cannot. */
static int take_text(const char *text, const char *field, const char **to, size_t *len) {
  if (text == NULL) {
    return error_set(LLMP_E_INVALID, "llmp_user_stat.%s is NULL", field);
  }
  *to = text;
  *len = strnlen(text, LONGEST_TEXT + 1);
  if (*len > LONGEST_TEXT) {
    return error_set(LLMP_E_INVALID, "llmp_user_stat.%s is longer than %d bytes", field,
                     LONGEST_TEXT);
  }
  if (!utf8_valid(text, *len)) {
    return error_set(LLMP_E_INVALID,
                     "llmp_user_stat.%s is not UTF-8: a LibAFL fuzzer would end with an error",
                     field);
  }
  return 0;
}

static int take_figure(const llmp_user_stat *s, struct event_figure *f) {
  if (s->value >= EVENT_STAT_VALUES) {
    return error_set(LLMP_E_INVALID, "value is %u, want an LLMP_STAT_ constant", s->value);
  }
  if (s->aggregate >= EVENT_AGGREGATES) {
    return error_set(LLMP_E_INVALID, "aggregate is %u, want an LLMP_AGGREGATE_ constant",
                     s->aggregate);
  }
  *f = (struct event_figure){.tag = s->tag,
                             .value = s->value,
                             .aggregate = s->aggregate,
                             .number = s->number,
                             .whole = s->whole,
                             .real = s->real};
  const int rc = take_text(s->name, "name", &f->name, &f->name_len);
  return rc == 0 && s->value == LLMP_STAT_TEXT ? take_text(s->text, "text", &f->text, &f->text_len)
                                               : rc;
}

int llmp_user_stat_send(llmp_client *c, const llmp_user_stat *s) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  llmp_user_stat in;
  int rc = options_read(&in, sizeof in, s, "llmp_user_stat");
  if (rc != 0) {
    return rc;
  }
  struct outgoing_event e = {.kind = EVENT_USER_STATS, .stats = stats_now(in.executions)};
  rc = take_figure(&in, &e.figure);
  return rc != 0 ? rc : send_event(h, &e);
}
