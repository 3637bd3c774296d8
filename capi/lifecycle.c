/* Making and closing handles: see lifecycle.h. */
#include "lifecycle.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "watch.h"

int make_begin(struct making *m, enum handle_kind kind, const void *out,
               const llmp_client_options *opts) {
  memset(m, 0, sizeof *m);
  if (out == NULL) {
    return error_set(LLMP_E_INVALID, "out is NULL: where shall the handle go?");
  }
  int rc = options_of_client(&m->options, opts);
  if (rc == 0) {
    rc = guest_check();
  }
  if (rc != 0) {
    return rc;
  }
  m->h = handle_new(kind);
  return m->h == NULL ? LLMP_E_NOMEM : 0;
}

int make_done(struct making *m, void **out) {
  const int rc = go_outcome(&m->r);
  if (rc < 0) {
    handle_free(m->h);
    return rc;
  }
  m->h->go = m->r.token;
  m->h->send.timeout_ms = m->options.send_timeout_ms;
  m->h->recv.spin_us = m->options.spin_us;
  *out = handle_publish(m->h);
  return 0;
}

int handle_to_env(const struct handle *h, const char *name) {
  if (name == NULL) {
    return error_set(LLMP_E_INVALID, "name is NULL");
  }
  struct go_result r = {0};
  GO_CALL(go_to_env(h->go, (char *)name, &r));
  return go_outcome(&r);
}

/* Frees what C keeps beside the cursors. */
static void free_extras(struct handle *h, enum handle_kind kind, bool forked) {
  if (h->recv.watch != NULL) {
    watch_stop(h->recv.watch, forked);
  }
  if (kind == HANDLE_CLIENT) {
    free(h->events.inflated.data);
  }
}

/* Lets go of what this process has of the parent's handle. */
static int close_in_child(struct handle *h, enum handle_kind kind, const void *ticket) {
  const int rc = handle_refuse(ticket, kind);
  free_extras(h, kind, true);
  handle_free(h);
  return rc;
}

int handle_close(const void *ticket, enum handle_kind kind) {
  if (ticket == NULL) {
    return 0;
  }
  struct handle *h = handle_of(ticket, kind);
  if (h == NULL) {
    struct handle *parents = handle_forked(ticket, kind);
    return parents != NULL ? close_in_child(parents, kind, ticket) : handle_refuse(ticket, kind);
  }
  handle_retire(h);
  free_extras(h, kind, false);
  struct go_result r = {0};
  GO_AWAIT(&r, go_close(h->go, &r));
  handle_free(h);
  return go_outcome(&r);
}
