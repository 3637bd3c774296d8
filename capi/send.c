/* What sending needs beyond the current page, and the rarer verbs: see send.h. */
#include "send.h"

#include <limits.h>

#include "_cgo_export.h"
#include "error.h"
#include "go_call.h"

/* How long a full bus is taken for a slow reader's before it is asked whether
 * there is a reader at all, and how often after that. */
#define READER_GRACE_MS 1000

static int too_big(size_t len) {
  return error_set(LLMP_E_TOOBIG, "a message of %zu bytes; the largest payload is %u: split it",
                   len, WIRE_MAX_PAYLOAD);
}

static int reserved_tag(uint32_t tag) {
  return error_set(LLMP_E_INVALID, "tag %#x belongs to the bus itself: choose another", tag);
}

static int is_open(void) {
  return error_set(LLMP_E_BUSY, "an allocation is open: commit or cancel it first");
}

int send_refuse(const struct handle *h, uint32_t tag, const void *data, size_t len) {
  if (page_reserved_tag(tag)) {
    return reserved_tag(tag);
  }
  if (data == NULL && len != 0) {
    return error_set(LLMP_E_INVALID, "data is NULL, and len is %zu", len);
  }
  return h->send.cur.open_off != 0 ? is_open() : too_big(len);
}

/* One try to move on to the next page; never waits. */
static int make_room(struct handle *h, size_t len) {
  struct go_result r = {0};
  GO_CALL(go_make_room(h->go, len, &r));
  return go_outcome(&r);
}

/* Moves on to the next page. Waits here, in C, so that the host's signals are
 * served meanwhile. */
static int wait_for_room(struct handle *h, size_t len) {
  struct wait_backoff backoff = {0};
  int64_t deadline = 0, ask = 0;
  for (;;) {
    const int rc = make_room(h, len);
    if (rc != LLMP_E_FULL || h->send.timeout_ms == LLMP_DONT_WAIT) {
      return rc;
    }
    if (deadline == 0) {
      deadline = wait_deadline(h->send.timeout_ms);
      ask = wait_deadline(READER_GRACE_MS);
    }
    const int64_t left = wait_left(deadline);
    if (left == 0) {
      return rc;
    }
    if (wait_left(ask) == 0) {
      int gone = 0;
      GO_CALL(gone = go_reader_gone(h->go));
      if (gone) {
        return error_set(LLMP_E_CLOSED,
                         "nobody reads this sender's pages any more: "
                         "the broker has died; connect anew");
      }
      ask = wait_deadline(READER_GRACE_MS);
    }
    wait_nap(&backoff, left);
  }
}

int send_on_new_page(struct handle *h, size_t len, unsigned char **payload) {
  int rc = guest_check();
  if (rc != 0) {
    return rc;
  }
  rc = wait_for_room(h, len);
  if (rc != 0) {
    return rc;
  }
  *payload = page_alloc(&h->send.cur, len);
  if (*payload == NULL) {
    return error_set(LLMP_E_INTERNAL, "no room for %zu bytes on a fresh page", len);
  }
  return 0;
}

int send_write_on_new_page(struct handle *h, uint32_t tag, uint32_t flags, const void *data,
                           size_t len) {
  unsigned char *payload;
  const int rc = send_on_new_page(h, len, &payload);
  if (rc != 0) {
    return rc;
  }
  if (len != 0) {
    memcpy(payload, data, len);
  }
  page_finish(&h->send.cur, tag, flags, h->send.cur.sender_id);
  return 0;
}

int send_any(struct handle *h, uint32_t tag, uint32_t flags, const void *data, size_t len) {
  const int rc = send_write(h, tag, flags, data, len);
  if (unlikely(rc != 0)) {
    return rc;
  }
  send_publish(h);
  return 0;
}

int send_ring(struct handle *h) {
  wait_ring(&h->send.cur.ring);
  return 0;
}

_Static_assert(offsetof(llmp_outgoing, tag) == 0 && offsetof(llmp_outgoing, flags) == 4,
               "page_write takes the two as one word");

/* Writes messages while they are acceptable and the page has room, without
 * publishing them; returns how many. */
static size_t write_run(struct handle *h, const llmp_outgoing *msgs, size_t n) {
  struct llmp_send_cursor c = h->send.cur; /* a copy that can stay in registers */
  size_t i = 0;
  for (; i < n; i++) {
    const llmp_outgoing *m = &msgs[i];
    uint64_t tag_flags; /* they lie side by side */
    memcpy(&tag_flags, m, sizeof tag_flags);
    if (!send_acceptable(&c, (uint32_t)tag_flags, m->data, m->len) ||
        !page_write(&c, tag_flags, c.sender_id, m->data, m->len)) {
      break;
    }
  }
  /* Not as a whole: other threads may ask for the rest. */
  h->send.cur.used = c.used;
  h->send.cur.last_id = c.last_id;
  h->send.cur.last_off = c.last_off;
  h->send.cur.max_alloc = c.max_alloc;
  if (i != 0) {
    page_seal(&c);
  }
  return i;
}

