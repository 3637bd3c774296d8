/*
 * drive.h - what all measurements share: options, samples, JSON lines, cores
 * and time limits. Each prints one JSON object a line to stdout, as the other
 * drivers (bench/go, bench/py, bench/peers) do.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include <llmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define TAG 0x4242u
#define PEER "llmp C"

/* ------------------------------------------------------------- failures */

/* Says why and ends the process. */
noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

noreturn void fail_with(int rc, const char *doing);

/* rc if it is no error, else the end of the process. */
static inline int must(int rc, const char *doing) {
  if (__builtin_expect(rc < 0, 0)) {
    fail_with(rc, doing);
  }
  return rc;
}

void *must_alloc(size_t bytes);

/* -------------------------------------------------------------- options */

/* Words of the form `--name value`. */
struct options {
  int count;
  char **words;
  bool *used;
};

struct options options_parse(int count, char **words);
uint64_t option_number(struct options *o, const char *name, uint64_t otherwise);
const char *option_text(struct options *o, const char *name, const char *otherwise);
/* Ends the process when an option was given that nobody asked for. */
void options_finish(struct options *o);

#define SIZES_MAX 16
/* Numbers separated by commas; returns how many. */
size_t option_numbers(struct options *o, const char *name, const char *otherwise,
                      uint64_t out[SIZES_MAX]);

/* -------------------------------------------------------------- machine */

#define LIFE_LIMIT 300
/* Ends the process after so many seconds: peers that spin must not outlive a
 * partner that died. With the process that started it, it ends in any case. */
void limit_life(unsigned seconds);

/* Keeps this thread on one core; false when there is no such core. */
bool pin(unsigned core);

/* Nanoseconds on a clock that all processes share. */
uint64_t now_ns(void);

/* What reading the clock costs, which is part of each sample, in ns. */
double clock_cost(void);

static inline void spin_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Reads the first byte of a payload, whatever the compiler thinks of it. */
static inline void look_at(const llmp_msg *m) {
  if (m->len != 0) {
    __asm__ volatile("" : : "r"(*(const volatile unsigned char *)m->data) : "memory");
  }
}

/* -------------------------------------------------------------- samples */

struct samples {
  double *values;
  size_t count, room;
};

struct samples samples_new(size_t room);
void samples_add(struct samples *s, double value);

/* Prints what the samples are of (JSON members, formatted), whose they are,
 * their unit and their distribution, then frees them. */
void samples_report(struct samples *s, const char *peer, const char *unit, const char *of, ...)
    __attribute__((format(printf, 4, 5)));

/* ------------------------------------------------------------- partners */

/* The lines by which processes that measure together agree. read_line fails
 * when the other side is gone. */
void say_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void read_line(int fd, char *line, size_t room);

/* ------------------------------------------------------------- commands */

int pipeline(struct options *o);
int bare_pipeline(struct options *o);
int round_trip(struct options *o, char *self);
int reply(struct options *o);
int role_send(struct options *o);
int role_recv(struct options *o);
int role_hold(struct options *o);
int bare_wake(struct options *o);

#endif /* DRIVE_H */
