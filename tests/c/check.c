/* What a check does when it does not hold: see check.h. */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void check_failed(const char *file, int line, const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  (void)fprintf(stderr, "%s:%d: %s\n", file, line, text);
  (void)fflush(NULL);
  _exit(1); /* at once: other threads may be in the middle of anything */
}

void check_strings(const char *file, int line, const char *what, const char *a, const char *b) {
  if (strcmp(a, b) != 0) {
    check_failed(file, line, "broken: %s: \"%s\" == \"%s\"", what, a, b);
  }
}

void check_says(const char *file, int line, const char *text, const char *part) {
  if (strstr(text, part) == NULL) {
    check_failed(file, line, "\"%s\" does not say \"%s\"", text, part);
  }
}

void check_bytes(const char *file, int line, const char *what, const void *a, size_t n,
                 const void *b, size_t m) {
  const unsigned char *left = a, *right = b;
  if (n != m) {
    check_failed(file, line, "broken: %s: %zu bytes == %zu bytes", what, n, m);
  }
  for (size_t i = 0; i < n; i++) {
    if (left[i] != right[i]) {
      check_failed(file, line, "broken: %s: byte %zu of %zu: %#x == %#x", what, i, n, left[i],
                   right[i]);
    }
  }
}

void check_ok(const char *file, int line, const char *what, int result) {
  if (result < 0) {
    check_failed(file, line, "%s: %s (%s)", what, llmp_strerror(result), llmp_last_error());
  }
}

void check_error(const char *file, int line, const char *what, int result, int code,
                 const char *part) {
  if (result != code) {
    check_failed(file, line, "%s: is %d, \"%s\" (last error: \"%s\"); want %s", what, result,
                 llmp_strerror(result), llmp_last_error(), llmp_strerror(code));
  }
  if (llmp_last_error()[0] == '\0') {
    check_failed(file, line, "%s: %s, and llmp_last_error has no word for it", what,
                 llmp_strerror(code));
  }
  check_says(file, line, llmp_last_error(), part);
}
