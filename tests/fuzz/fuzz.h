/* fuzz.h - what the fuzz targets share. */
#ifndef LLMP_FUZZ_H
#define LLMP_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

/* Called by libFuzzer, or by replay.c, for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of page.h. Ends the process where it is broken, so that the fuzzer
 * keeps the input. */
#define HOLDS(condition)                                                            \
  do {                                                                              \
    if (!(condition)) {                                                             \
      (void)fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                                      \
    }                                                                               \
  } while (0)

/* Memory of exactly size bytes, so that AddressSanitizer sees the first byte
 * beyond; zero, and aligned as a map is. */
static inline unsigned char *fuzz_map(size_t size) {
  void *map = NULL;
  if (posix_memalign(&map, 4096, size) != 0) {
    abort();
  }
  memset(map, 0, size);
  return map;
}

/* What a sender lays out on a fresh page: llmp/page.go, init. */
static inline void fuzz_lay_out(unsigned char *map, size_t size) {
  page_put64(map, WIRE_PAGE_OFF_MAGIC, WIRE_PAGE_MAGIC);
  page_put64(map, WIRE_PAGE_OFF_TOTAL, size - WIRE_PAGE_HEADER);
  page_put32(map, WIRE_PAGE_HEADER + WIRE_MSG_OFF_TAG, WIRE_TAG_UNSET);
}

/* Reads all bytes, so that one outside of the map is noticed. */
static inline uint32_t fuzz_sum(const unsigned char *bytes, uint64_t n) {
  uint32_t sum = 1;
  for (uint64_t i = 0; i < n; i++) {
    sum = sum * 31 + bytes[i];
  }
  return sum;
}

#endif /* LLMP_FUZZ_H */
