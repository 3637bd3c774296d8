/*
 * page.h - writing and reading messages within one page.
 *
 * The C twin of llmp/page_alloc.go and llmp/page_read.go: the same steps under
 * the same names, held to the same bytes by llmp/differential_test.go. Needs no
 * Go, no system call and no library beyond memcpy, so that a fuzzer or a
 * sanitizer can build it alone.
 *
 * What races with other processes is named in docs/concurrency.md. The writer
 * never reads back what it needs to be true: others can write to the page too.
 * The reader reads each field exactly once, so what was checked is what is used.
 */
#ifndef LLMP_PAGE_H
#define LLMP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire format is little-endian, and this file does not swap"
#endif

/* Mapped words, whatever type the memory was given elsewhere. */
typedef uint16_t __attribute__((may_alias)) page_u16;
typedef uint32_t __attribute__((may_alias)) page_u32;
typedef uint64_t __attribute__((may_alias)) page_u64;

/* Whom a sender wakes after a commit. Layout: internal/cursor.Ring. */
struct llmp_ring {
  page_u32 *want;     /* NULL: nobody can sleep on this page */
  page_u32 *futex;    /* the word on which they sleep */
  page_u64 *rang;     /* NULL, or the word of the bell's bitmap in which bit is set */
  page_u32 *sleeping; /* NULL, or not 0 while the owner of futex sleeps */
  uint64_t bit;
  uint32_t fence; /* not 0: no asymmetric barrier here, commit with a full fence */
  uint32_t unused;
};

/* The place of a sender. Layout and meaning: internal/cursor.Send. */
struct llmp_send_cursor {
  unsigned char *base; /* the map; NULL: no page yet, or closed */
  uint64_t total;      /* size total: bytes behind the page header */
  uint64_t used;       /* size used */
  uint64_t last_id;    /* id of the message finished last */
  uint64_t last_off;   /* its offset from base; 0: none on this page */
  uint64_t open_off;   /* offset of the open allocation; 0: none */
  uint64_t max_alloc;  /* largest allocation so far, header included */
  uint32_t sender_id;
  uint32_t state; /* LLMP_STATE_* */
  struct llmp_ring ring;
};

/* The place of a receiver. Layout and meaning: internal/cursor.Recv. */
struct llmp_recv_cursor {
  unsigned char *base; /* the map; NULL: closed */
  uint64_t size;       /* bytes that are really mapped */
  uint64_t next;       /* offset of the next message to read */
  uint64_t last_off;   /* offset of the message read last; 0: none on this page */
  uint64_t seen_id;    /* id of the message read last */
  uint64_t highest;    /* newest id that was seen committed */
  uint32_t skip_id;    /* with LLMP_STATE_SKIP: messages of this sender are passed over */
  uint32_t state;      /* LLMP_STATE_* */
  uint64_t skipped;    /* how many were passed over */
  page_u32 *waiters;   /* set to 1 before sleeping on this page; NULL: poll */
};

#define LLMP_STATE_CLOSED 1u  /* closed, or the other side said EXITING */
#define LLMP_STATE_CORRUPT 2u /* what was read makes no sense; sticky */
#define LLMP_STATE_SKIP 4u    /* recv: skip messages of skip_id */

/* What a loop over messages is made of: inlined there, so that its cursor stays
 * in registers. */
#define PAGE_INLINE static inline __attribute__((always_inline))

/* Access to fields that only this side writes, or that nobody races on while it
 * is accessed: one store each. */
static inline void page_put32(unsigned char *base, uint64_t off, uint32_t v) {
  __atomic_store_n((page_u32 *)(void *)(base + off), v, __ATOMIC_RELAXED);
}

static inline void page_put64(unsigned char *base, uint64_t off, uint64_t v) {
  __atomic_store_n((page_u64 *)(void *)(base + off), v, __ATOMIC_RELAXED);
}

/* One load that the compiler neither repeats nor splits. */
static inline uint32_t page_load32(const unsigned char *base, uint64_t off) {
  return __atomic_load_n((const page_u32 *)(const void *)(base + off), __ATOMIC_RELAXED);
}

static inline uint64_t page_load64(const unsigned char *base, uint64_t off) {
  return __atomic_load_n((const page_u64 *)(const void *)(base + off), __ATOMIC_RELAXED);
}

/* The word by which a sender commits. */
static inline page_u64 *page_current_id(unsigned char *base) {
  return (page_u64 *)(void *)(base + WIRE_PAGE_OFF_CURRENT_ID);
}

/* The half of it on which receivers sleep. */
static inline page_u32 *page_futex_word(unsigned char *base) {
  return (page_u32 *)(void *)(base + WIRE_PAGE_OFF_CURRENT_ID);
}

