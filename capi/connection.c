/* llmp_connection_*: a broker or a client, whichever the port needs. */
#include "error.h"
#include "handle.h"

static int become_broker(struct connection_part *c, uint16_t port,
                         const llmp_broker_options *opts) {
  llmp_broker *b;
  int rc = llmp_broker_new(&b, opts);
  if (rc < 0) {
    return rc;
  }
  rc = llmp_broker_listen(b, port);
  if (rc < 0) {
    (void)llmp_broker_close(b); /* does not touch the last error unless it fails */
    return rc;
  }
  c->broker = b;
  return 0;
}

int llmp_connection_on_port(llmp_connection **out, uint16_t port,
                            const llmp_broker_options *broker_opts,
                            const llmp_client_options *client_opts) {
  if (out == NULL) {
    return error_set(LLMP_E_INVALID, "out is NULL: where shall the handle go?");
  }
  if (port == 0) {
    return error_set(LLMP_E_INVALID, "port is 0, want 1 to 65535");
  }
  struct connection_part part = {0};
  int rc = become_broker(&part, port, broker_opts);
  if (rc == LLMP_E_BUSY) {
    rc = llmp_client_connect(&part.client, port, client_opts);
  }
  if (rc < 0) {
    return rc;
  }
  struct handle *h = handle_new(HANDLE_CONNECTION);
  if (h == NULL) {
    (void)llmp_broker_close(part.broker);
    (void)llmp_client_close(part.client);
    return LLMP_E_NOMEM;
  }
  h->connection = part;
  *out = handle_publish(h);
  return 0;
}

/* The open connection behind c; NULL with a last error. */
static const struct connection_part *open_part(const llmp_connection *c) {
  const struct handle *h = handle_of(c, HANDLE_CONNECTION);
  if (h == NULL) {
    (void)handle_refuse(c, HANDLE_CONNECTION);
    return NULL;
  }
  return &h->connection;
}

llmp_broker *llmp_connection_broker(llmp_connection *c) {
  const struct connection_part *part = open_part(c);
  return part == NULL ? NULL : part->broker;
}

llmp_client *llmp_connection_client(llmp_connection *c) {
  const struct connection_part *part = open_part(c);
  return part == NULL ? NULL : part->client;
}

int llmp_connection_send(llmp_connection *c, uint32_t tag, uint32_t flags, const void *data,
                         size_t len) {
  HANDLE_OR_RETURN(h, HANDLE_CONNECTION, c);
  const struct connection_part *part = &h->connection;
  return part->broker != NULL ? llmp_broker_send(part->broker, tag, flags, data, len)
                              : llmp_client_send_flags(part->client, tag, flags, data, len);
}

int llmp_connection_close(llmp_connection *c) {
  if (c == NULL) {
    return 0;
  }
  struct handle *h = handle_of(c, HANDLE_CONNECTION);
  if (h == NULL) {
    h = handle_forked(c, HANDLE_CONNECTION);
  }
  if (h == NULL) {
    return handle_refuse(c, HANDLE_CONNECTION);
  }
  const struct connection_part part = h->connection;
  const int rc =
      part.broker != NULL ? llmp_broker_close(part.broker) : llmp_client_close(part.client);
  if (rc == LLMP_E_BUSY) {
    return rc; /* the broker runs: nothing was closed */
  }
  handle_free(h);
  return rc;
}
