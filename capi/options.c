/* Size-first reading of option structs, and their defaults. */
#include "options.h"

#include <string.h>

#include "error.h"

/* No struct of ours will ever be this large; a size beyond is garbage. */
enum { LARGEST_STRUCT = 4096 };

static size_t size_of(const void *sized) {
  size_t size;
  memcpy(&size, sized, sizeof size);
  return size;
}

int options_check_size(const void *out, const char *name) {
  if (out == NULL) {
    return error_set(LLMP_E_INVALID, "the %s is NULL", name);
  }
  const size_t size = size_of(out);
  if (size < sizeof size || size > LARGEST_STRUCT) {
    return error_set(LLMP_E_INVALID, "%s.size is %zu: start from sizeof(%s) or its _INIT macro",
                     name, size, name);
  }
  return 0;
}

int options_read(void *out, size_t known, const void *in, const char *name) {
  const int rc = options_check_size(in, name);
  if (rc != 0) {
    return rc;
  }
  const size_t size = size_of(in);
  const unsigned char *bytes = in;
  for (size_t i = known; i < size; i++) {
    if (bytes[i] != 0) {
      return error_set(LLMP_E_INVALID,
                       "%s has a field set that this library (%s) does not know: update it", name,
                       LLMP_VERSION_STRING);
    }
  }
  memset(out, 0, known);
  memcpy(out, in, size < known ? size : known);
  return 0;
}

/* Checks one time-out field. */
static int check_timeout(int64_t ms, int64_t least, const char *field) {
  if (ms < least) {
    return error_set(LLMP_E_INVALID, "%s is %lld, want milliseconds or an LLMP_ constant", field,
                     (long long)ms);
  }
  return 0;
}

int options_of_client(llmp_client_options *out, const llmp_client_options *in) {
  int rc = 0;
  memset(out, 0, sizeof *out);
  if (in != NULL) {
    rc = options_read(out, sizeof *out, in, "llmp_client_options");
  }
  if (rc == 0 && out->reserved != 0) {
    rc = error_set(LLMP_E_INVALID, "llmp_client_options.reserved is %u, want 0", out->reserved);
  }
  if (rc == 0) {
    rc = check_timeout(out->send_timeout_ms, LLMP_DONT_WAIT, "send_timeout_ms");
  }
  if (rc == 0) {
    rc = check_timeout(out->connect_timeout_ms, LLMP_DONT_WAIT, "connect_timeout_ms");
  }
  if (out->send_timeout_ms == 0) {
    out->send_timeout_ms = LLMP_WAIT_FOREVER;
  }
  return rc;
}

int options_of_broker(llmp_broker_options *out, const llmp_broker_options *in) {
  memset(out, 0, sizeof *out);
  if (in == NULL) {
    return 0;
  }
  const int rc = options_read(out, sizeof *out, in, "llmp_broker_options");
  return rc != 0 ? rc : check_timeout(out->slow_timeout_ms, LLMP_WAIT_FOREVER, "slow_timeout_ms");
}

void options_give(void *out, const void *full, size_t known) {
  const size_t size = size_of(out);
  memcpy(out, full, size < known ? size : known);
  if (size > known) {
    memset((unsigned char *)out + known, 0, size - known);
  }
  memcpy(out, &size, sizeof size);
}
