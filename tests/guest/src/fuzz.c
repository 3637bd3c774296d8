/* A libFuzzer harness: crashes the way the input says. Joins the bus before
 * libFuzzer installs its handlers, or, with GUEST_LATE, at the first input. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "crash.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  if (getenv("GUEST_LATE") == NULL) {
    bus_join();
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int joined;
  char kind[16] = {0};
  if (!joined && getenv("GUEST_LATE") != NULL) {
    bus_join();
  }
  joined = 1;
  if (size == 0 || size >= sizeof kind) {
    return 0;
  }
  memcpy(kind, data, size);
  bus_turn(kind, size);
  crash(kind);
  return 0;
}
