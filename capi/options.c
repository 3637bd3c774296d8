/* Size-first reading of option structs, and their defaults. */
#include "options.h"

#include <string.h>

#include "error.h"

/* No struct of ours will ever be this large; a size beyond is garbage. */
enum { LARGEST_STRUCT = 4096 };

/* Fills the first known bytes of out, which is all zero, from in. */
static int read_options(void *out, size_t known, const void *in, const char *name) {
  size_t size;
  memcpy(&size, in, sizeof size);
  if (size < sizeof size || size > LARGEST_STRUCT) {
    return error_set(LLMP_E_INVALID, "%s.size is %zu: start from the _INIT macro of llmp.h", name,
                     size);
  }
  const unsigned char *bytes = in;
  for (size_t i = known; i < size; i++) {
    if (bytes[i] != 0) {
      return error_set(LLMP_E_INVALID,
                       "%s has a field set that this library (%s) does not know: update it", name,
                       LLMP_VERSION_STRING);
    }
  }
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
    rc = read_options(out, sizeof *out, in, "llmp_client_options");
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
  const int rc = read_options(out, sizeof *out, in, "llmp_broker_options");
  return rc != 0 ? rc : check_timeout(out->slow_timeout_ms, LLMP_WAIT_FOREVER, "slow_timeout_ms");
}

int options_give_stats(llmp_stats *out, const llmp_stats *full) {
  const size_t size = out->size;
  if (size < sizeof size || size > LARGEST_STRUCT) {
    return error_set(LLMP_E_INVALID, "llmp_stats.size is %zu, want sizeof(llmp_stats)", size);
  }
  /* What a newer header has beyond reads as 0. */
  memset(out, 0, size);
  memcpy(out, full, size < sizeof *full ? size : sizeof *full);
  out->size = size;
  return 0;
}
