/* Growing memory for what Go compresses and decompresses: see event.h. */
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "llmp.h"

enum { FIRST = 4096 }; /* bytes */

static int grow(struct event_buffer *b, size_t want) {
  size_t cap = b->cap < FIRST ? FIRST : b->cap;
  while (cap < want) {
    cap = cap > SIZE_MAX / 2 ? want : 2 * cap;
  }
  unsigned char *data = realloc(b->data, cap);
  if (data == NULL) {
    return LLMP_E_NOMEM;
  }
  b->data = data;
  b->cap = cap;
  return 0;
}

int event_buffer_add(struct event_buffer *b, const void *data, size_t n, uint64_t limit) {
  if (n > limit || b->len > limit - n) {
    return LLMP_E_TOOBIG;
  }
  if (n > b->cap - b->len) {
    const int rc = grow(b, b->len + n);
    if (rc != 0) {
      return rc;
    }
  }
  if (n != 0) {
    memcpy(b->data + b->len, data, n);
    b->len += n;
  }
  return 0;
}

void event_buffer_trim(struct event_buffer *b) {
  b->len = 0;
  if (b->cap > EVENT_KEEP) {
    free(b->data);
    b->data = NULL;
    b->cap = 0;
  }
}
