/* llmp_sender_*: a client's sending half, alone. */
#include "lifecycle.h"
#include "send.h"

int llmp_sender_new(llmp_sender **out, uint32_t sender_id, const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_SENDER, out, opts);
  GO_CALL(go_sender_new(sender_id, &m.options, &m.h->send.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_sender_attach_env(llmp_sender **out, const char *name, const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_SENDER, out, opts);
  GO_CALL(go_sender_attach_env((char *)name, &m.options, &m.h->send.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_sender_attach_map(llmp_sender **out, const llmp_map *map,
                           const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_SENDER, out, opts);
  GO_CALL(go_sender_attach_map((llmp_map *)map, &m.options, &m.h->send.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_sender_to_env(const llmp_sender *s, const char *name) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return handle_to_env(h, name);
}

int llmp_sender_close(llmp_sender *s) {
  return handle_close(s, HANDLE_SENDER);
}

uint32_t llmp_sender_id(const llmp_sender *s) {
  const struct handle *h = handle_of(s, HANDLE_SENDER);
  return h == NULL ? 0 : h->send.cur.sender_id;
}

int llmp_sender_send(llmp_sender *s, uint32_t tag, const void *data, size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_message(h, tag, 0, data, len);
}

int llmp_sender_send_flags(llmp_sender *s, uint32_t tag, uint32_t flags, const void *data,
                           size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_message(h, tag, flags, data, len);
}

int llmp_sender_send_many(llmp_sender *s, const llmp_outgoing *msgs, size_t n) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_many(h, msgs, n);
}

int llmp_sender_alloc(llmp_sender *s, size_t len, void **payload) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_alloc(h, len, payload);
}

int llmp_sender_commit(llmp_sender *s, uint32_t tag, uint32_t flags, size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_commit(h, tag, flags, len);
}

int llmp_sender_shrink(llmp_sender *s, size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_shrink(h, len);
}

int llmp_sender_cancel(llmp_sender *s) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_cancel(h);
}

int llmp_sender_map(const llmp_sender *s, llmp_map *out) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_map(h, out);
}

int llmp_sender_safe_to_unmap(const llmp_sender *s) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_safe_to_unmap(h);
}

int llmp_sender_mark_safe_to_unmap(llmp_sender *s) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_mark_safe_to_unmap(h);
}

int llmp_sender_wait_safe_to_unmap(const llmp_sender *s, int64_t timeout_ms) {
  HANDLE_OR_RETURN(h, HANDLE_SENDER, s);
  return send_wait_safe_to_unmap(h, timeout_ms);
}
