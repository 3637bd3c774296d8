/* What went wrong, and who we are. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

/* Thread-local without allocation, so that it also works when memory is out
 * and in a forked child. */
static _Thread_local char last_error[512];

int error_set(int code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(last_error, sizeof last_error, format, args);
  va_end(args);
  return code;
}

const char *llmp_last_error(void) {
  return last_error;
}

const char *llmp_strerror(int code) {
  switch (code) {
#define NAME_AND_TEXT(name, number, text) \
  case number:                            \
    return "LLMP_" #name ": " text;
    LLMP_ERROR_MAP(NAME_AND_TEXT)
#undef NAME_AND_TEXT
    default:
      return code > 0 ? "LLMP_OK: no error" : "unknown error: not a code of this library";
  }
}

const char *llmp_version(void) {
  return LLMP_VERSION_STRING;
}

int llmp_abi_version(void) {
  return LLMP_ABI_VERSION;
}
