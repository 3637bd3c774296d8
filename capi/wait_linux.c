/*
 * Sleeping, and ringing those who sleep: futexes in shared memory. The twin of
 * llmp/wait.go and of ring in llmp/page_alloc.go; what may be lost when a
 * process dies between two steps is in docs/concurrency.md.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "wait.h"

#define SECOND INT64_C(1000000000)
#define FIRST_NAP INT64_C(50000)
#define LAST_NAP WAIT_MILLISECOND
/* Bounds a sleep, in case a sender dies between committing and ringing. */
#define BACKSTOP SECOND

int64_t wait_now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

int64_t wait_interval(int64_t timeout_ms) {
  const int64_t ages = INT64_C(100) * 365 * 24 * 3600 * 1000; /* and can be added to any now */
  return timeout_ms < 0 || timeout_ms > ages ? WAIT_NO_LIMIT : timeout_ms * WAIT_MILLISECOND;
}

int64_t wait_deadline(int64_t timeout_ms) {
  const int64_t interval = wait_interval(timeout_ms);
  return interval == WAIT_NO_LIMIT ? interval : wait_now() + interval;
}

int64_t wait_left(int64_t deadline) {
  if (deadline == WAIT_NO_LIMIT) {
    return deadline;
  }
  const int64_t left = deadline - wait_now();
  return left > 0 ? left : 0;
}

static int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static struct timespec timespec_of(int64_t ns) {
  return (struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
}

void wait_sleep(page_u32 *word, uint32_t seen, int64_t limit, enum wait_scope scope) {
  const int op = scope == WAIT_PRIVATE ? FUTEX_WAIT_PRIVATE : FUTEX_WAIT;
  const struct timespec t = timespec_of(limit);
  (void)syscall(SYS_futex, word, op, seen, limit == WAIT_NO_LIMIT ? NULL : &t, NULL, 0);
}

/* Since Linux 5.16; headers may be older. The number is that of every
 * architecture. */
#define CALL_FUTEX_WAITV 449
#define WAITV_U32 2u /* FUTEX2_SIZE_U32, and not private */

struct waitv { /* struct futex_waitv */
  uint64_t seen;
  uint64_t word;
  uint32_t flags;
  uint32_t reserved;
};

bool wait_any(const struct wait_word *words, size_t n, int64_t limit) {
  if (n == 0 || n > WAIT_ANY_MAX) {
    return false;
  }
  struct waitv all[WAIT_ANY_MAX];
  for (size_t i = 0; i < n; i++) {
    all[i] = (struct waitv){words[i].seen, (uintptr_t)words[i].word, WAITV_U32, 0};
  }
  /* The call wants a moment, not a time. */
  const struct timespec end = timespec_of(limit == WAIT_NO_LIMIT ? limit : wait_now() + limit);
  const long rc =
      syscall(CALL_FUTEX_WAITV, all, n, 0, limit == WAIT_NO_LIMIT ? NULL : &end, CLOCK_MONOTONIC);
  return rc >= 0 || errno == EAGAIN || errno == ETIMEDOUT || errno == EINTR;
}

void wait_wake(page_u32 *word, enum wait_scope scope) {
  const int op = scope == WAIT_PRIVATE ? FUTEX_WAKE_PRIVATE : FUTEX_WAKE;
  (void)syscall(SYS_futex, word, op, INT_MAX, NULL, NULL, 0);
}

void wait_nap(struct wait_backoff *b, int64_t limit) {
  if (b->nap == 0) {
    b->nap = FIRST_NAP;
  }
  const struct timespec t = timespec_of(least(b->nap, limit));
  (void)nanosleep(&t, NULL);
  b->nap = least(2 * b->nap, LAST_NAP);
}

/* Makes every sender either see what was stored before this call, or have its
 * last commit seen by what is loaded after it. False where the system cannot. */
static bool barrier(void) {
  enum { UNKNOWN, THERE, MISSING };
  static atomic_int support = UNKNOWN;
  if (atomic_load_explicit(&support, memory_order_relaxed) == UNKNOWN) {
    const long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    const bool there = commands > 0 && (commands & MEMBARRIER_CMD_GLOBAL_EXPEDITED) != 0;
    atomic_store_explicit(&support, there ? THERE : MISSING, memory_order_relaxed);
  }
  return atomic_load_explicit(&support, memory_order_relaxed) == THERE &&
         syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0;
}

void wait_page(unsigned char *base, page_u32 *waiters, uint64_t seen_id, struct wait_backoff *b,
               int64_t limit) {
  if (waiters == NULL) {
    wait_nap(b, limit);
    return;
  }
  __atomic_store_n(waiters, 1, __ATOMIC_SEQ_CST);
  const int64_t bound = barrier() ? BACKSTOP : LAST_NAP;
  if (!wait_ready(base, seen_id)) {
    wait_sleep(page_futex_word(base), (uint32_t)seen_id, least(limit, bound), WAIT_SHARED);
  }
}

void wait_ring(const struct llmp_ring *ring) {
  (void)__atomic_exchange_n(ring->want, 0, __ATOMIC_SEQ_CST);
  if (ring->rang != NULL) {
    (void)__atomic_fetch_or(ring->rang, ring->bit, __ATOMIC_SEQ_CST);
  }
  if (ring->sleeping == NULL) {
    wait_wake(ring->futex, WAIT_SHARED);
    return;
  }
  (void)__atomic_fetch_add(ring->futex, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(ring->sleeping, __ATOMIC_SEQ_CST) != 0) {
    wait_wake(ring->futex, WAIT_SHARED);
  }
}
