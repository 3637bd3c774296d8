/* clock.h - the time for what is due now and then. Not installed. */
#ifndef LLMP_ENGINES_CLOCK_H
#define LLMP_ENGINES_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds, of a clock that costs nearly nothing to read. */
static inline uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

#endif /* LLMP_ENGINES_CLOCK_H */
