/* utf8.h - is it UTF-8? As Rust's str::from_utf8 and Go's utf8.Valid see it. */
#ifndef LLMP_UTF8_H
#define LLMP_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Neither overlong forms, nor surrogates, nor what is beyond U+10FFFF. */
static inline bool utf8_valid(const char *text, size_t len) {
  const unsigned char *p = (const unsigned char *)text, *end = p + len;
  while (p != end) {
    const unsigned char first = *p++;
    if (first < 0x80) {
      continue;
    }
    if (first < 0xc2 || first > 0xf4) {
      return false;
    }
    const size_t more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (more > (size_t)(end - p)) {
      return false;
    }
    /* The second byte's range excludes what the first one's does not. */
    const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (p[0] < low || p[0] > high) {
      return false;
    }
    for (size_t i = 1; i < more; i++) {
      if ((p[i] & 0xc0) != 0x80) {
        return false;
      }
    }
    p += more;
  }
  return true;
}

#endif /* LLMP_UTF8_H */
