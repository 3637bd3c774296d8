/*
 * A receiver on a page that anybody wrote: the input is the page. Whatever is
 * on it, each message lies within the map, the cursor moves on, and reading
 * comes to an end.
 */
#include "fuzz.h"

static volatile uint32_t sink; /* so that no read is optimised away */

/* Reads until something else than a message comes. */
static void read_on(struct llmp_recv_cursor *c) {
  for (;;) {
    const struct llmp_recv_cursor before = *c;
    struct page_message m = {0};
    const enum page_found found = page_next(c, &m);
    if (found != PAGE_MESSAGE) {
      HOLDS(c->next == before.next && c->seen_id == before.seen_id);
      HOLDS(c->last_off == before.last_off);
      if (found == PAGE_END || found == PAGE_EXITING) {
        HOLDS(m.len <= m.padded && m.payload == c->base + c->next + WIRE_MSG_HEADER);
        sink = fuzz_sum(m.payload, m.len);
      }
      return;
    }
    HOLDS(m.id == before.seen_id + 1 && c->seen_id == m.id && c->seen_id <= c->highest);
    HOLDS(c->last_off == before.next && c->next >= before.next + WIRE_MSG_HEADER);
    HOLDS(c->next <= c->size && c->next % WIRE_MSG_ALIGN == 0);
    HOLDS(m.payload == c->base + c->last_off + WIRE_MSG_HEADER);
    HOLDS(m.len <= m.padded && m.payload + m.padded == c->base + c->next);
    sink = fuzz_sum(m.payload, m.len);
  }
}

/* Reads from a place that a description or a variable named: any place at which
 * the core would put a cursor. */
static void read_from(struct llmp_recv_cursor *c, uint64_t next, uint64_t seen_id) {
  if (next < WIRE_PAGE_HEADER || next > c->size || next % 8 != 0) {
    next = WIRE_PAGE_HEADER;
  }
  c->next = next;
  c->seen_id = seen_id;
  c->last_off = 0;
  c->highest = 0;
  read_on(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const size_t map_size = size < WIRE_SMALLEST_MAP ? WIRE_SMALLEST_MAP : size;
  unsigned char *map = fuzz_map(map_size);
  if (size != 0) {
    memcpy(map, data, size);
  }
  struct llmp_recv_cursor c = {.base = map, .size = map_size};
  read_from(&c, WIRE_PAGE_HEADER, 0);

  /* Two words of the header that a receiver has no use for choose the place. */
  uint64_t next, seen_id;
  memcpy(&next, map + WIRE_PAGE_OFF_USED, sizeof next);
  memcpy(&seen_id, map + WIRE_PAGE_OFF_MAX_ALLOC, sizeof seen_id);
  read_from(&c, next, seen_id);

  /* And an id in the header that bounds nothing. */
  page_put64(map, WIRE_PAGE_OFF_CURRENT_ID, UINT64_MAX);
  read_from(&c, WIRE_PAGE_HEADER, 0);
  free(map);
  return 0;
}
