/*
 * event_codec.h - writing and reading LibAFL's events: the postcard encoding of
 * EventWithStats<BytesInput>.
 *
 * The C twin of llmp/event/encode.go and decode.go, for the events that a
 * harness sends and receives; held to the same bytes by internal/cevent. Needs
 * no Go and no memory of its own: what is read points into the payload.
 *
 * A payload may lie in shared memory that its sender can still write to: each
 * byte that decides something is read once, and what was checked is what is
 * used. The input itself can change until it is copied.
 */
#ifndef LLMP_EVENT_CODEC_H
#define LLMP_EVENT_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Indices of LibAFL's variants of Event. */
enum {
  EVENT_NEW_TESTCASE,
  EVENT_HEARTBEAT,
  EVENT_USER_STATS,
  EVENT_USER_STATS_MAP,
  EVENT_OBJECTIVE,
  EVENT_LOG,
  EVENT_STOP,
  EVENT_KINDS
};

/* Numbers of variants of what is inside. */
#define EVENT_EXIT_KINDS 5u
#define EVENT_EXIT_DIFF 4u
#define EVENT_CONFIG_KINDS 3u
#define EVENT_CONFIG_FROM_NAME 1u
#define EVENT_CONFIG_BUILD_ID 2u
#define EVENT_UUID 16u
#define EVENT_STAT_VALUES 5u
#define EVENT_AGGREGATES 5u

#define EVENT_NANOS 1000000000u /* in a second */

/* What comes with every event (LibAFL: ExecStats). */
struct event_stats {
  uint64_t seconds; /* since 1970 */
  uint32_t nanos;
  uint64_t executions;
};

/* A NewTestcase or an Objective, as far as a harness is concerned. */
struct event_input {
  const unsigned char *data; /* NULL: an objective that its finder keeps to itself */
  size_t len;
  uint64_t count; /* entries in the corpus, or objectives, of the sender */
  uint32_t exit_kind;
};

/* A UserStats. */
struct event_figure {
  const char *name;
  size_t name_len;
  uint64_t tag; /* 0: none */
  uint32_t value;
  uint32_t aggregate;
  uint64_t number, whole;
  double real;
  const char *text;
  size_t text_len;
};

/* --------------------------------------------------------------- writing */

/* Where an encoding goes; with to == NULL it is measured only. */
struct event_writer {
  unsigned char *to;
  size_t len;
};

static inline void event_put(struct event_writer *w, unsigned char byte) {
  if (w->to != NULL) {
    w->to[w->len] = byte;
  }
  w->len++;
}

static inline void event_put_number(struct event_writer *w, uint64_t v) {
  for (; v >= 0x80; v >>= 7) {
    event_put(w, (unsigned char)(v | 0x80));
  }
  event_put(w, (unsigned char)v);
}

static inline void event_put_bytes(struct event_writer *w, const void *data, size_t len) {
  event_put_number(w, len);
  if (w->to != NULL && data != NULL) { /* NULL: len is 0 */
    memcpy(w->to + w->len, data, len);
  }
  w->len += len;
}

static inline void event_put_double(struct event_writer *w, double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  for (int i = 0; i < 8; i++) {
    event_put(w, (unsigned char)(bits >> (8 * i)));
  }
}

static inline void event_put_stats(struct event_writer *w, const struct event_stats *s) {
  event_put_number(w, s->seconds);
  event_put_number(w, s->nanos);
  event_put_number(w, s->executions);
}

/* Without observers: those of another fuzzer are an error to most. */
static inline void event_put_testcase(struct event_writer *w, const struct event_input *in) {
  event_put(w, EVENT_NEW_TESTCASE);
  event_put_bytes(w, in->data, in->len);
  event_put(w, 0); /* no observers */
  event_put_number(w, in->exit_kind);
  event_put_number(w, in->count);
  event_put(w, 0); /* config: always unique */
  event_put(w, 0); /* not forwarded for anybody */
}

static inline void event_put_objective(struct event_writer *w, const struct event_input *in) {
  event_put(w, EVENT_OBJECTIVE);
  event_put(w, in->data != NULL);
  if (in->data != NULL) {
    event_put_bytes(w, in->data, in->len);
  }
  event_put_number(w, in->count);
}

static inline void event_put_figure(struct event_writer *w, const struct event_figure *f) {
  event_put(w, EVENT_USER_STATS);
  event_put_bytes(w, f->name, f->name_len);
  event_put(w, f->tag != 0);
  if (f->tag != 0) {
    event_put_number(w, f->tag);
  }
  event_put(w, (unsigned char)f->value);
  switch (f->value) {
    case 0: /* number */
      event_put_number(w, f->number);
      break;
    case 2: /* text */
      event_put_bytes(w, f->text, f->text_len);
      break;
    case 3: /* ratio */
      event_put_number(w, f->number);
      event_put_number(w, f->whole);
      break;
    default: /* float, percent */
      event_put_double(w, f->real);
      break;
  }
  event_put(w, (unsigned char)f->aggregate);
}

/* --------------------------------------------------------------- reading */

