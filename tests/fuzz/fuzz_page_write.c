/*
 * A sender and a receiver on one page, and the input says what they do. What
 * was sent is what is received, no byte outside of the map is touched, and both
 * stay within it even after somebody else has written to the page.
 */
#include "fuzz.h"

enum { MOST_MESSAGES = 256, LARGEST_PAGE = 1 << 13 };

/* What has to arrive. */
struct expected {
  uint32_t tag, flags, sender, sum;
  uint64_t len;
};

struct pair {
  struct llmp_send_cursor to;
  struct llmp_recv_cursor from;
  struct expected sent[MOST_MESSAGES]; /* on this page, in order; an id is an index + 1 */
  uint64_t published;
  bool scribbled; /* somebody wrote to the page: nothing is promised but to stay on it */
};

/* The input, byte by byte; zeros when it is over. */
struct input {
  const uint8_t *at, *end;
};

static uint64_t take(struct input *in, size_t bytes) {
  uint64_t v = 0;
  for (size_t i = 0; i < bytes && in->at < in->end; i++) {
    v |= (uint64_t)*in->at++ << (8 * i);
  }
  return v;
}

/* Both on a fresh page of this size. */
static void turn_page(struct pair *p, size_t size) {
  free(p->to.base);
  p->to.base = fuzz_map(size);
  fuzz_lay_out(p->to.base, size);
  p->to.total = size - WIRE_PAGE_HEADER;
  p->to.used = p->to.last_id = p->to.last_off = p->to.open_off = 0;
  p->from = (struct llmp_recv_cursor){.base = p->to.base, .size = size, .next = WIRE_PAGE_HEADER};
  p->published = 0;
  p->scribbled = false;
}

/* The sender's own place does not depend on what is on the page. */
static void check_sender(const struct pair *p) {
  const struct llmp_send_cursor *c = &p->to;
  HOLDS(c->used + WIRE_EOP_RESERVE <= c->total);
  HOLDS((WIRE_PAGE_HEADER + c->used) % WIRE_MSG_ALIGN == 0 || c->used == 0);
  HOLDS(c->open_off == 0 || c->open_off + WIRE_MSG_HEADER <= WIRE_PAGE_HEADER + c->used);
  uint64_t used;
  memcpy(&used, c->base + WIRE_PAGE_OFF_USED, sizeof used);
  HOLDS(p->scribbled || used == c->used);
}

/* Fills the open message with bytes that depend on seed. */
static void fill(struct pair *p, uint64_t seed) {
  const uint64_t n = page_open_len(&p->to);
  memset(p->to.base + p->to.open_off + WIRE_MSG_HEADER, (int)(seed & 0xff), n);
}

static void open_message(struct pair *p, uint64_t n, uint64_t seed) {
  if (page_alloc(&p->to, n) == NULL || p->to.last_id == MOST_MESSAGES) {
    const uint64_t size = 2 * p->to.max_alloc + WIRE_EOP_RESERVE + WIRE_PAGE_HEADER;
    turn_page(p, size);
    HOLDS(page_alloc(&p->to, n) != NULL);
  }
  HOLDS(p->scribbled || page_open_len(&p->to) == n);
  fill(p, seed);
}

static void finish(struct pair *p, struct input *in) {
  const unsigned char *payload = p->to.base + p->to.open_off + WIRE_MSG_HEADER;
  struct expected *e = &p->sent[p->to.last_id];
  e->tag = (uint32_t)take(in, 4);
  e->flags = (uint32_t)take(in, 1);
  e->sender = (uint32_t)take(in, 1);
  e->len = page_open_len(&p->to);
  e->sum = fuzz_sum(payload, e->len);
  if (page_reserved_tag(e->tag)) {
    e->tag = 1;
  }
  page_finish(&p->to, e->tag, e->flags, e->sender);
}

static void receive(struct pair *p) {
  for (;;) {
    struct page_message m = {0};
    const enum page_found found = page_next(&p->from, &m);
    if (found != PAGE_MESSAGE) {
      HOLDS(p->scribbled || (found == PAGE_NOTHING && p->from.seen_id == p->published));
      return;
    }
    const uint32_t sum = fuzz_sum(m.payload, m.len);
    if (p->scribbled) {
      continue;
    }
    HOLDS(m.id <= p->published);
    const struct expected *e = &p->sent[m.id - 1];
    HOLDS(m.tag == e->tag && m.flags == e->flags && m.sender == e->sender);
    HOLDS(m.len == e->len && sum == e->sum);
  }
}

/* Overwrites a word of the page. */
static void scribble(struct pair *p, struct input *in) {
  const uint64_t words = (p->to.total + WIRE_PAGE_HEADER) / 8;
  const uint64_t at = take(in, 2) % words;
  page_put64(p->to.base, 8 * at, take(in, 8));
  p->scribbled = true;
}

static void step(struct pair *p, struct input *in) {
  const bool open = p->to.open_off != 0;
  switch (take(in, 1) % 8) {
    case 0:
    case 1:
    case 2:
      if (!open) {
        open_message(p, take(in, 2) % 600, take(in, 1));
      } else {
        finish(p, in);
      }
      break;
    case 3:
      if (open) {
        page_shrink(&p->to, take(in, 2) % (page_open_len(&p->to) + 1));
        fill(p, take(in, 1));
      }
      break;
    case 4:
      if (open) {
        page_cancel(&p->to);
      }
      break;
    case 5:
    case 6:
      if (!open) {
        HOLDS(!page_publish(&p->to)); /* nobody sleeps here */
        p->published = p->to.last_id;
        receive(p);
      }
      break;
    default:
      scribble(p, in);
      receive(p);
  }
  check_sender(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct pair p; /* too large for the stack of a fuzzer */
  struct input in = {data, data + size};
  memset(&p, 0, sizeof p);
  turn_page(&p, WIRE_SMALLEST_MAP + 8 * (take(&in, 2) % (LARGEST_PAGE / 8)));
  while (in.at < in.end) {
    step(&p, &in);
  }
  free(p.to.base);
  return 0;
}
