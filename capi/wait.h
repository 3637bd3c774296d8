/* wait.h - sleeping and waking between processes, in C only. */
#ifndef LLMP_WAIT_H
#define LLMP_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define WAIT_NO_LIMIT INT64_MAX
#define WAIT_MILLISECOND INT64_C(1000000) /* in nanoseconds, as all times here */

enum wait_scope {
  WAIT_SHARED, /* the word lies in shared memory */
  WAIT_PRIVATE /* only this process knows it */
};

/* Nanoseconds on a clock that never jumps. */
int64_t wait_now(void);

/* timeout_ms in nanoseconds; WAIT_NO_LIMIT when negative, or for ages. */
int64_t wait_interval(int64_t timeout_ms);

/* The moment timeout_ms from now on that clock; WAIT_NO_LIMIT when negative. */
int64_t wait_deadline(int64_t timeout_ms);

/* What is left until a deadline, 0 at least; WAIT_NO_LIMIT stays as it is. */
int64_t wait_left(int64_t deadline);

/* Sleeps while *word is seen, limit nanoseconds at most. Returns early for no
 * reason, or for a signal. */
void wait_sleep(page_u32 *word, uint32_t seen, int64_t limit, enum wait_scope scope);

/* One of those that wait_any sleeps on. */
struct wait_word {
  page_u32 *word;
  uint32_t seen; /* sleep only while it has this value */
};
enum { WAIT_ANY_MAX = 128 };

/* wait_sleep for several words in shared memory. False, at once, where the
 * system cannot do that, or for more than WAIT_ANY_MAX. */
bool wait_any(const struct wait_word *words, size_t n, int64_t limit);

/* Wakes all who sleep on word. */
void wait_wake(page_u32 *word, enum wait_scope scope);

/* Polling, where nobody rings: 50 us, 100 us ... 1 ms. Zero-initialised. */
struct wait_backoff {
  int64_t nap;
};
void wait_nap(struct wait_backoff *b, int64_t limit);

/* Sleeps until the page of a receiver may have another message; returns early
 * for no reason, and after limit nanoseconds at most. The backoff is for pages
 * whose sender rings nobody. Twin of llmp/wait.go. */
void wait_page(unsigned char *base, page_u32 *waiters, uint64_t seen_id, struct wait_backoff *b,
               int64_t limit);

/* Has it one? */
static inline bool wait_ready(unsigned char *base, uint64_t seen_id) {
  return __atomic_load_n(page_current_id(base), __ATOMIC_ACQUIRE) > seen_id;
}

/* Wakes whoever sleeps until this sender commits: after page_publish said so. */
__attribute__((cold)) void wait_ring(const struct llmp_ring *ring);

#endif /* LLMP_WAIT_H */
