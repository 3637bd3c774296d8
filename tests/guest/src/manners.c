/*
 * A harness that lives by signals, and that must go on getting every one of
 * them, on its own threads.
 *
 *   manners CHECK
 *
 * Each check prints what it saw, in words that are the same with and without
 * the bus, and "... as it should" when that was right.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"

enum { TICKS = 300, ROUNDS = 50, PATIENCE_SECONDS = 20 };

static _Thread_local int ours; /* 1 in the threads that the harness made */
static atomic_int ticks, strays;

static void verdict(int good, const char *what) {
  (void)printf("%s: %s\n", what, good ? "as it should" : "WRONG");
}

/* Needs more stack than a goroutine has. */
static void on_tick(int sig) {
  volatile char frame[64 << 10];
  (void)sig;
  frame[0] = 1;
  frame[sizeof frame - 1] = frame[0];
  atomic_fetch_add(ours ? &ticks : &strays, 1);
}

/* No SA_ONSTACK, as libFuzzer does it. */
static void handle(int sig, void (*how)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = how;
  (void)sigaction(sig, &action, NULL);
}

static double seconds(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Keeps the library at work in every way until there were enough ticks. */
static void work_until_ticked(void) {
  static char payload[20000];
  const double end = seconds() + PATIENCE_SECONDS;
  while (atomic_load(&ticks) < TICKS && seconds() < end) {
    for (int i = 0; i < 20; i++) {
      bus_turn(payload, sizeof payload);
    }
    bus_visit();
  }
}

static void tell_ticks(const char *what) {
  char text[128];
  (void)snprintf(text, sizeof text, "%s: enough ticks", what);
  verdict(atomic_load(&ticks) >= TICKS, text);
  (void)snprintf(text, sizeof text, "%s: on the harness's threads only", what);
  verdict(atomic_load(&strays) == 0, text);
}

static void check_timer(const char *what, int which, int sig) {
  const struct itimerval every = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
  handle(sig, on_tick);
  (void)setitimer(which, &every, NULL);
  work_until_ticked();
  (void)setitimer(which, &off, NULL);
  tell_ticks(what);
}

static void check_alarm(void) {
  check_timer("SIGALRM timer", ITIMER_REAL, SIGALRM);
}

static void check_prof(void) {
  check_timer("SIGPROF profiler", ITIMER_PROF, SIGPROF);
}

/* A handler runs while the harness waits for a message, or for a broker. */
static void check_waiting(void) {
  const struct itimerval every = {{0, 10000}, {0, 10000}}, off = {{0, 0}, {0, 0}};
  handle(SIGALRM, on_tick);
  (void)setitimer(ITIMER_REAL, &every, NULL);
  bus_wait(1000);
  const int waiting = atomic_exchange(&ticks, 0);
  bus_knock(1000);
  (void)setitimer(ITIMER_REAL, &off, NULL);
  verdict(waiting > 20, "handlers while waiting for a message");
  verdict(atomic_load(&ticks) > 20, "handlers while waiting for a broker");
  verdict(atomic_load(&strays) == 0, "on the harness's threads only");
}

static void end_of_child(void) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(0);
  }
}

static sigset_t only(int sig) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, sig);
  return set;
}

/* Blocks sig in this, the only thread of the harness: nobody else may take it. */
static sigset_t block(int sig) {
  const sigset_t set = only(sig);
  sigset_t before;
  (void)pthread_sigmask(SIG_BLOCK, &set, &before);
  return before;
}

static int wait_for(int sig) {
  const sigset_t set = only(sig);
  const struct timespec patience = {PATIENCE_SECONDS, 0};
  return sigtimedwait(&set, NULL, &patience) == sig;
}

/* The classic: block, fork, wait for the signal. */
static void check_sigwait_child(void) {
  int got = 0;
  (void)block(SIGCHLD);
  for (int i = 0; i < ROUNDS; i++) {
    end_of_child();
    if (!wait_for(SIGCHLD)) {
      break;
    }
    got++;
    (void)wait(NULL);
  }
  verdict(got == ROUNDS, "sigtimedwait gets every SIGCHLD");
}

/* The same with a handler and sigsuspend. */
static void check_sigsuspend_child(void) {
  handle(SIGCHLD, on_tick);
  (void)alarm(PATIENCE_SECONDS); /* kills, which is a difference */
  const sigset_t open = block(SIGCHLD);
  for (int i = 0; i < ROUNDS; i++) {
    end_of_child();
    while (waitpid(-1, NULL, WNOHANG) == 0) {
      (void)sigsuspend(&open);
    }
  }
  verdict(atomic_load(&strays) == 0, "SIGCHLD handler on the harness's thread only");
}

static void check_sigwait_process(int sig, const char *what) {
  int got = 0;
  char text[64];
  (void)block(sig);
  for (int i = 0; i < ROUNDS && kill(getpid(), sig) == 0 && wait_for(sig); i++) {
    got++;
    bus_turn("x", 1);
  }
  (void)snprintf(text, sizeof text, "sigtimedwait gets every %s", what);
  verdict(got == ROUNDS, text);
}

