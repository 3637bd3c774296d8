/*
 * What is left of a pipeline when there is no bus: 40 bytes of header and the
 * payload are written to one of two pages, copied to one of two others in
 * stretches whose ids are changed, and the headers are read there. No limits of
 * a page are heeded but by whoever lays it out, nothing is checked or counted,
 * nobody else can join, and a page is taken as read when its turn comes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "plan.h"

#define PAGES 2u
#define PAGE_BYTES (1u << 20)
#define STRETCH (16u << 10)
#define ALIGN 64u

struct header {
  uint32_t tag, sender, broker, flags;
  uint64_t id, len, padded;
};

/* A place on a page, and how many messages the page has room for behind it. */
struct place {
  unsigned char *pages[PAGES];
  size_t turn, off, left;
};

static unsigned char *shared_page(void) {
  unsigned char *at =
      mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    fail("no shared memory to be had: %s", strerror(errno));
  }
  return at;
}

/* The place of n messages in a row: as many as fit are given. */
static unsigned char *room_for(struct place *p, size_t stride, size_t *n) {
  if (p->left == 0) {
    p->turn = (p->turn + 1) % PAGES;
    p->off = 0;
    p->left = PAGE_BYTES / stride;
  }
  *n = *n < p->left ? *n : p->left;
  unsigned char *at = p->pages[p->turn] + p->off;
  p->left -= *n;
  p->off += *n * stride;
  return at;
}

struct bare {
  struct place written, read, copied, seen;
  uint64_t id;
  size_t stride, per_stretch;
};

static void bare_send(struct bare *b, const struct plan *p, const void *payload) {
  for (size_t left = p->batch; left != 0;) {
    size_t n = left;
    unsigned char *at = room_for(&b->written, b->stride, &n);
    left -= n;
    for (; n != 0; n--, at += b->stride) {
      const struct header h = {TAG, 1, 0, 0, ++b->id, p->size, b->stride - sizeof h};
      memcpy(at, &h, sizeof h);
      memcpy(at + sizeof h, payload, p->size);
      __asm__ volatile("" : : : "memory"); /* as if it were committed */
    }
  }
}

static void bare_forward(struct bare *b, const struct plan *p) {
  for (size_t left = p->batch; left != 0;) {
    size_t n = left < b->per_stretch ? left : b->per_stretch;
    const unsigned char *from = room_for(&b->read, b->stride, &n);
    unsigned char *to = room_for(&b->copied, b->stride, &n);
    left -= n;
    memcpy(to, from, n * b->stride);
    for (; n != 0; n--, to += b->stride) {
      ((struct header *)(void *)to)->id++;
    }
  }
}

static void bare_receive(struct bare *b, const struct plan *p) {
  for (size_t left = p->batch; left != 0;) {
    size_t n = left;
    const unsigned char *at = room_for(&b->seen, b->stride, &n);
    left -= n;
    for (; n != 0; n--) {
      const struct header *h = (const struct header *)(const void *)at;
      const llmp_msg m = {.id = h->id, .data = h + 1, .len = h->len};
      look_at(&m);
      at += sizeof *h + h->padded;
    }
  }
}

static void measure(const struct plan *p, const unsigned char *payload) {
  const size_t stride = (sizeof(struct header) + p->size + ALIGN - 1) / ALIGN * ALIGN;
  struct bare b = {.stride = stride, .per_stretch = STRETCH < stride ? 1 : STRETCH / stride};
  for (size_t i = 0; i < PAGES; i++) {
    b.written.pages[i] = b.read.pages[i] = shared_page();
    b.copied.pages[i] = b.seen.pages[i] = shared_page();
  }
  struct steps steps = steps_new(p);
  for (size_t i = 0; i < p->warm_up + p->batches; i++) {
    const uint64_t t0 = now_ns();
    bare_send(&b, p, payload);
    const uint64_t t1 = now_ns();
    bare_forward(&b, p);
    const uint64_t t2 = now_ns();
    bare_receive(&b, p);
    const uint64_t t3 = now_ns();
    if (i >= p->warm_up) {
      steps_add(&steps, p, t0, t1, t2, t3);
    }
  }
  for (size_t i = 0; i < PAGES; i++) {
    (void)munmap(b.written.pages[i], PAGE_BYTES);
    (void)munmap(b.copied.pages[i], PAGE_BYTES);
  }
  steps_report(&steps, p, "bare copies", "");
}

int bare_pipeline(struct options *o) {
  uint64_t sizes[SIZES_MAX];
  const size_t count = option_numbers(o, "sizes", "8,64,1024,65536", sizes);
  const uint64_t megabytes = option_number(o, "megabytes", 32);
  const uint64_t turns = option_number(o, "turns", 5);
  options_finish(o);
  (void)pin(0);
  for (uint64_t turn = 0; turn < turns; turn++) {
    for (size_t i = 0; i < count; i++) {
      struct plan p = plan_for(sizes[i], megabytes << 20);
      p.turn = turn;
      if (p.size > PAGE_BYTES / 2) {
        fail("bare pages have room for payloads of %u bytes at most", PAGE_BYTES / 2);
      }
      unsigned char *payload = must_alloc(p.size + 1);
      memset(payload, 0x5a, p.size);
      measure(&p, payload);
      free(payload);
    }
  }
  return 0;
}
