/* The parts of drive.h that know nothing of the bus. */
#include "drive.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------- failures */

noreturn void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)fputs("llmp-bench-c: ", stderr);
  (void)vfprintf(stderr, format, args);
  (void)fputc('\n', stderr);
  va_end(args);
  exit(1);
}

noreturn void fail_with(int rc, const char *doing) {
  fail("%s: %s: %s", doing, llmp_strerror(rc), llmp_last_error());
}

void *must_alloc(size_t bytes) {
  void *p = calloc(1, bytes);
  if (p == NULL) {
    fail("no memory for %zu bytes", bytes);
  }
  return p;
}

/* -------------------------------------------------------------- options */

struct options options_parse(int count, char **words) {
  struct options o = {count, words, must_alloc((size_t)count + 1)};
  for (int i = 0; i < count; i += 2) {
    if (strncmp(words[i], "--", 2) != 0) {
      fail("what is \"%s\" for?", words[i]);
    }
    if (i + 1 == count) {
      fail("%s needs a value", words[i]);
    }
  }
  return o;
}

const char *option_text(struct options *o, const char *name, const char *otherwise) {
  for (int i = 0; i < o->count; i += 2) {
    if (strcmp(o->words[i] + 2, name) == 0) {
      o->used[i] = true;
      return o->words[i + 1];
    }
  }
  return otherwise;
}

static uint64_t to_number(const char *name, const char *text, char **end) {
  errno = 0;
  const uint64_t n = strtoull(text, end, 10);
  if (errno != 0 || *end == text || *text == '-') {
    fail("--%s: \"%s\" is no number", name, text);
  }
  return n;
}

uint64_t option_number(struct options *o, const char *name, uint64_t otherwise) {
  const char *text = option_text(o, name, NULL);
  if (text == NULL) {
    return otherwise;
  }
  char *end;
  const uint64_t n = to_number(name, text, &end);
  if (*end != '\0') {
    fail("--%s: \"%s\" is no number", name, text);
  }
  return n;
}

size_t option_numbers(struct options *o, const char *name, const char *otherwise,
                      uint64_t out[SIZES_MAX]) {
  const char *text = option_text(o, name, otherwise);
  size_t n = 0;
  for (;;) {
    char *end;
    if (n == SIZES_MAX) {
      fail("--%s has more than %d numbers", name, SIZES_MAX);
    }
    out[n++] = to_number(name, text, &end);
    if (*end == '\0') {
      return n;
    }
    if (*end != ',') {
      fail("--%s: \"%s\" are no numbers separated by commas", name, text);
    }
    text = end + 1;
  }
}

void options_finish(struct options *o) {
  for (int i = 0; i < o->count; i += 2) {
    if (!o->used[i]) {
      fail("this command has no option %s", o->words[i]);
    }
  }
  free(o->used);
}

/* -------------------------------------------------------------- machine */

void limit_life(unsigned seconds) {
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)alarm(seconds);
}

bool pin(unsigned core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (core >= CPU_SETSIZE) {
    return false;
  }
  CPU_SET(core, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

uint64_t now_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double clock_cost(void) {
  enum { READS = 100000 };
  const uint64_t start = now_ns();
  for (int i = 0; i < READS; i++) {
    (void)now_ns();
  }
  return (double)(now_ns() - start) / READS;
}

/* -------------------------------------------------------------- samples */

struct samples samples_new(size_t room) {
  if (room == 0) {
    room = 1;
  }
  return (struct samples){must_alloc(room * sizeof(double)), 0, room};
}

void samples_add(struct samples *s, double value) {
  if (s->count == s->room) {
    fail("more than %zu samples", s->room);
  }
  s->values[s->count++] = value;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

static double at(const struct samples *s, double share) {
  size_t place = (size_t)(share * (double)s->count);
  if (place >= s->count) {
    place = s->count - 1;
  }
  return s->values[place];
}

void samples_report(struct samples *s, const char *peer, const char *unit, const char *of, ...) {
  if (s->count == 0) {
    fail("nothing was measured");
  }
  double sum = 0;
  for (size_t i = 0; i < s->count; i++) {
    sum += s->values[i];
  }
  qsort(s->values, s->count, sizeof s->values[0], by_size);
  va_list args;
  va_start(args, of);
  (void)putchar('{');
  (void)vprintf(of, args);
  va_end(args);
  (void)printf(
      ",\"peer\":\"%s\",\"unit\":\"%s\",\"samples\":%zu,\"p10\":%.2f,\"p50\":%.2f,"
      "\"p90\":%.2f,\"p99\":%.2f,\"mean\":%.2f}\n",
      peer, unit, s->count, at(s, 0.10), at(s, 0.50), at(s, 0.90), at(s, 0.99),
      sum / (double)s->count);
  (void)fflush(stdout);
  free(s->values);
  *s = (struct samples){NULL, 0, 0};
}

/* ------------------------------------------------------------- partners */

void say_line(const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vprintf(format, args);
  va_end(args);
  (void)putchar('\n');
  (void)fflush(stdout);
}

void read_line(int fd, char *line, size_t room) {
  size_t n = 0;
  for (;;) {
    const ssize_t got = read(fd, line + n, 1);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      fail("the other process is gone");
    }
    if (line[n] == '\n') {
      line[n] = '\0';
      return;
    }
    if (++n == room) {
      fail("a line of more than %zu bytes", room);
    }
  }
}