static void check_sigwait_each(void) {
  static const int all[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1, SIGUSR2,   SIGPIPE, SIGALRM,
                            SIGTERM, SIGCHLD, SIGURG,  SIGXCPU, SIGVTALRM, SIGPROF, SIGWINCH,
                            SIGIO,   SIGPWR,  SIGSYS,  SIGTSTP, SIGSTKFLT};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    check_sigwait_process(all[i], sigabbrev_np(all[i]));
  }
  for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig += 10) {
    check_sigwait_process(sig, "realtime signal");
  }
}

static void check_signalfd(void) {
  const sigset_t set = only(SIGCHLD);
  int got = 0;
  (void)block(SIGCHLD);
  const int fd = signalfd(-1, &set, SFD_CLOEXEC);
  for (int i = 0; i < ROUNDS; i++) {
    struct pollfd ready = {fd, POLLIN, 0};
    struct signalfd_siginfo info;
    end_of_child();
    if (poll(&ready, 1, PATIENCE_SECONDS * 1000) != 1 ||
        read(fd, &info, sizeof info) != sizeof info) {
      break;
    }
    got++;
    (void)wait(NULL);
  }
  verdict(got == ROUNDS, "signalfd gets every SIGCHLD");
}

/* A timer that sends a realtime signal, the first of which Go keeps open. */
static void check_posix_timer(void) {
  struct sigevent event;
  timer_t timer;
  int got = 0;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN;
  (void)block(SIGRTMIN);
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0) {
    const struct itimerspec every = {{0, 1000000}, {0, 1000000}};
    (void)timer_settime(timer, 0, &every, NULL);
    while (got < ROUNDS && wait_for(SIGRTMIN)) {
      got++;
      bus_turn("x", 1);
    }
    (void)timer_delete(timer);
  }
  verdict(got == ROUNDS, "sigtimedwait gets every SIGRTMIN of a timer");
}

/* What the kernel knows about this thread and process. */
struct state {
  sigset_t mask;
  stack_t stack;
  unsigned char actions[65][32];
};

static void look(struct state *s) {
  memset(s, 0, sizeof *s);
  (void)pthread_sigmask(SIG_BLOCK, NULL, &s->mask);
  (void)sigaltstack(NULL, &s->stack);
  for (int sig = 1; sig <= 64; sig++) {
    (void)syscall(SYS_rt_sigaction, sig, NULL, s->actions[sig], (size_t)8);
  }
}

static void compare(const struct state *before, const char *when) {
  struct state now;
  char text[96];
  look(&now);
  (void)snprintf(text, sizeof text, "%s: the signal mask", when);
  verdict(memcmp(&before->mask, &now.mask, sizeof now.mask) == 0, text);
  (void)snprintf(text, sizeof text, "%s: the alternate stack", when);
  verdict(before->stack.ss_sp == now.stack.ss_sp && before->stack.ss_flags == now.stack.ss_flags,
          text);
  for (int sig = 1; sig <= 64; sig++) {
    const int glibcs = sig == 32 || sig == 33; /* installed with the second thread */
    if (!glibcs && memcmp(before->actions[sig], now.actions[sig], sizeof now.actions[sig]) != 0) {
      (void)printf("%s: the disposition of signal %d WRONG\n", when, sig);
    }
  }
}

static struct state at_start;

static void early(void) {
  look(&at_start);
}
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = early;

static void *in_thread(void *when) {
  const sigset_t some = only(SIGUSR1);
  struct state before;
  ours = 1;
  (void)pthread_sigmask(SIG_BLOCK, &some, NULL);
  look(&before);
  bus_visit();
  compare(&before, when);
  return NULL;
}

static void check_state(void) {
  pthread_t thread;
  compare(&at_start, "since the start"); /* bus_join has been called */
  bus_turn("x", 1);
  bus_visit();
  compare(&at_start, "after a visit");
  (void)pthread_create(&thread, NULL, in_thread, "after a visit in a thread");
  (void)pthread_join(thread, NULL);
  bus_knock(50);
  compare(&at_start, "after a failed connect");
}

/* glibc has each thread change its ids, by a signal of its own. */
static void check_setuid(void) {
  bus_visit();
  verdict(setgid(getgid()) == 0 && setuid(getuid()) == 0, "setuid with the library's threads");
}

static void check_exit(void) {
  bus_leave();
  (void)fflush(stdout);
  exit(23);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } checks[] = {
      {"alarm", check_alarm},
      {"prof", check_prof},
      {"waiting", check_waiting},
      {"sigwait-child", check_sigwait_child},
      {"sigsuspend-child", check_sigsuspend_child},
      {"sigwait-each", check_sigwait_each},
      {"signalfd", check_signalfd},
      {"posix-timer", check_posix_timer},
      {"state", check_state},
      {"setuid", check_setuid},
      {"exit", check_exit},
  };
  ours = 1;
  (void)setvbuf(stdout, NULL, _IOLBF, 0); /* children must not print again what is there */
  bus_join();
  for (size_t i = 0; argc == 2 && i < sizeof checks / sizeof checks[0]; i++) {
    if (strcmp(argv[1], checks[i].name) == 0) {
      checks[i].run();
      bus_leave();
      (void)printf("left\n");
      return 0;
    }
  }
  (void)fprintf(stderr, "usage: manners CHECK\n");
  return 2;
}
