/* A persistent honggfuzz harness that crashes the way the input says. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bus.h"
#include "crash.h"

void HF_ITER(const uint8_t **data, size_t *size); /* of libhfuzz */

int main(void) {
  bus_join();
  for (;;) {
    const uint8_t *data;
    size_t size;
    char kind[16] = {0};
    HF_ITER(&data, &size);
    bus_turn(data, size);
    if (size > 0 && size < sizeof kind) {
      memcpy(kind, data, size);
      crash(kind);
    }
  }
}
