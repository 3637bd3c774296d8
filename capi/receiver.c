/* llmp_receiver_*: a client's receiving half, alone. */
#include "lifecycle.h"
#include "recv.h"

int llmp_receiver_attach_map(llmp_receiver **out, const llmp_map *map,
                             const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_RECEIVER, out, opts);
  GO_CALL(go_receiver_attach_map((llmp_map *)map, &m.options, &m.h->recv.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_receiver_attach_env(llmp_receiver **out, const char *name,
                             const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_RECEIVER, out, opts);
  GO_CALL(go_receiver_attach_env((char *)name, &m.options, &m.h->recv.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_receiver_to_env(const llmp_receiver *r, const char *name) {
  HANDLE_OR_RETURN(h, HANDLE_RECEIVER, r);
  return handle_to_env(h, name);
}

int llmp_receiver_map(const llmp_receiver *r, llmp_map *out) {
  HANDLE_OR_RETURN(h, HANDLE_RECEIVER, r);
  if (out == NULL) {
    return error_set(LLMP_E_INVALID, "out is NULL");
  }
  struct go_result result = {0};
  GO_CALL(go_receiver_map(h->go, out, &result));
  return go_outcome(&result);
}

int llmp_receiver_close(llmp_receiver *r) {
  return handle_close(r, HANDLE_RECEIVER);
}

int llmp_receiver_recv(llmp_receiver *r, llmp_msg *out) {
  HANDLE_OR_RETURN(h, HANDLE_RECEIVER, r);
  return recv_message(h, out);
}

int llmp_receiver_recv_many(llmp_receiver *r, llmp_msg *out, size_t max) {
  HANDLE_OR_RETURN(h, HANDLE_RECEIVER, r);
  return recv_many(h, out, max);
}

int llmp_receiver_recv_wait(llmp_receiver *r, llmp_msg *out, int64_t timeout_ms) {
  HANDLE_OR_RETURN(h, HANDLE_RECEIVER, r);
  return recv_wait(h, out, timeout_ms);
}

int llmp_receiver_wait_fd(llmp_receiver *r) {
  HANDLE_OR_RETURN(h, HANDLE_RECEIVER, r);
  return recv_wait_fd(h);
}
