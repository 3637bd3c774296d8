/* Ways onto a bus over TCP, and a port where there is none. */
#include <unistd.h>

#include "bus.h"
#include "tcp.h"

static llmp_client_options one_try(void) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.connect_timeout_ms = LLMP_DONT_WAIT;
  return o;
}

TEST(without_a_broker_connecting_is_refused) {
  llmp_client_options o = one_try();
  llmp_client *c = NULL;
  CHECK_ERROR_SAYS(llmp_client_connect(&c, unused_port(), &o), LLMP_E_REFUSED, "llmp broker");
  o.connect_timeout_ms = 30; /* tries for that long */
  CHECK_ERROR(llmp_client_connect(&c, unused_port(), &o), LLMP_E_REFUSED);
  CHECK(c == NULL);
  CHECK_ERROR_SAYS(llmp_client_connect(&c, 0, &o), LLMP_E_INVALID, "port");
}

static void *connect_early(void *argument) {
  llmp_client *c = NULL;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.connect_timeout_ms = SOON_MS;
  CHECK_OK(llmp_client_connect(&c, *(uint16_t *)argument, &o));
  return c;
}

TEST(a_client_waits_for_its_broker_to_come_up) {
  uint16_t port = unused_port();
  struct bus bus = {.port = port};
  pthread_t thread;
  void *c = NULL;
  llmp_client_options o = one_try();
  llmp_client *nobody = NULL;
  thread_start(&thread, connect_early, &port);
  CHECK_ERROR(llmp_client_connect(&nobody, port, &o), LLMP_E_REFUSED); /* it is not up yet */
  CHECK_OK(llmp_broker_new(&bus.broker, NULL));
  CHECK_EQ(llmp_broker_listen(bus.broker, port), port);
  bus_run(&bus);
  CHECK_THREAD(pthread_join(thread, &c));
  send_text(c, "at last");
  expect_text(c, "at last");
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
}

TEST(a_port_in_use_is_busy) {
  uint16_t port;
  llmp_broker *first = broker_on(&port), *second = NULL;
  CHECK_OK(llmp_broker_new(&second, NULL));
  CHECK_ERROR_SAYS(llmp_broker_listen(second, port), LLMP_E_BUSY, "port");
  const int other = llmp_broker_listen(second, 0); /* and can listen elsewhere */
  CHECK_OK(other);
  CHECK_NE(other, port);
  CHECK_OK(llmp_broker_close(first));
  CHECK_OK(llmp_broker_close(second));
}

TEST(a_port_that_somebody_else_has_is_busy) {
  uint16_t port;
  const int fd = tcp_listen(&port);
  llmp_broker *b = NULL;
  CHECK_OK(llmp_broker_new(&b, NULL));
  CHECK_ERROR(llmp_broker_listen(b, port), LLMP_E_BUSY);
  CHECK_SYS(close(fd));
  CHECK_OK(llmp_broker_close(b));
}

TEST(a_closed_broker_frees_its_port) {
  const uint16_t port = unused_port();
  for (int i = 0; i < 5; i++) {
    llmp_broker *b = NULL;
    CHECK_OK(llmp_broker_new(&b, NULL));
    CHECK_EQ(llmp_broker_listen(b, port), port);
    CHECK_OK(llmp_broker_close(b));
  }
}

TEST(an_address_to_bind_to_must_be_one) {
  llmp_broker_options o = LLMP_BROKER_OPTIONS_INIT;
  static const char *const bad[] = {"nonsense", "127.0.0.1:80", "256.0.0.1"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    llmp_broker *b = NULL;
    o.bind = bad[i];
    int rc = llmp_broker_new(&b, &o);
    if (rc == 0) { /* told at the latest when it listens */
      rc = llmp_broker_listen(b, 0);
      CHECK_OK(llmp_broker_close(b));
    }
    CHECK_ERROR_SAYS(rc, LLMP_E_INVALID, bad[i]);
  }
  llmp_broker *b = NULL;
  o.bind = "127.0.0.2";
  CHECK_OK(llmp_broker_new(&b, &o));
  CHECK_GT(llmp_broker_listen(b, 0), 0);
  CHECK_OK(llmp_broker_close(b));
}

