/* Several brokers: in one loop, and joined to one another. */
#include "bus.h"

enum { BROKERS = 3 };

struct loop {
  llmp_broker *brokers[BROKERS];
  uint16_t ports[BROKERS];
  pthread_t thread;
};

static void *run_loop(void *argument) {
  struct loop *l = argument;
  CHECK_EQ(llmp_brokers_run(l->brokers, BROKERS, LLMP_WAIT_FOREVER), 0);
  return NULL;
}

static void loop_start(struct loop *l) {
  for (int i = 0; i < BROKERS; i++) {
    l->brokers[i] = broker_on(&l->ports[i]);
  }
  thread_start(&l->thread, run_loop, l);
}

static llmp_client *join(uint16_t port) {
  llmp_client *c = NULL;
  CHECK_OK(llmp_client_connect(&c, port, NULL));
  return c;
}

static void loop_stop(struct loop *l) {
  for (int i = 0; i < BROKERS; i++) {
    CHECK_OK(llmp_broker_stop(l->brokers[i]));
  }
  thread_join(l->thread);
  for (int i = 0; i < BROKERS; i++) {
    CHECK_OK(llmp_broker_close(l->brokers[i]));
  }
}

TEST(several_brokers_in_one_loop_serve_a_bus_each) {
  struct loop l;
  llmp_client *c[BROKERS];
  static const char *const texts[BROKERS] = {"bus one", "bus two", "bus three"};
  loop_start(&l);
  for (int i = 0; i < BROKERS; i++) {
    c[i] = join(l.ports[i]);
    send_text(c[i], texts[i]);
  }
  for (int i = 0; i < BROKERS; i++) {
    llmp_msg m;
    expect_text(c[i], texts[i]);
    CHECK_EQ(llmp_client_recv(c[i], &m), 0); /* and nothing of the others */
    CHECK_OK(llmp_client_close(c[i]));
  }
  loop_stop(&l);
}

TEST(the_loop_goes_on_until_the_last_has_ended) {
  struct loop l;
  loop_start(&l);
  CHECK_OK(llmp_broker_stop(l.brokers[0]));
  CHECK_OK(llmp_broker_stop(l.brokers[2]));
  llmp_client *c = join(l.ports[1]);
  send_text(c, "still served");
  expect_text(c, "still served");
  CHECK_OK(llmp_client_close(c));
  loop_stop(&l);
}

TEST(a_loop_of_silent_brokers_times_out) {
  llmp_broker *b[2] = {NULL, NULL};
  CHECK_OK(llmp_broker_new(&b[0], NULL));
  CHECK_OK(llmp_broker_new(&b[1], NULL));
  CHECK_ERROR(llmp_brokers_run(b, 2, 20), LLMP_E_TIMEOUT);
  CHECK_ERROR(llmp_brokers_run(b, 2, 0), LLMP_E_INVALID);
  CHECK_OK(llmp_broker_close(b[0]));
  CHECK_OK(llmp_broker_close(b[1]));
}

TEST(no_brokers_are_done_at_once) {
  CHECK_EQ(llmp_brokers_run(NULL, 0, LLMP_WAIT_FOREVER), 0);
  CHECK_ERROR(llmp_brokers_run(NULL, SIZE_MAX, 1), LLMP_E_INVALID);
}

TEST(the_same_broker_twice_is_busy) {
  llmp_broker *b[2] = {NULL, NULL};
  CHECK_OK(llmp_broker_new(&b[0], NULL));
  b[1] = b[0];
  CHECK_ERROR(llmp_brokers_run(b, 2, 5), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_run(b[0], 5), LLMP_E_TIMEOUT); /* and it was given back */
  CHECK_OK(llmp_broker_close(b[0]));
}

/* ------------------------------------------------------ broker to broker */

/* The next message that came from another broker. */
static void expect_from_afar(llmp_client *c, const char *text) {
  llmp_msg m;
  CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
  check_text(&m, text);
  CHECK_EQ(m.flags & LLMP_FLAG_FROM_B2B, LLMP_FLAG_FROM_B2B);
}

static void wait_until_joined(llmp_broker *b, uint64_t others) {
  llmp_stats s = {.size = sizeof s};
  do {
    CHECK_OK(llmp_broker_stats(b, &s));
  } while (s.b2b != others);
}

TEST(messages_cross_from_broker_to_broker_once) {
  struct bus west, east;
  llmp_msg m;
  bus_start(&west, NULL);
  east.broker = broker_on(&east.port);
  CHECK_EQ(llmp_broker_connect_b2b(east.broker, "127.0.0.1", west.port), 0);
  bus_run(&east);
  wait_until_joined(west.broker, 1);
  wait_until_joined(east.broker, 1);
  llmp_client *w = bus_join(&west, NULL), *e = bus_join(&east, NULL);
  for (int i = 0; i < 20; i++) {
    send_text(w, "to the east");
    expect_text(w, "to the east");
    expect_from_afar(e, "to the east");
    send_text(e, "to the west");
    expect_text(e, "to the west");
    expect_from_afar(w, "to the west");
  }
  CHECK_EQ(llmp_client_recv(w, &m), 0); /* nothing came back */
  CHECK_EQ(llmp_client_recv(e, &m), 0);
  CHECK_OK(llmp_client_close(w));
  CHECK_OK(llmp_client_close(e));
  bus_stop(&east);
  bus_stop(&west);
}

TEST(joining_brokers_needs_another_broker) {
  uint16_t port;
  llmp_broker *b = broker_on(&port);
  CHECK_ERROR(llmp_broker_connect_b2b(b, "127.0.0.1", unused_port()), LLMP_E_REFUSED);
  CHECK_ERROR(llmp_broker_connect_b2b(b, "127.0.0.1", 0), LLMP_E_INVALID);
  CHECK_ERROR(llmp_broker_connect_b2b(b, "", 1), LLMP_E_INVALID);
  CHECK_OK(llmp_broker_close(b));
}
