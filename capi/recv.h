/*
 * recv.h - the receiving verbs on a handle that has a receiving half, for
 * llmp_client_* and llmp_receiver_*. What is inline is the path inside a page.
 */
#ifndef LLMP_RECV_H
#define LLMP_RECV_H

#include "handle.h"
#include "watch.h"

/* What page_next came upon is no message: moves on to the next page (0: look
 * again) or ends the receiver for good (the error). */
__attribute__((cold)) int recv_turn(struct handle *h, enum page_found found);

/* The last error once more, for a receiver at its end. */
__attribute__((cold)) int recv_ended(const struct handle *h);

__attribute__((cold)) int recv_no_out(void);

static inline void recv_fill(llmp_msg *out, const struct page_message *m) {
  out->tag = m->tag;
  out->sender = m->sender;
  out->flags = m->flags;
  out->reserved = 0;
  out->id = m->id;
  out->data = m->payload;
  out->len = m->len;
}

/* The next message that is not to be passed over, or what else comes first. */
static inline enum page_found recv_next(struct recv_half *r, struct page_message *m) {
  for (;;) {
    const enum page_found found = page_next(&r->cur, m);
    if (found == PAGE_MESSAGE && __builtin_expect((r->cur.state & LLMP_STATE_SKIP) != 0, 0) &&
        m->sender == r->cur.skip_id) {
      r->cur.skipped++;
      continue;
    }
    return found;
  }
}

static inline int recv_message(struct handle *h, llmp_msg *out) {
  struct recv_half *r = &h->recv;
  if (__builtin_expect(out == NULL, 0)) {
    return recv_no_out();
  }
  if (__builtin_expect(r->end != 0, 0)) {
    return recv_ended(h);
  }
  for (;;) {
    struct page_message m;
    const enum page_found found = recv_next(r, &m);
    if (__builtin_expect(found == PAGE_MESSAGE, 1)) {
      recv_fill(out, &m);
      return 1;
    }
    if (found == PAGE_NOTHING) {
      if (r->watch != NULL) {
        watch_rearm(r->watch, &r->cur);
      }
      return 0;
    }
    const int rc = recv_turn(h, found);
    if (rc != 0) {
      return rc;
    }
  }
}

int recv_many(struct handle *h, llmp_msg *out, size_t max);
int recv_wait(struct handle *h, llmp_msg *out, int64_t timeout_ms);
int recv_wait_fd(struct handle *h);

#endif /* LLMP_RECV_H */
