/*
 * watch.h - a descriptor that is readable while a page has a message.
 *
 * A futex cannot be polled, so one helper thread per descriptor sleeps in the
 * receiver's place and writes to an eventfd. It looks at the page only while
 * it is armed; the receiver's thread arms it when it has found nothing, and
 * parks it before the page may be unmapped.
 */
#ifndef LLMP_WATCH_H
#define LLMP_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "page.h"

enum watch_state {
  WATCH_ARMED,  /* the thread waits for a message; nothing is readable yet */
  WATCH_FIRING, /* it makes the descriptor readable, and looks at no page any more */
  WATCH_FIRED,  /* the descriptor is readable; the thread looks at no page */
  WATCH_PARK,   /* asked to become FIRED at once */
  WATCH_STOP    /* asked to end */
};

struct watch {
  atomic_uint state; /* a watch_state; a futex too */
};

/* A watch on the page of *at; NULL when there is no thread or descriptor. It
 * is readable from the start, and for good, if at an end. */
struct watch *watch_start(const struct llmp_recv_cursor *at, bool ended);
int watch_fd(const struct watch *w);

/* Makes sure that the thread does not look at the page. It stays so, and the
 * descriptor readable, until watch_rearm. */
void watch_park(struct watch *w);

/* Ends the thread, closes the descriptor. In a forked child there is no thread. */
void watch_stop(struct watch *w, bool forked);

void watch_rearm_fired(struct watch *w, const struct llmp_recv_cursor *at);

/* The receiver found nothing behind *at: wait for it again. */
static inline void watch_rearm(struct watch *w, const struct llmp_recv_cursor *at) {
  if (atomic_load_explicit(&w->state, memory_order_acquire) != WATCH_ARMED) {
    watch_rearm_fired(w, at);
  }
}

#endif /* LLMP_WATCH_H */
