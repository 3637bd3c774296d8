/*
 * recv.h - the receiving verbs on a handle that has a receiving half, for
 * llmp_client_* and llmp_receiver_*. What is inline is the path inside a page.
 */
#ifndef LLMP_RECV_H
#define LLMP_RECV_H

#include "handle.h"
#include "watch.h"

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
PAGE_INLINE enum page_found recv_next(struct llmp_recv_cursor *c, struct page_message *m) {
  for (;;) {
    const enum page_found found = page_next(c, m);
    if (found == PAGE_MESSAGE && __builtin_expect((c->state & LLMP_STATE_SKIP) != 0, 0) &&
        m->sender == c->skip_id) {
      c->skipped++;
      continue;
    }
    return found;
  }
}

/* recv_message for all that is not just the next message of this page. */
int recv_any(struct handle *h, llmp_msg *out);

/* Without a single call, and so without a stack frame, where a message is there
 * or none. */
static inline int recv_message(struct handle *h, llmp_msg *out) {
  struct recv_half *r = &h->recv;
  struct page_message m;
  if (__builtin_expect(out != NULL && r->end == 0 && !(r->cur.state & LLMP_STATE_SKIP), 1)) {
    const enum page_found found = page_next(&r->cur, &m);
    if (found == PAGE_MESSAGE) {
      recv_fill(out, &m);
      return 1;
    }
    if (found == PAGE_NOTHING && r->watch == NULL) {
      return 0;
    }
  }
  return recv_any(h, out);
}

int recv_many(struct handle *h, llmp_msg *out, size_t max);
int recv_wait(struct handle *h, llmp_msg *out, int64_t timeout_ms);
int recv_wait_fd(struct handle *h);

#endif /* LLMP_RECV_H */
