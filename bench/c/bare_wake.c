/* What waking costs without a bus: three processes, a futex from each to the next. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive.h"

#define LINE 64

struct hop {
  uint64_t sent_ns;
  double waited_us;
};

/* What all three map: how often the one in the middle and the last one were
 * woken, which is what they sleep on, and when. */
struct shared {
  _Alignas(LINE) atomic_uint broker;
  _Alignas(LINE) atomic_uint receiver;
  _Alignas(LINE) struct hop hops[];
};

static void wake(atomic_uint *word) {
  atomic_fetch_add(word, 1);
  (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Sleeps until the word is no longer n. */
static void sleep_at(atomic_uint *word, unsigned n) {
  while (atomic_load(word) == n) {
    (void)syscall(SYS_futex, word, FUTEX_WAIT, n, NULL, NULL, 0);
  }
}

static void be_broker(struct shared *s, unsigned rounds) {
  for (unsigned i = 0; i < rounds; i++) {
    sleep_at(&s->broker, i);
    wake(&s->receiver);
  }
}

static void be_receiver(struct shared *s, unsigned rounds) {
  for (unsigned i = 0; i < rounds; i++) {
    sleep_at(&s->receiver, i);
    s->hops[i].waited_us = (double)(now_ns() - s->hops[i].sent_ns) / 1e3;
  }
}

static pid_t start(void (*role)(struct shared *, unsigned), struct shared *s, unsigned rounds,
                   unsigned limit) {
  const pid_t pid = fork();
  if (pid < 0) {
    fail("no process to be had: %s", strerror(errno));
  }
  if (pid == 0) {
    limit_life(limit);
    role(s, rounds);
    _exit(0);
  }
  return pid;
}

static double seconds_of(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Waits for the end of a process; returns how much processor time it had, in
 * percent of one core over so many seconds. */
static double share_of_core(pid_t pid, double seconds) {
  struct rusage used;
  int status;
  if (wait4(pid, &status, 0, &used) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fail("one of the processes that wake each other ended early");
  }
  return 100 * (seconds_of(used.ru_utime) + seconds_of(used.ru_stime)) / seconds;
}

int bare_wake(struct options *o) {
  const unsigned rounds = (unsigned)option_number(o, "messages", 1000);
  const useconds_t pause_us = (useconds_t)option_number(o, "pause-us", 1500);
  const unsigned limit = (unsigned)option_number(o, "timeout", LIFE_LIMIT);
  options_finish(o);
  const size_t size = sizeof(struct shared) + rounds * sizeof(struct hop);
  struct shared *s = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (s == MAP_FAILED) {
    fail("no shared memory to be had: %s", strerror(errno));
  }
  const pid_t receiver = start(be_receiver, s, rounds, limit);
  const pid_t broker = start(be_broker, s, rounds, limit);
  const uint64_t began = now_ns();
  for (unsigned i = 0; i < rounds; i++) {
    (void)usleep(pause_us);
    s->hops[i].sent_ns = now_ns();
    wake(&s->broker);
  }
  const double seconds = (double)(now_ns() - began) / 1e9;
  const double broker_cpu = share_of_core(broker, seconds);
  const double client_cpu = share_of_core(receiver, seconds);
  struct samples waits = samples_new(rounds);
  for (unsigned i = 0; i < rounds; i++) {
    samples_add(&waits, s->hops[i].waited_us);
  }
  (void)munmap(s, size);
  samples_report(&waits, "bare futex, two hops", "us",
                 "\"bench\":\"wake\",\"seconds\":%.6f,\"broker_cpu\":%.3f,\"client_cpu\":%.3f",
                 seconds, broker_cpu, client_cpu);
  return 0;
}