/* Receivers joined: a counter that others add to. */
static inline page_u16 *page_joined(unsigned char *base) {
  return (page_u16 *)(void *)(base + WIRE_PAGE_OFF_JOINED);
}

/* The padded length of n bytes of payload in a message that starts at off. */
static inline uint64_t page_padded(uint64_t off, uint64_t n) {
  const uint64_t mask = WIRE_MSG_ALIGN - 1;
  return ((off + WIRE_MSG_HEADER + n + mask) & ~mask) - off - WIRE_MSG_HEADER;
}

/* Of 64 kinds of tags, by six of their bits, those that the bus's own are of: one
 * look tells that a tag is none of them. LibAFL's events and all tags below 8192
 * are of other kinds. Twin of wire.Reserved. */
#define PAGE_TAG_KIND(tag) (UINT64_C(1) << ((tag) >> 13 & 63u))
#define PAGE_TAG_KINDS                                                        \
  (PAGE_TAG_KIND(WIRE_TAG_UNSET) | PAGE_TAG_KIND(WIRE_TAG_UNINITIALIZED) |    \
   PAGE_TAG_KIND(WIRE_TAG_END_OF_PAGE) | PAGE_TAG_KIND(WIRE_TAG_NEW_CLIENT) | \
   PAGE_TAG_KIND(WIRE_TAG_CLIENT_EXIT) | PAGE_TAG_KIND(WIRE_TAG_EXITING) |    \
   PAGE_TAG_KIND(WIRE_TAG_SLOW_RECEIVER))

static inline bool page_plain_tag(uint32_t tag) {
  return (PAGE_TAG_KINDS & PAGE_TAG_KIND(tag)) == 0;
}

/* The tags that the bus keeps for itself. */
static inline bool page_reserved_tag(uint32_t tag) {
  if (page_plain_tag(tag)) {
    return false;
  }
  switch (tag) {
    case WIRE_TAG_UNSET:
    case WIRE_TAG_UNINITIALIZED:
    case WIRE_TAG_END_OF_PAGE:
    case WIRE_TAG_NEW_CLIENT:
    case WIRE_TAG_CLIENT_EXIT:
    case WIRE_TAG_EXITING:
    case WIRE_TAG_SLOW_RECEIVER:
      return true;
    default:
      return false;
  }
}

/* ------------------------------------------------------------- writing */

/* Writes how much of the page is used, and ends that with an unset slot. */
static inline void page_seal(struct llmp_send_cursor *c) {
  page_put64(c->base, WIRE_PAGE_OFF_USED, c->used);
  page_put32(c->base, WIRE_PAGE_HEADER + c->used + WIRE_MSG_OFF_TAG, WIRE_TAG_UNSET);
}

/* Writes the lengths of the open message and ends it with an unset slot. */
static inline void page_set_open(struct llmp_send_cursor *c, uint64_t start, uint64_t n,
                                 uint64_t padded) {
  page_put64(c->base, start + WIRE_MSG_OFF_LEN, n);
  page_put64(c->base, start + WIRE_MSG_OFF_PADDED, padded);
  c->open_off = start;
  c->used += WIRE_MSG_HEADER + padded;
  page_seal(c);
}

/* Opens a message with room for n bytes and returns its payload; NULL when the
 * page is full. n is at most WIRE_MAX_PAYLOAD, no message is open. */
static inline unsigned char *page_alloc(struct llmp_send_cursor *c, uint64_t n) {
  const uint64_t start = WIRE_PAGE_HEADER + c->used;
  const uint64_t padded = page_padded(start, n);
  const uint64_t need = WIRE_MSG_HEADER + padded;
  if (need > c->max_alloc) {
    c->max_alloc = need;
    page_put64(c->base, WIRE_PAGE_OFF_MAX_ALLOC, need);
  }
  if (c->used + need + WIRE_EOP_RESERVE > c->total) {
    return NULL;
  }
  page_set_open(c, start, n, padded);
  page_put32(c->base, start + WIRE_MSG_OFF_TAG, WIRE_TAG_UNINITIALIZED);
  page_put64(c->base, start + WIRE_MSG_OFF_ID, c->last_id + 1);
  return c->base + start + WIRE_MSG_HEADER;
}

/* Makes the open message n bytes long; n is at most its length. */
static inline void page_shrink(struct llmp_send_cursor *c, uint64_t n) {
  const uint64_t start = c->open_off;
  c->used = start - WIRE_PAGE_HEADER;
  page_set_open(c, start, n, page_padded(start, n));
}

