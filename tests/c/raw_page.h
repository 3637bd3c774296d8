/* raw_page.h - System V segments with pages written by hand: what a broken or
 * hostile peer could put there. */
#ifndef LLMP_TEST_RAW_PAGE_H
#define LLMP_TEST_RAW_PAGE_H

#include <llmp.h>

#include "page.h"

struct raw_page {
  unsigned char *base;
  size_t size;
  llmp_map map; /* for attaching; offset LLMP_NO_OFFSET */
};

/* A segment of zeros, and of an empty page of sender's. */
void raw_make(struct raw_page *p, size_t size);
void raw_lay_out(struct raw_page *p, uint32_t sender);
void raw_remove(struct raw_page *p);

/* A message header at offset off, nothing checked, nothing committed. */
struct raw_message {
  uint32_t tag, sender, flags;
  uint64_t id, len, padded;
};
void raw_put(struct raw_page *p, uint64_t off, const struct raw_message *m);
/* Says that messages up to id are there. */
void raw_commit(struct raw_page *p, uint64_t id);

/* An end of page at off that leads to a map, not committed. */
void raw_put_end(struct raw_page *p, uint64_t off, uint64_t id, const llmp_map *next);

#endif /* LLMP_TEST_RAW_PAGE_H */
