/* llmp_broker_*: all but running, which is in broker_run.c. */
#include "broker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lifecycle.h"
#include "options.h"
#include "wait.h"

int broker_not_in_hook(const struct handle *h) {
  return hooks_inside(h) ? error_set(LLMP_E_BUSY,
                                     "inside a hook only llmp_broker_send and llmp_broker_stop of "
                                     "its broker work: do this after the hook")
                         : 0;
}

int broker_take(struct handle *h) {
  if (atomic_exchange_explicit(&h->broker.busy, true, memory_order_acquire)) {
    return error_set(LLMP_E_BUSY, "this broker runs already, here or in another thread");
  }
  return 0;
}

void broker_give_back(struct handle *h) {
  atomic_store_explicit(&h->broker.busy, false, memory_order_release);
}

int broker_hook_fault(struct handle *h) {
  const char *fault = h->broker.hook_fault;
  h->broker.hook_fault = NULL;
  return fault == NULL ? 0 : error_set(LLMP_E_INVALID, "%s; the message was dropped", fault);
}

int llmp_broker_new(llmp_broker **out, const llmp_broker_options *opts) {
  if (out == NULL) {
    return error_set(LLMP_E_INVALID, "out is NULL: where shall the handle go?");
  }
  llmp_broker_options options;
  int rc = options_of_broker(&options, opts);
  if (rc == 0) {
    rc = guest_check();
  }
  if (rc != 0) {
    return rc;
  }
  struct handle *h = handle_new(HANDLE_BROKER);
  if (h == NULL) {
    return LLMP_E_NOMEM;
  }
  struct go_result r = {0};
  GO_CALL(go_broker_new(&options, &h->broker.stop, &h->broker.wake, &r));
  rc = go_outcome(&r);
  if (rc < 0) {
    handle_free(h);
    return rc;
  }
  h->go = r.token;
  *out = handle_publish(h);
  return 0;
}

int llmp_broker_listen(llmp_broker *b, uint16_t port) {
  BROKER_OR_RETURN(h, b);
  struct go_result r = {0};
  GO_CALL(go_broker_listen(h->go, port, &r));
  return go_outcome(&r);
}

int llmp_broker_connect_b2b(llmp_broker *b, const char *host, uint16_t port) {
  BROKER_OR_RETURN(h, b);
  struct go_result r = {0};
  GO_AWAIT(&r, go_broker_connect_b2b(h->go, (char *)host, port, &r));
  return go_outcome(&r);
}

int llmp_broker_add_client(llmp_broker *b, const char *shm_id, size_t shm_size) {
  BROKER_OR_RETURN(h, b);
  struct go_result r = {0};
  GO_CALL(go_broker_add_client(h->go, (char *)shm_id, shm_size, &r));
  return go_outcome(&r);
}

/* The core is told of the first hook only: it stands for all. Without one, the
 * core forwards messages in bulk. */
static int watch_messages(struct handle *h) {
  llmp_msg *shown = calloc(1, sizeof *shown);
  if (shown == NULL) {
    return error_set(LLMP_E_NOMEM, "no memory for a hook");
  }
  struct go_result r = {0};
  GO_CALL(go_broker_hook(h->go, h, shown, &r));
  if (r.code < 0) {
    free(shown);
    return go_outcome(&r);
  }
  h->broker.hook_msg = shown;
  return 0;
}

int llmp_broker_add_hook(llmp_broker *b, llmp_hook_fn fn, void *user) {
  BROKER_OR_RETURN(h, b);
  if (fn == NULL) {
    return error_set(LLMP_E_INVALID, "the hook is NULL");
  }
  int rc = broker_take(h); /* the list must not change while it is walked */
  if (rc != 0) {
    return rc;
  }
  if (h->broker.hook_msg == NULL) {
    rc = watch_messages(h);
  }
  if (rc == 0) {
    rc = hooks_add(h, fn, user);
  }
  broker_give_back(h);
  return rc;
}