/* Gives the open message back. */
static inline void page_cancel(struct llmp_send_cursor *c) {
  page_put32(c->base, c->open_off + WIRE_MSG_OFF_TAG, WIRE_TAG_UNSET);
  c->used = c->open_off - WIRE_PAGE_HEADER;
  page_put64(c->base, WIRE_PAGE_OFF_USED, c->used);
  c->open_off = 0;
}

/* Fills in the open message without showing it to readers yet. */
static inline void page_finish(struct llmp_send_cursor *c, uint32_t tag, uint32_t flags,
                               uint32_t sender) {
  unsigned char *base = c->base;
  const uint64_t off = c->open_off;
  page_put32(base, off + WIRE_MSG_OFF_TAG, tag);
  page_put32(base, off + WIRE_MSG_OFF_SENDER, sender);
  page_put32(base, off + WIRE_MSG_OFF_BROKER, 0);
  page_put32(base, off + WIRE_MSG_OFF_FLAGS, flags);
  c->last_id++;
  page_put64(base, off + WIRE_MSG_OFF_ID, c->last_id);
  c->last_off = off;
  c->open_off = 0;
}

/* What is copied without a call. */
#define PAGE_SHORT 64u

/* Copies n bytes, PAGE_SHORT at most: with two moves that overlap, or four. */
static inline void page_copy_short(unsigned char *to, const void *data, uint64_t n) {
  const unsigned char *from = data;
  if (n >= 16) {
    if (n > 32) {
      memcpy(to + 16, from + 16, 16);
      memcpy(to + n - 32, from + n - 32, 16);
    }
    memcpy(to, from, 16);
    memcpy(to + n - 16, from + n - 16, 16);
  } else if (n >= 8) {
    memcpy(to, from, 8);
    memcpy(to + n - 8, from + n - 8, 8);
  } else if (n >= 4) {
    memcpy(to, from, 4);
    memcpy(to + n - 4, from + n - 4, 4);
  } else if (n != 0) {
    to[0] = from[0];
    to[n / 2] = from[n / 2];
    to[n - 1] = from[n - 1];
  }
}

/* Writes the next message, all but what page_seal does once for several. False
 * when the page is full. n is at most WIRE_MAX_PAYLOAD, no message is open.
 *
 * What sending costs is stores: each field is stored once, two with one store
 * where they fill a word, and nothing is read back. For the same reason the tag,
 * which is the low half, and the flags come as one. */
PAGE_INLINE bool page_write(struct llmp_send_cursor *c, uint64_t tag_flags, uint32_t sender,
                            const void *data, uint64_t n) {
  unsigned char *base = c->base;
  const uint64_t start = WIRE_PAGE_HEADER + c->used;
  const uint64_t padded = page_padded(start, n);
  const uint64_t need = WIRE_MSG_HEADER + padded;
  const uint64_t used = c->used + need;
  const uint64_t id = c->last_id + 1;
  if (need > c->max_alloc) {
    c->max_alloc = need;
    page_put64(base, WIRE_PAGE_OFF_MAX_ALLOC, need);
  }
  if (used + WIRE_EOP_RESERVE > c->total) {
    return false;
  }
  c->used = used;
  c->last_id = id;
  c->last_off = start;
  page_put64(base, start + WIRE_MSG_OFF_TAG, (uint32_t)tag_flags | (uint64_t)sender << 32);
  page_put64(base, start + WIRE_MSG_OFF_BROKER, tag_flags >> 32 << 32); /* the broker is 0 */
  page_put64(base, start + WIRE_MSG_OFF_ID, id);
  page_put64(base, start + WIRE_MSG_OFF_LEN, n);
  page_put64(base, start + WIRE_MSG_OFF_PADDED, padded);
  if (n <= PAGE_SHORT) {
    page_copy_short(base + start + WIRE_MSG_HEADER, data, n);
  } else {
    /* The next header's line comes while this payload is copied. */
    __builtin_prefetch(base + WIRE_PAGE_HEADER + used, 1);
    memcpy(base + start + WIRE_MSG_HEADER, data, n);
  }
  return true;
}

/* Writes a message without showing it to readers yet: page_alloc, the payload
 * and page_finish in one. False when the page is full. */
PAGE_INLINE bool page_put(struct llmp_send_cursor *c, uint32_t tag, uint32_t flags, uint32_t sender,
                          const void *data, uint64_t n) {
  if (!page_write(c, tag | (uint64_t)flags << 32, sender, data, n)) {
    return false;
  }
  page_seal(c);
  return true;
}