/* What an encoding turns out to be. */
enum event_found {
  EVENT_FOUND_INPUT,   /* a NewTestcase or an Objective */
  EVENT_FOUND_OTHER,   /* an event that is of no use to a harness; not looked into */
  EVENT_FOUND_UNKNOWN, /* of a kind that LibAFL 0.16.1 does not have */
  EVENT_FOUND_MALFORMED
};

/* The first error sticks: after it everything reads as 0. */
struct event_reader {
  const unsigned char *at, *end;
  bool bad;
};

static inline uint32_t event_get(struct event_reader *r) {
  if (r->at == r->end) {
    r->bad = true;
  }
  return r->bad ? 0 : __atomic_load_n(r->at++, __ATOMIC_RELAXED);
}

/* A varint of at most bits bits; longer than needed is allowed, as in postcard. */
static inline uint64_t event_get_number(struct event_reader *r, unsigned bits) {
  const unsigned longest = (bits + 6) / 7;
  uint64_t v = 0;
  for (unsigned i = 0; i < longest; i++) {
    const uint32_t byte = event_get(r);
    if (i == longest - 1 && byte > (1u << (bits % 7)) - 1) {
      break; /* too many bits, or yet another byte announced */
    }
    v |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      return r->bad ? 0 : v;
    }
  }
  r->bad = true;
  return 0;
}

/* Of n variants. */
static inline uint32_t event_get_variant(struct event_reader *r, uint32_t n) {
  const uint32_t v = (uint32_t)event_get_number(r, 32);
  r->bad = r->bad || v >= n;
  return r->bad ? 0 : v;
}

/* The mark of an option: whether a value follows. */
static inline bool event_get_option(struct event_reader *r) {
  const uint32_t byte = event_get(r);
  r->bad = r->bad || byte > 1;
  return !r->bad && byte == 1;
}

static inline const unsigned char *event_get_bytes(struct event_reader *r, size_t *len) {
  const uint64_t n = event_get_number(r, 64);
  if (r->bad || n > (size_t)(r->end - r->at)) {
    r->bad = true;
    *len = 0;
    return r->end;
  }
  const unsigned char *p = r->at;
  r->at += n;
  *len = (size_t)n;
  return p;
}

static inline void event_get_config(struct event_reader *r) {
  size_t len;
  switch (event_get_variant(r, EVENT_CONFIG_KINDS)) {
    case EVENT_CONFIG_FROM_NAME:
      (void)event_get_number(r, 64);
      break;
    case EVENT_CONFIG_BUILD_ID:
      (void)event_get_bytes(r, &len);
      r->bad = r->bad || len != EVENT_UUID;
      break;
    default:
      break;
  }
}

static inline void event_get_testcase(struct event_reader *r, struct event_input *in) {
  size_t len;
  in->data = event_get_bytes(r, &in->len);
  if (event_get_option(r)) { /* observers */
    (void)event_get_bytes(r, &len);
  }
  in->exit_kind = event_get_variant(r, EVENT_EXIT_KINDS);
  if (in->exit_kind == EVENT_EXIT_DIFF) {
    (void)event_get_variant(r, EVENT_EXIT_KINDS);
    (void)event_get_variant(r, EVENT_EXIT_KINDS);
  }
  in->count = event_get_number(r, 64);
  event_get_config(r);
  if (event_get_option(r)) { /* forwarded for */
    (void)event_get_number(r, 32);
  }
}

static inline void event_get_objective(struct event_reader *r, struct event_input *in) {
  in->data = NULL;
  in->len = 0;
  if (event_get_option(r)) {
    in->data = event_get_bytes(r, &in->len);
  }
  in->exit_kind = 0;
  in->count = event_get_number(r, 64);
}

/* Carries whole seconds out of nanos, as Rust's Duration does. */
static inline void event_get_stats(struct event_reader *r, struct event_stats *s) {
  s->seconds = event_get_number(r, 64);
  s->nanos = (uint32_t)event_get_number(r, 32);
  s->executions = event_get_number(r, 64);
  const uint32_t carry = s->nanos / EVENT_NANOS;
  r->bad = r->bad || s->seconds > UINT64_MAX - carry;
  s->seconds += carry;
  s->nanos %= EVENT_NANOS;
}

/* Reads an encoding that is not, or no longer, compressed. *kind is its index;
 * *in and *stats are filled for EVENT_FOUND_INPUT. Bytes behind the event are
 * ignored, as LibAFL does. */
static inline enum event_found event_decode(const unsigned char *data, size_t len, uint32_t *kind,
                                            struct event_input *in, struct event_stats *stats) {
  struct event_reader r = {data, data + len, false};
  *kind = (uint32_t)event_get_number(&r, 32);
  if (r.bad) {
    return EVENT_FOUND_MALFORMED;
  }
  switch (*kind) {
    case EVENT_NEW_TESTCASE:
      event_get_testcase(&r, in);
      break;
    case EVENT_OBJECTIVE:
      event_get_objective(&r, in);
      break;
    default:
      return *kind < EVENT_KINDS ? EVENT_FOUND_OTHER : EVENT_FOUND_UNKNOWN;
  }
  event_get_stats(&r, stats);
  return r.bad ? EVENT_FOUND_MALFORMED : EVENT_FOUND_INPUT;
}

#endif /* LLMP_EVENT_CODEC_H */