int llmp_broker_on_timeout(llmp_broker *b, llmp_timeout_fn fn, void *user) {
  BROKER_OR_RETURN(h, b);
  const int rc = broker_take(h);
  if (rc != 0) {
    return rc;
  }
  h->broker.on_timeout = fn;
  h->broker.on_timeout_user = user;
  broker_give_back(h);
  return 0;
}

int llmp_broker_stop(llmp_broker *b) {
  /* Also called by signal handlers: a store and a futex, no lock, no Go. */
  HANDLE_OR_RETURN(h, HANDLE_BROKER, b);
  const int saved = errno;
  __atomic_store_n(&h->broker.stop, 1, __ATOMIC_SEQ_CST);
  (void)__atomic_fetch_add(h->broker.wake, 1, __ATOMIC_SEQ_CST);
  wait_wake(h->broker.wake, WAIT_SHARED);
  errno = saved;
  return 0;
}

int llmp_broker_send(llmp_broker *b, uint32_t tag, uint32_t flags, const void *data, size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_BROKER, b);
  if (data == NULL && len != 0) {
    return error_set(LLMP_E_INVALID, "data is NULL, and len is %zu", len);
  }
  if (len > WIRE_MAX_PAYLOAD) {
    return error_set(LLMP_E_TOOBIG, "a message of %zu bytes; the largest payload is %u: split it",
                     len, WIRE_MAX_PAYLOAD);
  }
  struct go_result r = {0};
  GO_CALL(go_broker_send(h->go, tag, flags, (void *)data, len, &r));
  return go_outcome(&r);
}

int llmp_broker_map(llmp_broker *b, llmp_map *out) {
  BROKER_OR_RETURN(h, b);
  if (out == NULL) {
    return error_set(LLMP_E_INVALID, "out is NULL");
  }
  struct go_result r = {0};
  GO_CALL(go_broker_map(h->go, out, &r));
  return go_outcome(&r);
}

int llmp_broker_to_env(llmp_broker *b, const char *name) {
  BROKER_OR_RETURN(h, b);
  return handle_to_env(h, name);
}

int llmp_broker_stats(llmp_broker *b, llmp_stats *out) {
  BROKER_OR_RETURN(h, b);
  int rc = options_check_size(out, "llmp_stats");
  if (rc != 0) {
    return rc;
  }
  llmp_stats full;
  memset(&full, 0, sizeof full);
  struct go_result r = {0};
  GO_CALL(go_broker_stats(h->go, &full, &r));
  rc = go_outcome(&r);
  if (rc == 0) {
    options_give(out, &full, sizeof full);
  }
  return rc;
}

int llmp_broker_client_stats(llmp_broker *b, llmp_client_stats *rows, size_t max) {
  BROKER_OR_RETURN(h, b);
  if (rows == NULL && max != 0) {
    return error_set(LLMP_E_INVALID, "rows is NULL, and max is %zu", max);
  }
  struct go_result r = {0};
  GO_CALL(go_broker_client_stats(h->go, rows, max, &r));
  return go_outcome(&r);
}

/* Frees what the handle has in C. */
static void free_callbacks(struct hook *hooks, llmp_msg *shown) {
  hooks_free(hooks);
  free(shown);
}

int llmp_broker_close(llmp_broker *b) {
  struct handle *h = handle_of(b, HANDLE_BROKER);
  if (h == NULL) {
    struct handle *parents = handle_forked(b, HANDLE_BROKER);
    if (parents != NULL) {
      free_callbacks(parents->broker.hooks, parents->broker.hook_msg);
    }
    return handle_close(b, HANDLE_BROKER);
  }
  if (broker_take(h) != 0) {
    return error_set(LLMP_E_BUSY,
                     "this broker runs: stop it, and close it when llmp_broker_run has returned");
  }
  struct hook *hooks = h->broker.hooks;
  llmp_msg *shown = h->broker.hook_msg;
  const int rc = handle_close(b, HANDLE_BROKER);
  free_callbacks(hooks, shown);
  return rc;
}
