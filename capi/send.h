/*
 * send.h - the sending verbs on a handle that has a sending half. llmp_client_*
 * and llmp_sender_* differ in the kind of handle only.
 *
 * What is inline here is the path inside a page: no lock, no system call, no
 * Go. The rest is in send.c.
 */
#ifndef LLMP_SEND_H
#define LLMP_SEND_H

#include "handle.h"
#include "wait.h"

#define unlikely(x) __builtin_expect(!!(x), 0)

/* Says why send_message would not even try. */
__attribute__((cold)) int send_refuse(const struct handle *h, uint32_t tag, const void *data,
                                      size_t len);

/* Opens a message of len bytes on a new page, waiting on a full bus as long as
 * the options say. 0 and *payload, or an error. */
__attribute__((cold)) int send_on_new_page(struct handle *h, size_t len, unsigned char **payload);

/* send_write where the current page is full. */
__attribute__((cold)) int send_write_on_new_page(struct handle *h, uint32_t tag, uint32_t flags,
                                                 const void *data, size_t len);

static inline bool send_acceptable(const struct llmp_send_cursor *c, uint32_t tag, const void *data,
                                   size_t len) {
  return !(page_reserved_tag(tag) || len > WIRE_MAX_PAYLOAD || (data == NULL && len != 0) ||
           c->open_off != 0);
}

/* Opens a message of len bytes, on a new page if need be. */
static inline int send_open(struct handle *h, size_t len, unsigned char **payload) {
  *payload = page_alloc(&h->send.cur, len);
  return unlikely(*payload == NULL) ? send_on_new_page(h, len, payload) : 0;
}

static inline void send_publish(struct handle *h) {
  if (unlikely(page_publish(&h->send.cur))) {
    wait_ring(&h->send.cur.ring);
  }
}

/* Writes a message without publishing it; any tag. */
static inline int send_write(struct handle *h, uint32_t tag, uint32_t flags, const void *data,
                             size_t len) {
  struct llmp_send_cursor *c = &h->send.cur;
  return unlikely(!page_put(c, tag, flags, c->sender_id, data, len))
             ? send_write_on_new_page(h, tag, flags, data, len)
             : 0;
}

/* send_message for messages that are not short, and where a page is full. */
int send_any(struct handle *h, uint32_t tag, uint32_t flags, const void *data, size_t len);

/* Wakes who sleeps for what was published. Always 0. */
__attribute__((cold)) int send_ring(struct handle *h);

/* A short message is written without a single call, and so without a stack frame. */
static inline int send_message(struct handle *h, uint32_t tag, uint32_t flags, const void *data,
                               size_t len) {
  struct llmp_send_cursor *c = &h->send.cur;
  if (unlikely(!send_acceptable(c, tag, data, len))) {
    return send_refuse(h, tag, data, len);
  }
  if (len > PAGE_SHORT || unlikely(!page_put(c, tag, flags, c->sender_id, data, len))) {
    return send_any(h, tag, flags, data, len);
  }
  return unlikely(page_publish(c)) ? send_ring(h) : 0;
}

int send_many(struct handle *h, const llmp_outgoing *msgs, size_t n);
int send_alloc(struct handle *h, size_t len, void **payload);
int send_commit(struct handle *h, uint32_t tag, uint32_t flags, size_t len);
int send_shrink(struct handle *h, size_t len);
int send_cancel(struct handle *h);
int send_announce(struct handle *h, const char *shm_id, size_t shm_size);
int send_map(const struct handle *h, llmp_map *out);
int send_safe_to_unmap(const struct handle *h);
int send_mark_safe_to_unmap(struct handle *h);
int send_wait_safe_to_unmap(const struct handle *h, int64_t timeout_ms);

#endif /* LLMP_SEND_H */
