#include "bus.h"

#include <pthread.h>
#include <stdatomic.h>

llmp_broker *bus_broker(uint16_t *port, const llmp_broker_options *options) {
  llmp_broker *broker;
  (void)must(llmp_broker_new(&broker, options), "making a broker");
  *port = (uint16_t)must(llmp_broker_listen(broker, 0), "listening");
  return broker;
}

/* What the other thread does, while this one drives the broker. */
struct errand {
  llmp_client *client;
  const llmp_client_options *options;
  atomic_bool done;
  uint16_t port;
};

static void *connect_client(void *argument) {
  struct errand *e = argument;
  (void)must(llmp_client_connect(&e->client, e->port, e->options), "connecting");
  atomic_store(&e->done, true);
  return NULL;
}

static void *close_client(void *argument) {
  struct errand *e = argument;
  (void)must(llmp_client_close(e->client), "closing a client");
  atomic_store(&e->done, true);
  return NULL;
}

static void drive_during(llmp_broker *broker, void *(*errand)(void *), struct errand *e) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, errand, e) != 0) {
    fail("no thread to be had");
  }
  while (!atomic_load(&e->done)) {
    (void)must(llmp_broker_once(broker), "forwarding");
  }
  (void)pthread_join(thread, NULL);
}

llmp_client *bus_client(llmp_broker *broker, uint16_t port, const llmp_client_options *options) {
  struct errand e = {.port = port, .options = options};
  drive_during(broker, connect_client, &e);
  return e.client;
}

void bus_leave(llmp_broker *broker, llmp_client *client) {
  struct errand e = {.client = client};
  drive_during(broker, close_client, &e);
}

void bus_forward(llmp_broker *broker, size_t count) {
  while (count != 0) {
    const size_t n = (size_t)must(llmp_broker_once(broker), "forwarding");
    if (n > count) {
      fail("%zu messages more than were sent", n - count);
    }
    count -= n;
  }
}

void bus_drain(llmp_client *client) {
  llmp_msg rows[256];
  while (must(llmp_client_recv_many(client, rows, 256), "draining") > 0) {
  }
}
