/*
 * An AFL++ harness: persistent, or with -DPLAIN one process a test case. It
 * joins the bus where the test cases run, that is, in what the fork server
 * forked.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus.h"

static void target(const uint8_t *data, size_t size) {
  if (size >= 3 && data[0] == 'b' && data[1] == 'u') {
    if (data[2] == 's') {
      abort();
    }
  }
}

#ifdef PLAIN

int main(void) {
  uint8_t data[256];
  bus_join();
  const ssize_t size = read(STDIN_FILENO, data, sizeof data);
  if (size > 0) {
    bus_turn(data, (size_t)size);
    target(data, (size_t)size);
  }
  bus_leave();
  return 0;
}

#else

__AFL_FUZZ_INIT();

int main(void) {
  __AFL_INIT();
  bus_join();
  const uint8_t *data = __AFL_FUZZ_TESTCASE_BUF;
  while (__AFL_LOOP(5000)) {
    const int size = __AFL_FUZZ_TESTCASE_LEN;
    if (size > 0) {
      bus_turn(data, (size_t)size);
      target(data, (size_t)size);
    }
  }
  bus_leave();
  return 0;
}

#endif
