/*
 * A libFuzzer harness that measures itself: executions per second of the
 * process's own CPU time, all its threads included, from the first input on.
 *
 *   LLMP_BENCH_RUNS   so many executions, then it prints and ends
 *   LLMP_BENCH_PORT   the broker's
 *
 * Compiled without the library; with it and connected (-DCONNECTED); and using
 * the bus as a harness would (-DCONNECTED -DBUSY): one look for test cases at
 * each execution, one test case sent at every 1000th.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A number of the environment; ends the process where it is missing. */
static long number(const char *name) {
  const char *text = getenv(name);
  if (text == NULL) {
    (void)fprintf(stderr, "%s is not set\n", name);
    _exit(1);
  }
  return atol(text);
}

#ifdef CONNECTED
#include <llmp.h>

static llmp_client *bus;

static void join(void) {
  if (llmp_client_connect(&bus, (uint16_t)number("LLMP_BENCH_PORT"), NULL) < 0) {
    (void)fprintf(stderr, "%s\n", llmp_last_error());
    _exit(1);
  }
}
#else
static void join(void) {}
#endif

static double cpu_seconds(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Words of letters, numbers, brackets that nest: a parser's usual work. */
static unsigned parse(const uint8_t *data, size_t size) {
  unsigned depth = 0, words = 0, sum = 0;
  for (size_t i = 0; i < size; i++) {
    const uint8_t c = data[i];
    if (c == '(' || c == '[' || c == '{') {
      depth++;
    } else if ((c == ')' || c == ']' || c == '}') && depth > 0) {
      depth--;
    } else if (c >= '0' && c <= '9') {
      sum = sum * 10 + (c - '0');
    } else if (c == ' ' && i > 0 && data[i - 1] != ' ') {
      words++;
    } else {
      sum ^= c * 31u + depth;
    }
  }
  return sum + words;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  join();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static long runs, wanted;
  static double began;
  static volatile unsigned result;
  if (runs == 0) {
    wanted = number("LLMP_BENCH_RUNS");
    began = cpu_seconds();
  }
  result = parse(data, size);
#ifdef BUSY
  llmp_msg m;
  (void)llmp_client_recv(bus, &m);
  if (runs % 1000 == 0) {
    (void)llmp_client_send(bus, 0x1234, data, size);
  }
#endif
  if (++runs == wanted) {
    (void)printf("%.0f\n", (double)runs / (cpu_seconds() - began));
    (void)fflush(stdout);
    _exit(0);
  }
  return 0;
}
