/* llmp_client_*: making, describing and closing. Arguments are checked here
 * and by the core; sending and receiving are in files of their own. */
#include "lifecycle.h"
#include "options.h"

int llmp_client_connect(llmp_client **out, uint16_t port, const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_CLIENT, out, opts);
  GO_AWAIT(&m.r, go_client_connect(port, &m.options, &m.h->send.cur, &m.h->recv.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_client_new(llmp_client **out, const char *shm_id, size_t shm_size, uint32_t sender_id,
                    const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_CLIENT, out, opts);
  GO_CALL(go_client_new((char *)shm_id, shm_size, sender_id, &m.options, &m.h->send.cur,
                        &m.h->recv.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_client_new_from_env(llmp_client **out, const char *name, const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_CLIENT, out, opts);
  GO_CALL(go_client_new_from_env((char *)name, &m.options, &m.h->send.cur, &m.h->recv.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_client_attach_env(llmp_client **out, const char *name, const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_CLIENT, out, opts);
  GO_CALL(go_client_attach_env((char *)name, &m.options, &m.h->send.cur, &m.h->recv.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_client_attach_shmem(llmp_client **out, const llmp_map *sender, const llmp_map *receiver,
                             const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_CLIENT, out, opts);
  GO_CALL(go_client_attach_maps((llmp_map *)sender, (llmp_map *)receiver, &m.options,
                                &m.h->send.cur, &m.h->recv.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_client_attach_description(llmp_client **out, const llmp_client_description *d,
                                   const llmp_client_options *opts) {
  if (d == NULL) {
    return error_set(LLMP_E_INVALID, "the description is NULL");
  }
  return llmp_client_attach_shmem(out, &d->sender, &d->receiver, opts);
}

int llmp_client_new_p2p(llmp_client **out, uint32_t sender_id, const llmp_client_options *opts) {
  MAKE_OR_RETURN(m, HANDLE_CLIENT, out, opts);
  GO_CALL(go_client_new_p2p(sender_id, &m.options, &m.h->send.cur, &m.h->recv.cur, &m.r));
  return make_done(&m, (void **)out);
}

int llmp_client_to_env(const llmp_client *c, const char *name) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return handle_to_env(h, name);
}

int llmp_client_describe(const llmp_client *c, llmp_client_description *out) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  if (out == NULL) {
    return error_set(LLMP_E_INVALID, "out is NULL");
  }
  struct go_result r = {0};
  GO_CALL(go_client_describe(h->go, out, &r));
  return go_outcome(&r);
}

int llmp_description_encode(const llmp_client_description *d, void *buf, size_t cap) {
  int rc = guest_check();
  if (rc == 0 && (d == NULL || buf == NULL)) {
    rc = error_set(LLMP_E_INVALID, "the description or the buffer is NULL");
  }
  if (rc != 0) {
    return rc;
  }
  struct go_result r = {0};
  GO_CALL(go_description_encode((llmp_client_description *)d, buf, cap, &r));
  return go_outcome(&r);
}

int llmp_description_decode(llmp_client_description *out, const void *buf, size_t len) {
  int rc = guest_check();
  if (rc == 0 && (out == NULL || buf == NULL)) {
    rc = error_set(LLMP_E_INVALID, "the description or the buffer is NULL");
  }
  if (rc != 0) {
    return rc;
  }
  struct go_result r = {0};
  GO_CALL(go_description_decode(out, (void *)buf, len, &r));
  return go_outcome(&r);
}

int llmp_client_detach(uint16_t port, uint32_t client_id) {
  const int rc = guest_check();
  if (rc != 0) {
    return rc;
  }
  struct go_result r = {0};
  GO_AWAIT(&r, go_detach(port, client_id, &r));
  return go_outcome(&r);
}

int llmp_client_close(llmp_client *c) {
  return handle_close(c, HANDLE_CLIENT);
}
