/* A target with four doors in a row, each behind a key of eight bytes that no
 * mutation finds: what is compared is a hash. A fuzzer opens the doors whose keys
 * its dictionary has, and only once those before are open; so the last one falls
 * when fuzzers build upon each other's finds. */
#include <stddef.h>
#include <stdint.h>

#define KEY 8u

/* FNV-1a of "north-1!", "east--2!", "south-3!" and "west--4!". */
static const uint64_t doors[4] = {0x74c8265823819ffd, 0x609a80f28b00ca4b, 0xe5b9466da33a25e9,
                                  0x3aea71485b0016fb};

volatile unsigned staged_doors; /* how many are open; written so that each is a branch */

static uint64_t hash(const uint8_t *key) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < KEY; i++) {
    h = (h ^ key[i]) * 1099511628211u;
  }
  return h;
}

static int opens(const uint8_t *data, size_t size, unsigned door) {
  return size >= (door + 1) * KEY && hash(data + door * KEY) == doors[door];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  staged_doors = 0;
  if (!opens(data, size, 0)) return 0;
  staged_doors = 1;
  if (!opens(data, size, 1)) return 0;
  staged_doors = 2;
  if (!opens(data, size, 2)) return 0;
  staged_doors = 3;
  if (!opens(data, size, 3)) return 0;
  staged_doors = 4;
  return 0;
}