TEST(many_clients_join_at_the_same_time) {
  enum { CLIENTS = 16 };
  struct bus bus;
  pthread_t threads[CLIENTS];
  void *c[CLIENTS];
  bus_start(&bus, NULL);
  for (int i = 0; i < CLIENTS; i++) {
    thread_start(&threads[i], connect_early, &bus.port);
  }
  for (int i = 0; i < CLIENTS; i++) {
    CHECK_THREAD(pthread_join(threads[i], &c[i]));
    for (int j = 0; j < i; j++) {
      CHECK_NE(llmp_client_id(c[i]), llmp_client_id(c[j]));
    }
  }
  send_text(c[0], "all here?");
  for (int i = 0; i < CLIENTS; i++) {
    expect_text(c[i], "all here?");
  }
  for (int i = 0; i < CLIENTS; i++) {
    CHECK_OK(llmp_client_close(c[i]));
  }
  bus_stop(&bus);
}

/* --------------------------------------------------------------- detach */

TEST(a_detached_client_is_forgotten) {
  uint16_t port;
  llmp_broker *b = broker_on(&port);
  llmp_stats s = {.size = sizeof s};
  struct bus bus = {.broker = b, .port = port};
  bus_run(&bus);
  llmp_client *gone = bus_join(&bus, NULL), *stays = bus_join(&bus, NULL);
  send_text(stays, "before");
  expect_text(stays, "before");
  CHECK_EQ(llmp_client_detach(port, llmp_client_id(gone)), 0);
  do { /* there is no answer to wait for; each message makes the broker look */
    send_text(stays, "round");
    expect_text(stays, "round");
    CHECK_OK(llmp_broker_stats(b, &s));
  } while (s.clients != 1);
  CHECK_EQ(llmp_client_detach(port, 4242), 0); /* an unknown id is ignored */
  send_text(stays, "after");
  expect_text(stays, "after");
  CHECK_OK(llmp_client_close(stays));
  (void)llmp_client_close(gone);
  bus_stop(&bus);
}

TEST(detaching_needs_a_broker) {
  CHECK_ERROR(llmp_client_detach(unused_port(), 1), LLMP_E_REFUSED);
  CHECK_ERROR(llmp_client_detach(0, 1), LLMP_E_INVALID);
}

/* ----------------------------------------------------------- connection */

static void *run_connection(void *argument) {
  CHECK_OK(llmp_broker_run(llmp_connection_broker(argument), LLMP_WAIT_FOREVER));
  return NULL;
}

TEST(a_connection_becomes_what_the_port_needs) {
  const uint16_t port = unused_port();
  llmp_connection *first = NULL, *second = NULL;
  pthread_t thread;
  llmp_msg m;
  CHECK_EQ(llmp_connection_on_port(&first, port, NULL, NULL), 0);
  llmp_broker *broker = llmp_connection_broker(first);
  CHECK(broker != NULL);
  CHECK(llmp_connection_client(first) == NULL);
  thread_start(&thread, run_connection, first);

  CHECK_EQ(llmp_connection_on_port(&second, port, NULL, NULL), 0);
  llmp_client *client = llmp_connection_client(second);
  CHECK(client != NULL);
  CHECK(llmp_connection_broker(second) == NULL);

  CHECK_EQ(llmp_connection_send(first, TAG, 1, "from the broker", 15), 0);
  CHECK_EQ(llmp_client_recv_wait(client, &m, SOON_MS), 1);
  check_text(&m, "from the broker");
  CHECK_EQ(m.flags, 1);
  CHECK_EQ(llmp_connection_send(second, TAG, 2, "from the client", 15), 0);
  CHECK_EQ(llmp_client_recv_wait(client, &m, SOON_MS), 1);
  check_text(&m, "from the client");
  CHECK_EQ(m.sender, llmp_client_id(client));
  CHECK_EQ(m.flags, 2);
  CHECK_ERROR(llmp_connection_send(second, LLMP_TAG_EXITING, 0, "", 0), LLMP_E_INVALID);

  CHECK_ERROR(llmp_connection_close(first), LLMP_E_BUSY); /* it runs: nothing is closed */
  CHECK_EQ(llmp_connection_close(second), 0);
  CHECK_OK(llmp_broker_stop(broker));
  thread_join(thread);
  CHECK_EQ(llmp_connection_close(first), 0);
}

TEST(a_connection_needs_a_port_and_good_options) {
  llmp_connection *c = NULL;
  llmp_broker_options o = LLMP_BROKER_OPTIONS_INIT;
  o.history = "nonsense";
  CHECK_ERROR(llmp_connection_on_port(&c, 0, NULL, NULL), LLMP_E_INVALID);
  CHECK_ERROR(llmp_connection_on_port(&c, unused_port(), &o, NULL), LLMP_E_INVALID);
  CHECK(c == NULL);
}
