/* What receiving needs beyond the current page, and waiting: see recv.h. */
#include "recv.h"

#include <limits.h>

#include "_cgo_export.h"
#include "error.h"
#include "go_call.h"
#include "wait.h"

static int no_out(void) {
  return error_set(LLMP_E_INVALID, "out is NULL: where shall the message go?");
}

/* The last error once more, for a receiver at its end. */
static int ended(const struct handle *h) {
  static const char already[] = "nothing more will come: an earlier receive call said why";
  return error_set(
      h->recv.end, "%s",
      h->recv.end == LLMP_E_CLOSED ? "the sender said EXITING: nothing more will come" : already);
}

/* What page_next came upon is no message: moves on to the next page (0: look
 * again) or ends the receiver for good (the error). */
static int turn(struct handle *h, enum page_found found) {
  struct go_result r = {0};
  int rc = guest_check();
  if (rc != 0) {
    return rc;
  }
  if (found == PAGE_END) {
    if (h->recv.watch != NULL) {
      watch_park(h->recv.watch); /* the page is about to be unmapped */
    }
    GO_CALL(go_follow(h->go, &r));
    rc = go_outcome(&r);
  } else {
    /* The core learns of it too, and words the error. */
    GO_CALL(go_fail(h->go, &r));
    rc = go_outcome(&r);
    if (rc == 0) { /* the page changed under its eyes */
      rc = error_set(LLMP_E_CORRUPT, "the page of this receiver makes no sense: connect anew");
    }
  }
  h->recv.end = rc;
  return rc;
}

int recv_any(struct handle *h, llmp_msg *out) {
  struct recv_half *r = &h->recv;
  if (out == NULL) {
    return no_out();
  }
  while (r->end == 0) {
    struct page_message m;
    const enum page_found found = recv_next(&r->cur, &m);
    if (found == PAGE_MESSAGE) {
      recv_fill(out, &m);
      return 1;
    }
    if (found == PAGE_NOTHING) {
      if (r->watch != NULL) {
        watch_rearm(r->watch, &r->cur);
      }
      return 0;
    }
    const int rc = turn(h, found);
    if (rc != 0) {
      return rc;
    }
  }
  return ended(h);
}

int recv_many(struct handle *h, llmp_msg *out, size_t max) {
  if (max == 0 && h->recv.end == 0) {
    return 0;
  }
  const int rc = recv_message(h, out);
  if (rc <= 0) {
    return rc;
  }
  const size_t limit = max < INT_MAX ? max : INT_MAX;
  struct llmp_recv_cursor c = h->recv.cur; /* a copy that can stay in registers */
  size_t n = 1;
  struct page_message m;
  /* An end or an error is left for the next call: the cursor stays before it. */
  while (n < limit && recv_next(&c, &m) == PAGE_MESSAGE) {
    recv_fill(&out[n++], &m);
  }
  /* Not as a whole: other threads may ask for the rest. */
  h->recv.cur.next = c.next;
  h->recv.cur.last_off = c.last_off;
  h->recv.cur.seen_id = c.seen_id;
  h->recv.cur.highest = c.highest;
  h->recv.cur.skipped = c.skipped;
  return (int)n;
}

static inline void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Looks for a message for as long as the options say. */
static void spin(const struct recv_half *r, int64_t deadline) {
  const int64_t end = wait_now() + (int64_t)r->spin_us * 1000;
  while (!wait_ready(r->cur.base, r->cur.seen_id)) {
    for (int i = 0; i < 64; i++) {
      pause_briefly();
    }
    const int64_t now = wait_now();
    if (now >= end || now >= deadline) {
      return;
    }
  }
}

int recv_wait(struct handle *h, llmp_msg *out, int64_t timeout_ms) {
  struct recv_half *r = &h->recv;
  int rc = recv_message(h, out);
  if (rc != 0 || timeout_ms == 0) {
    return rc;
  }
  const int64_t deadline = wait_deadline(timeout_ms);
  struct wait_backoff backoff = {0};
  if (r->spin_us != 0) {
    spin(r, deadline);
  }
  for (;;) {
    rc = recv_message(h, out);
    if (rc != 0) {
      return rc;
    }
    const int64_t left = wait_left(deadline);
    if (left == 0) {
      return 0;
    }
    wait_page(r->cur.base, r->cur.waiters, r->cur.seen_id, &backoff, left);
  }
}

int recv_wait_fd(struct handle *h) {
  if (h->recv.watch == NULL) {
    h->recv.watch = watch_start(&h->recv.cur, h->recv.end != 0);
    if (h->recv.watch == NULL) {
      return error_set(LLMP_E_NOMEM,
                       "no descriptor or thread to be had for wait_fd: "
                       "see `ulimit -n` and `ulimit -u`");
    }
  }
  return watch_fd(h->recv.watch);
}
