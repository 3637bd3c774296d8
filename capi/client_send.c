/* llmp_client_*: sending. The work is in send.h and send.c. */
#include "send.h"

int llmp_client_send(llmp_client *c, uint32_t tag, const void *data, size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_message(h, tag, 0, data, len);
}

int llmp_client_send_flags(llmp_client *c, uint32_t tag, uint32_t flags, const void *data,
                           size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_message(h, tag, flags, data, len);
}

int llmp_client_send_many(llmp_client *c, const llmp_outgoing *msgs, size_t n) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_many(h, msgs, n);
}

int llmp_client_alloc(llmp_client *c, size_t len, void **payload) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_alloc(h, len, payload);
}

int llmp_client_commit(llmp_client *c, uint32_t tag, uint32_t flags, size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_commit(h, tag, flags, len);
}

int llmp_client_shrink(llmp_client *c, size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_shrink(h, len);
}

int llmp_client_cancel(llmp_client *c) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_cancel(h);
}

int llmp_client_map(const llmp_client *c, llmp_map *out) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_map(h, out);
}

int llmp_client_safe_to_unmap(const llmp_client *c) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_safe_to_unmap(h);
}

int llmp_client_mark_safe_to_unmap(llmp_client *c) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_mark_safe_to_unmap(h);
}

int llmp_client_wait_safe_to_unmap(const llmp_client *c, int64_t timeout_ms) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_wait_safe_to_unmap(h, timeout_ms);
}

uint32_t llmp_client_id(const llmp_client *c) {
  const struct handle *h = handle_of(c, HANDLE_CLIENT);
  return h == NULL ? 0 : h->send.cur.sender_id;
}

int llmp_client_announce(llmp_client *c, const char *shm_id, size_t shm_size) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return send_announce(h, shm_id, shm_size);
}