/* Commits all finished messages. True: somebody sleeps for them, ring. */
static inline bool page_publish(struct llmp_send_cursor *c) {
  const page_u32 *want = c->ring.want;
  __atomic_store_n(page_current_id(c->base), c->last_id, __ATOMIC_RELEASE);
  if (want == NULL) {
    return false;
  }
  /* A sleeper notes itself, then looks at the id for the last time. Either it
   * sees the id stored above, or we see its note. Its membarrier makes our
   * order firm; where there is none, we fence ourselves. */
  if (c->ring.fence != 0) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
  } else {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  }
  return __atomic_load_n(want, __ATOMIC_RELAXED) != 0;
}

/* How long the open message's payload is. The length is our own, but others
 * can write to the page: it is bounded by what was allocated. */
static inline uint64_t page_open_len(const struct llmp_send_cursor *c) {
  const uint64_t n = page_load64(c->base, c->open_off + WIRE_MSG_OFF_LEN);
  const uint64_t room = WIRE_PAGE_HEADER + c->used - c->open_off - WIRE_MSG_HEADER;
  return n < room ? n : room;
}

/* ------------------------------------------------------------- reading */

/* What page_next came upon. */
enum page_found {
  PAGE_NOTHING, /* no message is committed beyond the last */
  PAGE_MESSAGE, /* an ordinary message */
  PAGE_END,     /* the link to the next page; the cursor stays on it */
  PAGE_EXITING, /* the sender said goodbye; the cursor stays on it */
  PAGE_CORRUPT  /* this cannot have been written by a sender */
};

/* The header of a message. */
struct page_message {
  uint32_t tag, sender, flags;
  uint64_t id, len, padded;
  const unsigned char *payload;
};

/* What page_next came upon where the tag may be the bus's own. */
static inline enum page_found page_tag_found(uint32_t tag) {
  switch (tag) {
    case WIRE_TAG_END_OF_PAGE:
      return PAGE_END;
    case WIRE_TAG_EXITING:
      return PAGE_EXITING;
    case WIRE_TAG_UNSET:
    case WIRE_TAG_UNINITIALIZED:
      return PAGE_CORRUPT;
    default:
      return PAGE_MESSAGE;
  }
}

/* Looks at the next message. An ordinary one moves the cursor. *m is filled for
 * an ordinary message, a link and a goodbye. The cursor is where a message can
 * be: from WIRE_PAGE_HEADER to the map's size, at a multiple of 8.
 *
 * Each field is read when it is looked at, so that few registers do. */
PAGE_INLINE enum page_found page_next(struct llmp_recv_cursor *c, struct page_message *m) {
  if (c->seen_id >= c->highest) {
    /* Pairs with the store in page_publish: what the sender wrote before is
     * visible once the id is. */
    c->highest = __atomic_load_n(page_current_id(c->base), __ATOMIC_ACQUIRE);
    if (c->seen_id >= c->highest) {
      return PAGE_NOTHING;
    }
  }
  const uint64_t off = c->next, room = c->size - off;
  const unsigned char *h = c->base + off;
  if (room < WIRE_MSG_HEADER) {
    return PAGE_CORRUPT;
  }
  m->padded = page_load64(h, WIRE_MSG_OFF_PADDED);
  if (m->padded > room - WIRE_MSG_HEADER) {
    return PAGE_CORRUPT;
  }
  m->len = page_load64(h, WIRE_MSG_OFF_LEN);
  m->id = c->seen_id + 1;
  if (m->len > m->padded || page_load64(h, WIRE_MSG_OFF_ID) != m->id) {
    return PAGE_CORRUPT;
  }
  const uint64_t from = page_load64(h, WIRE_MSG_OFF_TAG); /* and WIRE_MSG_OFF_SENDER */
  m->tag = (uint32_t)from;
  m->sender = (uint32_t)(from >> 32);
  m->payload = h + WIRE_MSG_HEADER;
  if (__builtin_expect(!page_plain_tag(m->tag), 0)) {
    const enum page_found found = page_tag_found(m->tag);
    if (found != PAGE_MESSAGE) {
      m->flags = page_load32(h, WIRE_MSG_OFF_FLAGS);
      return found;
    }
  }
  const uint64_t end = off + WIRE_MSG_HEADER + m->padded;
  if (end % WIRE_MSG_ALIGN != 0) {
    return PAGE_CORRUPT;
  }
  /* The header three messages on from the next, if all are as long: it would
   * otherwise be waited for, as each header tells where the next one is. */
  __builtin_prefetch(c->base + end + 3 * (end - off));
  c->last_off = off;
  /* A store of its own, not half of a vector's: the next call waits for it. */
  __atomic_store_n(&c->next, end, __ATOMIC_RELAXED);
  c->seen_id = m->id;
  m->flags = page_load32(h, WIRE_MSG_OFF_FLAGS);
  return PAGE_MESSAGE;
}

#endif /* LLMP_PAGE_H */