int send_many(struct handle *h, const llmp_outgoing *msgs, size_t n) {
  if (msgs == NULL && n != 0) {
    return error_set(LLMP_E_INVALID, "msgs is NULL, and n is %zu", n);
  }
  if (n > INT_MAX) {
    return error_set(LLMP_E_INVALID, "n is %zu, more than an int can count", n);
  }
  int rc = 0;
  size_t sent = 0;
  while (rc == 0 && sent < n) {
    sent += write_run(h, &msgs[sent], n - sent);
    if (sent < n) {
      const llmp_outgoing *m = &msgs[sent];
      rc = send_acceptable(&h->send.cur, m->tag, m->data, m->len)
               ? send_write(h, m->tag, m->flags, m->data, m->len)
               : send_refuse(h, m->tag, m->data, m->len);
      sent += rc == 0;
    }
  }
  if (sent == 0) {
    return rc;
  }
  send_publish(h);
  return (int)sent;
}

int send_alloc(struct handle *h, size_t len, void **payload) {
  if (payload == NULL) {
    return error_set(LLMP_E_INVALID, "payload is NULL: where shall the address go?");
  }
  if (len > WIRE_MAX_PAYLOAD) {
    return too_big(len);
  }
  if (h->send.cur.open_off != 0) {
    return is_open();
  }
  unsigned char *p;
  const int rc = send_open(h, len, &p);
  if (rc == 0) {
    *payload = p;
  }
  return rc;
}

/* 0 when an allocation of at least len bytes is open. */
static int check_open(const struct handle *h, size_t len) {
  if (h->send.cur.open_off == 0) {
    return error_set(LLMP_E_INVALID, "no allocation is open: call alloc first");
  }
  const uint64_t open = page_open_len(&h->send.cur);
  if (len > open) {
    return error_set(LLMP_E_INVALID, "%zu bytes do not fit the open allocation of %llu", len,
                     (unsigned long long)open);
  }
  return 0;
}

int send_commit(struct handle *h, uint32_t tag, uint32_t flags, size_t len) {
  int rc = check_open(h, len);
  if (rc == 0 && page_reserved_tag(tag)) {
    rc = reserved_tag(tag);
  }
  if (rc != 0) {
    return rc;
  }
  if (len < page_open_len(&h->send.cur)) {
    page_shrink(&h->send.cur, len);
  }
  page_finish(&h->send.cur, tag, flags, h->send.cur.sender_id);
  send_publish(h);
  return 0;
}

int send_shrink(struct handle *h, size_t len) {
  const int rc = check_open(h, len);
  if (rc == 0) {
    page_shrink(&h->send.cur, len);
  }
  return rc;
}

int send_cancel(struct handle *h) {
  const int rc = check_open(h, 0);
  if (rc == 0) {
    page_cancel(&h->send.cur);
  }
  return rc;
}

int send_announce(struct handle *h, const char *shm_id, size_t shm_size) {
  unsigned char link[WIRE_EOP_PAYLOAD] = {0};
  const size_t len = shm_id == NULL ? 0 : strnlen(shm_id, WIRE_MAP_ID_LEN);
  if (len == 0 || len >= WIRE_MAP_ID_LEN) {
    return error_set(LLMP_E_INVALID, "shm_id is NULL, empty or longer than %u characters",
                     WIRE_MAP_ID_LEN - 1);
  }
  if (shm_size < WIRE_SMALLEST_MAP || shm_size > WIRE_LARGEST_MAP) {
    return error_set(LLMP_E_INVALID, "a page of %zu bytes; it has %u to %llu", shm_size,
                     WIRE_SMALLEST_MAP, WIRE_LARGEST_MAP);
  }
  if (h->send.cur.open_off != 0) {
    return is_open();
  }
  page_put64(link, WIRE_EOP_OFF_MAP_SIZE, shm_size);
  memcpy(link + WIRE_EOP_OFF_MAP_ID, shm_id, len);
  const int rc = send_write(h, WIRE_TAG_NEW_CLIENT, 0, link, sizeof link);
  if (rc == 0) {
    send_publish(h);
  }
  return rc;
}

int send_map(const struct handle *h, llmp_map *out) {
  if (out == NULL) {
    return error_set(LLMP_E_INVALID, "out is NULL");
  }
  struct go_result r = {0};
  GO_CALL(go_sender_map(h->go, out, &r));
  return go_outcome(&r);
}

/* A page is safe to unmap once somebody has joined it: twin of
 * llmp/safe_to_unmap.go. */
int send_safe_to_unmap(const struct handle *h) {
  return __atomic_load_n(page_joined(h->send.cur.base), __ATOMIC_ACQUIRE) != 0;
}

int send_mark_safe_to_unmap(struct handle *h) {
  (void)__atomic_fetch_add(page_joined(h->send.cur.base), 1, __ATOMIC_ACQ_REL);
  return 0;
}

int send_wait_safe_to_unmap(const struct handle *h, int64_t timeout_ms) {
  const int64_t deadline = wait_deadline(timeout_ms);
  struct wait_backoff backoff = {0};
  while (!send_safe_to_unmap(h)) {
    const int64_t left = wait_left(deadline);
    if (left == 0) {
      return 0;
    }
    wait_nap(&backoff, left);
  }
  return 1;
}
