/* Constructors, signals, forks: see guest.h. Nothing about messages. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "_cgo_export.h"
#include "error.h"
#include "guest.h"

#define FIRST 101  /* the earliest constructor priority that is not reserved */
#define LAST 65535 /* the latest; the Go runtime's own constructor has none */

enum {
  LAST_SIGNAL = 64,
  MASK_BYTES = 8,           /* the kernel's signal set */
  KERNEL_SIGACTION = 4 * 8, /* handler, flags, restorer, mask; opaque here */
  GLIBC_CANCEL = 32,        /* glibc's own, for pthread_cancel ... */
  GLIBC_SETXID = 33,        /* ... and for setuid in all threads */
};

atomic_uint guest_forks;
static pid_t loaded_by;
static sigset_t loader_mask;
static unsigned char dispositions[LAST_SIGNAL + 1][KERNEL_SIGACTION];

static _Thread_local struct guest_call *current;
static _Thread_local bool bound; /* this thread has met the Go runtime */

/* The kernel's own call: a sanitizer's interceptor may refuse to put a handler
 * back that it had never seen go. */
static bool disposition(int sig, const void *set, void *get) {
  return syscall(SYS_rt_sigaction, sig, set, get, (size_t)MASK_BYTES) == 0;
}

static void after_fork_in_child(void) {
  atomic_fetch_add_explicit(&guest_forks, 1, memory_order_relaxed);
  current = NULL;
}

/* Runs before the Go runtime starts. The runtime takes the signals it wants
 * over and its threads inherit this thread's mask: so remember all
 * dispositions, and block everything, so that the host's handlers run on the
 * host's threads only. */
__attribute__((constructor(FIRST))) static void before_runtime(void) {
  sigset_t all;
  loaded_by = getpid();
  for (int sig = 1; sig <= LAST_SIGNAL; sig++) {
    (void)disposition(sig, NULL, dispositions[sig]);
  }
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &loader_mask);
  pthread_atfork(NULL, NULL, after_fork_in_child);
}

/* Makes this thread known to the runtime, all its signals being blocked. The
 * runtime gives a thread without one an alternate stack, and opens its mask
 * for what it deems essential: both are undone. The first call of all waits
 * until the runtime is up. */
static void meet_runtime(void) {
  sigset_t blocked;
  stack_t host_stack;
  pthread_sigmask(SIG_SETMASK, NULL, &blocked);
  const bool known = sigaltstack(NULL, &host_stack) == 0;
  go_bind();
  pthread_sigmask(SIG_SETMASK, &blocked, NULL);
  if (known) {
    (void)sigaltstack(&host_stack, NULL);
  }
}

/* Runs when the runtime has been started. Puts back what was there: the
 * runtime needs no signal here. It would preempt goroutines with SIGURG, but is
 * linked so that it does not (scripts/build-library.sh). What glibc installs
 * when a process gets its second thread stays. */
__attribute__((constructor(LAST))) static void after_runtime(void) {
  meet_runtime();
  for (int sig = 1; sig <= LAST_SIGNAL; sig++) {
    unsigned char now[KERNEL_SIGACTION];
    if (sig == GLIBC_CANCEL || sig == GLIBC_SETXID || !disposition(sig, NULL, now)) {
      continue;
    }
    if (memcmp(now, dispositions[sig], sizeof now) != 0) {
      (void)disposition(sig, dispositions[sig], NULL);
    }
  }
  pthread_sigmask(SIG_SETMASK, &loader_mask, NULL);
}

int guest_check(void) {
  if (guest_generation() != 0 || getpid() != loaded_by) {
    return error_set(LLMP_E_FORKED,
                     "this process was forked from the one that loaded the library: "
                     "call exec first, or do this before the fork");
  }
  return 0;
}

void guest_enter(struct guest_call *call) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &call->host_mask);
  call->outer = current;
  current = call;
  if (!bound) {
    bound = true;
    meet_runtime();
  }
}

/* A write to a closed connection left SIGPIPE pending on this thread. It was
 * ours, the host must not see it; unless it blocks it anyway. */
static void drop_sigpipe(const sigset_t *host_mask) {
  if (sigismember(host_mask, SIGPIPE)) {
    return;
  }
  const struct timespec now = {0, 0};
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  (void)sigtimedwait(&pipe, NULL, &now);
}

void guest_leave(struct guest_call *call) {
  const int saved = errno;
  drop_sigpipe(&call->host_mask);
  current = call->outer;
  pthread_sigmask(SIG_SETMASK, &call->host_mask, NULL);
  errno = saved;
}

void guest_host_begin(void) {
  if (current != NULL) {
    pthread_sigmask(SIG_SETMASK, &current->host_mask, NULL);
  }
}

void guest_host_end(void) {
  if (current != NULL) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
  }
}
