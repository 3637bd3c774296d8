/*
 * event_vectors.h - the events that LibAFL wrote, out of the files in
 * testdata/wire. Reads not all of JSON, but what these files have, where each
 * event ends with its name and its bytes in hexadecimal.
 */
#ifndef EVENT_VECTORS_H
#define EVENT_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct event_vector {
  char name[96];
  unsigned char *postcard, *compressed; /* compressed: NULL when LibAFL does not */
  size_t postcard_len, compressed_len;
};

static inline char *event_read_file(const char *path) {
  FILE *f = fopen(path, "rb");
  CHECK(f != NULL);
  CHECK(fseek(f, 0, SEEK_END) == 0);
  const long size = ftell(f);
  CHECK(size > 0);
  rewind(f);
  char *text = malloc((size_t)size + 1);
  CHECK(text != NULL);
  CHECK_EQ(fread(text, 1, (size_t)size, f), (size_t)size);
  text[size] = '\0';
  (void)fclose(f);
  return text;
}

/* The value behind the next "key": at or after text. */
static inline const char *event_value(const char *text, const char *key) {
  char quoted[32];
  (void)snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *at = strstr(text, quoted);
  if (at == NULL) {
    return NULL;
  }
  at += strlen(quoted);
  return at + strspn(at, " \n");
}

/* Decodes "hex digits", or NULL for null. */
static inline unsigned char *event_unhex(const char *value, size_t *len) {
  if (*value != '"') {
    *len = 0;
    return NULL;
  }
  value++;
  const size_t digits = strcspn(value, "\"");
  unsigned char *bytes = malloc(digits / 2 + 1);
  CHECK(bytes != NULL);
  for (size_t i = 0; i < digits / 2; i++) {
    const char pair[3] = {value[2 * i], value[2 * i + 1], '\0'};
    bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
  }
  *len = digits / 2;
  return bytes;
}

/* Adds the events of a file to at[n...] and returns how many there are then;
 * ends the test when the file is not as expected. */
static inline size_t event_vectors_read(const char *path, struct event_vector *at, size_t n,
                                        size_t max) {
  char *text = event_read_file(path);
  const char *event = text;
  while ((event = event_value(event, "compressed_hex")) != NULL) {
    const char *postcard = event_value(event, "postcard_hex");
    const char *name = NULL;
    /* The event's own name comes last; what is inside may have names, too. */
    for (const char *next = event_value(event, "name"); next != NULL && next < postcard;
         next = event_value(next, "name")) {
      name = next;
    }
    CHECK(n < max && postcard != NULL && name != NULL && *postcard == '"');
    (void)snprintf(at[n].name, sizeof at[n].name, "%.*s", (int)strcspn(name + 1, "\""), name + 1);
    at[n].compressed = event_unhex(event, &at[n].compressed_len);
    at[n].postcard = event_unhex(postcard, &at[n].postcard_len);
    n++;
    event = postcard;
  }
  free(text);
  return n;
}

static inline void event_vectors_free(struct event_vector *at, size_t n) {
  for (size_t i = 0; i < n; i++) {
    free(at[i].postcard);
    free(at[i].compressed);
  }
}

#endif /* EVENT_VECTORS_H */
