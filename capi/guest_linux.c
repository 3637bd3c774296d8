/* Starting the Go runtime, signals, forks: see guest.h. Nothing about messages. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "_cgo_export.h"
#include "error.h"
#include "guest.h"

enum {
  LAST_SIGNAL = 64,
  MASK_BYTES = 8,           /* the kernel's signal set */
  KERNEL_SIGACTION = 4 * 8, /* handler, flags, restorer, mask; opaque here */
  GLIBC_CANCEL = 32,        /* glibc's own, for pthread_cancel ... */
  GLIBC_SETXID = 33,        /* ... and for setuid in all threads */
};

/* What starts the Go runtime, as the loader would call it. It is named by
 * scripts/build-library.sh, hence weak: cgo links a program of its own before. */
typedef void runtime_start(int argc, char **argv, char **envp);
extern runtime_start *const guest_runtime_start __attribute__((weak, visibility("hidden")));

enum runtime_state { NEVER_STARTED, STARTING, UP };

atomic_uint guest_forks;
static atomic_int runtime; /* a runtime_state */
static pid_t started_by;
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char dispositions[LAST_SIGNAL + 1][KERNEL_SIGACTION];

/* What the loader gave the process: the runtime reads it up to the auxiliary
 * vector behind the environment. */
static int host_argc;
static char **host_argv, **host_envp;

static _Thread_local struct guest_call *current;
static _Thread_local bool bound; /* this thread has met the Go runtime */

/* The kernel's own call: a sanitizer's interceptor may refuse to put a handler
 * back that it had never seen go. */
static bool disposition(int sig, const void *set, void *get) {
  return syscall(SYS_rt_sigaction, sig, set, get, (size_t)MASK_BYTES) == 0;
}

/* As long as there is no runtime there are no handles, and nothing was lost. */
static void after_fork_in_child(void) {
  if (atomic_load_explicit(&runtime, memory_order_relaxed) != NEVER_STARTED) {
    atomic_fetch_add_explicit(&guest_forks, 1, memory_order_relaxed);
    current = NULL;
  }
}

/* All that loading the library does. Before other constructors, which may
 * already use the library. */
__attribute__((constructor(101))) static void loaded(int argc, char **argv, char **envp) {
  host_argc = argc;
  host_argv = argv;
  host_envp = envp;
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

static void save_dispositions(void) {
  for (int sig = 1; sig <= LAST_SIGNAL; sig++) {
    (void)disposition(sig, NULL, dispositions[sig]);
  }
}

/* Puts back what was there: the runtime needs no signal here. It would preempt
 * goroutines with SIGURG, but is linked so that it does not
 * (scripts/build-library.sh). What glibc installs when a process gets its second
 * thread stays. */
static void restore_dispositions(void) {
  for (int sig = 1; sig <= LAST_SIGNAL; sig++) {
    unsigned char now[KERNEL_SIGACTION];
    if (sig == GLIBC_CANCEL || sig == GLIBC_SETXID || !disposition(sig, NULL, now)) {
      continue;
    }
    if (memcmp(now, dispositions[sig], sizeof now) != 0) {
      (void)disposition(sig, dispositions[sig], NULL);
    }
  }
}

/* Starts the runtime. It takes the signals it wants over, and its threads
 * inherit this thread's mask: so remember all dispositions, and block
 * everything, so that the host's handlers run on the host's threads only. */
static void start_runtime(void) {
  sigset_t all, host_mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &host_mask);
  save_dispositions();
  if (&guest_runtime_start != NULL) {
    guest_runtime_start(host_argc, host_argv, host_envp);
  }
  meet_runtime();
  bound = true;
  restore_dispositions();
  pthread_sigmask(SIG_SETMASK, &host_mask, NULL);
}

/* The runtime reserves about so much address space when it starts, and ends the
 * process where it may not (ulimit -v): so ask before. */
#define RUNTIME_SPACE ((size_t)1 << 30)

static bool room_for_runtime(void) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *space = mmap(NULL, RUNTIME_SPACE, PROT_NONE, flags, -1, 0);
  if (space == MAP_FAILED) {
    return false;
  }
  (void)munmap(space, RUNTIME_SPACE);
  return true;
}

/* Between the two stores a fork leaves the child with half a runtime: it is
 * then told the same as one that was forked later. */
static void start_once(void) {
  int never = NEVER_STARTED;
  (void)atomic_compare_exchange_strong(&runtime, &never, STARTING);
  pthread_mutex_lock(&start_lock);
  if (atomic_load(&runtime) != UP) {
    start_runtime();
    started_by = getpid();
    atomic_store(&runtime, UP);
  }
  pthread_mutex_unlock(&start_lock);
}

int guest_check(void) {
  if (guest_generation() == 0) {
    if (atomic_load_explicit(&runtime, memory_order_acquire) != UP) {
      if (!room_for_runtime()) {
        return error_set(LLMP_E_NOMEM,
                         "less than 1 GiB of address space is left, which the Go runtime needs to "
                         "start: raise the limit (ulimit -v; afl-fuzz -m)");
      }
      start_once();
    }
    if (getpid() == started_by) {
      return 0;
    }
  }
  return error_set(LLMP_E_FORKED,
                   "this process was forked from one that had used the library: "
                   "call exec first, or fork before the first use");
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

void guest_leave(struct guest_call *call) {
  const int saved = errno;
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
