/* Ways to end badly: see crash.h. Compiled without optimization, so that the
 * frames are the ones written here. */
#include "crash.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CRASHER __attribute__((noinline, section("crashers")))
extern const char __start_crashers[], __stop_crashers[];

int crash_site(const void *pc) {
  return (const char *)pc >= __start_crashers && (const char *)pc < __stop_crashers;
}

static volatile int zero;
static void *volatile sink;

CRASHER void crash_segv(void) {
  *(volatile int *)(uintptr_t)(0x1000 + zero) = 1;
}

/* A page of a file that has been cut off since. */
CRASHER void crash_bus(void) {
  char name[] = "guest-bus-XXXXXX";
  const int fd = mkstemp(name);
  (void)unlink(name);
  if (fd < 0 || ftruncate(fd, 4096) != 0) {
    return;
  }
  volatile char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ftruncate(fd, 0) == 0) {
    p[0] = 1;
  }
}

/* In assembly: as C it would be undefined, and UBSan's. */
CRASHER void crash_fpe(void) {
#if defined(__x86_64__)
  __asm__ volatile("cltd\n\tidivl %0" ::"r"(zero), "a"(1) : "edx", "cc");
#else
  (void)raise(SIGFPE); /* other processors do not trap */
#endif
}

CRASHER void crash_ill(void) {
  __builtin_trap();
}

CRASHER void crash_abrt(void) {
  abort();
}

CRASHER int recurse(int n) {
  volatile char frame[4096];
  frame[n % 4096] = (char)n;
  return n == -1 ? 0 : recurse(n + 1) + frame[(n + 1) % 4096];
}

CRASHER void crash_stack(void) {
  sink = (void *)(intptr_t)recurse(zero);
}

/* Without ASan, free finds the header of the block behind damaged. (That of the
 * block itself it would look at with its lock held, and libFuzzer's handler
 * would wait for that lock for ever.) */
CRASHER void crash_heap(void) {
  char *volatile block = malloc(100000);
  char *volatile behind = malloc(100000);
  for (int i = 0; i < 100016; i++) {
    block[i] = (char)0xff;
  }
  free(behind);
  free(block);
}

/* Without ASan, free finds the block to be free already. */
CRASHER void crash_uaf(void) {
  char *volatile block = malloc(24);
  free(block);
  block[zero] = 1; /* the crash: NOLINT(clang-analyzer-unix.Malloc) */
  free(block);
}

CRASHER void crash_leak(void) {
  char *volatile block = malloc(1234);
  block[0] = 1;
  block = NULL;
  /* Its address may still lie in a register or below on the stack.
   * The leak: NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
  char rest[4096];
  memset(rest, 0, sizeof rest);
  sink = rest;
  sink = NULL;
}

CRASHER void crash_timeout(void) {
  while (zero == 0) {
  }
}

/* Slowly, as libFuzzer looks once a second. */
CRASHER void crash_oom(void) {
  for (;;) {
    char *volatile block = malloc(1 << 20);
    memset(block, 1, 1 << 20);
    (void)usleep(5000);
  }
}

/* One block beyond the limit of -malloc_limit_mb. */
CRASHER void crash_malloc_limit(void) {
  sink = malloc((size_t)300 << 20);
  free(sink);
}

/* What UBSan alone sees. */
CRASHER void crash_overflow(void) {
  volatile int big = 0x7fffffff;
  big = big + 1;
}

void crash(const char *kind) {
  static const struct {
    const char *kind;
    void (*how)(void);
  } ways[] = {
      {"segv", crash_segv},         {"bus", crash_bus},   {"fpe", crash_fpe},
      {"ill", crash_ill},           {"abrt", crash_abrt}, {"stack", crash_stack},
      {"heap", crash_heap},         {"uaf", crash_uaf},   {"leak", crash_leak},
      {"timeout", crash_timeout},   {"oom", crash_oom},   {"malloc", crash_malloc_limit},
      {"overflow", crash_overflow},
  };
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    if (strcmp(kind, ways[i].kind) == 0) {
      ways[i].how();
      return;
    }
  }
  if (strcmp(kind, "none") != 0) {
    (void)fprintf(stderr, "no way to crash is called %s\n", kind);
    _exit(97);
  }
}
