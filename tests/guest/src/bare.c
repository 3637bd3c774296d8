/*
 * A harness with its own signal handlers and no engine.
 *
 *   bare KIND HANDLER WHEN
 *
 * KIND     how to crash: crash.h
 * HANDLER  default: none; sigaction: without SA_ONSTACK; onstack: with it and no
 *          alternate stack; altstack: with both; signal: by signal()
 * WHEN     early: before any constructor; before: before joining the bus (by
 *          dlopen: before the library is loaded); after: after it
 *
 * The handler tells what it sees and lets the signal kill.
 */
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "bus.h"
#include "crash.h"

enum { ALT_BYTES = 256 << 10, FRAMES = 32 };

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGPIPE};

static char *alt;

static void put(const char *text) {
  (void)!write(STDOUT_FILENO, text, strlen(text));
}

static const char *where_am_i(void) {
  char here;
  const char *at = &here;
  return alt != NULL && at >= alt && at < alt + ALT_BYTES ? "alternate" : "thread's";
}

static const void *program_counter(const void *context) {
#if defined(__x86_64__)
  return (const void *)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
  return (const void *)((const ucontext_t *)context)->uc_mcontext.pc;
#endif
}

/* What POSIX does not promise to work in a handler, Linux and glibc do: backtrace
 * after its first call, see main. NOLINTBEGIN(bugprone-signal-handler) */
static void tell(int sig, const char *code, const char *site) {
  put("caught ");
  put(sigabbrev_np(sig));
  put(code);
  put(" on the ");
  put(where_am_i());
  put(" stack of ");
  put(syscall(SYS_gettid) == getpid() ? "main" : "another thread");
  put(site);
  put("\n");
  void *frames[FRAMES];
  const int n = backtrace(frames, FRAMES);
  backtrace_symbols_fd(frames, n, STDOUT_FILENO);
}
/* NOLINTEND(bugprone-signal-handler) */

static void die(int sig) {
  (void)signal(sig, SIG_DFL);
  (void)raise(sig);
}

static void on_info(int sig, siginfo_t *info, void *context) {
  char code[32];
  (void)snprintf(code, sizeof code, " code %d", info->si_code);
  tell(sig, code, crash_site(program_counter(context)) ? ", at the crash" : "");
  die(sig);
}

static void on_signal(int sig) {
  tell(sig, "", "");
  die(sig);
}

static void install(const char *handler) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_info;
  action.sa_flags = SA_SIGINFO;
  if (strcmp(handler, "onstack") == 0 || strcmp(handler, "altstack") == 0) {
    action.sa_flags |= SA_ONSTACK;
  }
  if (strcmp(handler, "altstack") == 0) {
    alt = mmap(NULL, ALT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const stack_t stack = {.ss_sp = alt, .ss_size = ALT_BYTES};
    (void)sigaltstack(&stack, NULL);
  }
  for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
    if (strcmp(handler, "signal") == 0) {
      (void)signal(crashes[i], on_signal);
    } else if (strcmp(handler, "default") != 0) {
      (void)sigaction(crashes[i], &action, NULL);
    }
  }
}

static void early(int argc, char **argv, char **envp) {
  (void)envp;
  if (argc == 4 && strcmp(argv[3], "early") == 0) {
    install(argv[2]);
  }
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **,
                                                                            char **) = early;

int main(int argc, char **argv) {
  if (argc != 4) {
    (void)fprintf(stderr, "usage: bare KIND HANDLER WHEN\n");
    return 2;
  }
  const struct rlimit no_core = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &no_core);
  void *frames[1];
  (void)backtrace(frames, 1); /* the first call loads libgcc: not in a handler */
  if (strcmp(argv[3], "before") == 0) {
    install(argv[2]);
  }
  bus_join();
  if (strcmp(argv[3], "after") == 0) {
    install(argv[2]);
  }
  bus_turn(argv[1], strlen(argv[1]));
  crash(argv[1]);
  bus_leave();
  put("left\n");
  return 0;
}
