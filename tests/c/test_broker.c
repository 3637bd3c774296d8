/* A broker hosted by a C program: rounds, running, stopping, figures. */
#include <signal.h>
#include <unistd.h>

#include "bus.h"

TEST(a_round_forwards_what_clients_have_sent) {
  llmp_msg m;
  llmp_broker *b = NULL;
  llmp_map page, mine;
  llmp_client *c = NULL;
  CHECK_OK(llmp_broker_new(&b, NULL));
  CHECK_OK(llmp_broker_map(b, &page));
  CHECK_OK(llmp_client_new(&c, page.id, page.size, 77, NULL));
  CHECK_OK(llmp_client_map(c, &mine));
  const int id = llmp_broker_add_client(b, mine.id, mine.size);
  CHECK_OK(id);
  CHECK_EQ(llmp_broker_once(b), 0);
  send_text(c, "a");
  send_text(c, "b");
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  CHECK_EQ(llmp_broker_once(b), 2);
  CHECK_EQ(llmp_client_recv(c, &m), 1);
  check_text(&m, "a");
  CHECK_EQ(m.sender, 77); /* the origin's word for itself is kept */
  CHECK_EQ(llmp_client_recv(c, &m), 1);
  check_text(&m, "b");
  CHECK_EQ(llmp_broker_once(b), 0);
  CHECK_OK(llmp_broker_close(b));
  CHECK_ERROR(llmp_client_recv(c, &m), LLMP_E_CLOSED);
  (void)llmp_client_close(c);
}

TEST(clients_are_told_apart) {
  struct bus bus;
  llmp_msg m;
  bus_start(&bus, NULL);
  llmp_client *a = bus_join(&bus, NULL), *b = bus_join(&bus, NULL);
  CHECK_NE(llmp_client_id(a), llmp_client_id(b));
  send_text(a, "from a");
  CHECK_EQ(llmp_client_recv_wait(b, &m, SOON_MS), 1);
  check_text(&m, "from a");
  CHECK_EQ(m.sender, llmp_client_id(a));
  expect_text(a, "from a"); /* a sees its own too */
  CHECK_OK(llmp_client_close(a));
  CHECK_OK(llmp_client_close(b));
  bus_stop(&bus);
}

TEST(a_broker_speaks_as_client_0) {
  struct bus bus;
  llmp_msg m;
  bus_start(&bus, NULL);
  llmp_client *c = bus_join(&bus, NULL);
  CHECK_OK(llmp_broker_send(bus.broker, TAG, LLMP_FLAG_COMPRESSED, "hear me", 7));
  CHECK_OK(llmp_broker_send(bus.broker, TAG, 0, NULL, 0));
  CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
  check_text(&m, "hear me");
  CHECK_EQ(m.sender, 0);
  CHECK_EQ(m.flags, LLMP_FLAG_COMPRESSED);
  expect_text(c, "");
  CHECK_ERROR(llmp_broker_send(bus.broker, LLMP_TAG_EXITING, 0, "x", 1), LLMP_E_INVALID);
  CHECK_ERROR(llmp_broker_send(bus.broker, TAG, 0, "x", LLMP_MAX_PAYLOAD + 1), LLMP_E_TOOBIG);
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
}

/* ------------------------------------------------------ running, stopping */

TEST(a_stop_before_run_is_not_lost) {
  llmp_broker *b = NULL;
  CHECK_OK(llmp_broker_new(&b, NULL));
  CHECK_EQ(llmp_broker_stop(b), 0);
  CHECK_EQ(llmp_broker_run(b, LLMP_WAIT_FOREVER), 0);
  CHECK_OK(llmp_broker_close(b));
}

static void *stop_it(void *argument) {
  CHECK_OK(llmp_broker_stop(argument));
  return NULL;
}

TEST(another_thread_stops_a_running_broker) {
  for (int i = 0; i < 50; i++) {
    uint16_t port;
    pthread_t thread;
    llmp_broker *b = broker_on(&port);
    thread_start(&thread, stop_it, b);
    CHECK_EQ(llmp_broker_run(b, LLMP_WAIT_FOREVER), 0);
    thread_join(thread);
    CHECK_OK(llmp_broker_close(b));
  }
}

static llmp_broker *to_stop;
static volatile sig_atomic_t stopped;

static void stop_on_signal(int sig) {
  (void)sig;
  stopped = llmp_broker_stop(to_stop) == 0 ? 1 : -1;
}

/* Signals the thread that runs the broker, or is about to. */
static void *raise_there(void *argument) {
  const pthread_t *runner = argument;
  CHECK_THREAD(pthread_kill(*runner, SIGUSR1));
  return NULL;
}

TEST(a_signal_handler_stops_a_running_broker) {
  for (int i = 0; i < 50; i++) {
    uint16_t port;
    pthread_t thread;
    pthread_t self = pthread_self();
    struct sigaction action = {.sa_handler = stop_on_signal}; /* on the normal stack */
    to_stop = broker_on(&port);
    stopped = 0;
    CHECK_SYS(sigaction(SIGUSR1, &action, NULL));
    thread_start(&thread, raise_there, &self);
    CHECK_EQ(llmp_broker_run(to_stop, LLMP_WAIT_FOREVER), 0);
    CHECK_EQ(stopped, 1);
    thread_join(thread);
    CHECK_OK(llmp_broker_close(to_stop));
  }
}

TEST(without_messages_run_gives_up_when_told_so) {
  uint16_t port;
  llmp_broker *b = broker_on(&port);
  CHECK_ERROR_SAYS(llmp_broker_run(b, 20), LLMP_E_TIMEOUT, "no message");
  CHECK_ERROR(llmp_broker_run(b, 1), LLMP_E_TIMEOUT); /* and can run again */
  CHECK_ERROR_SAYS(llmp_broker_run(b, 0), LLMP_E_INVALID, "timeout_ms");
  CHECK_OK(llmp_broker_close(b));
}

struct ticks {
  int count, stop_at;
};

static void tick(llmp_broker *b, void *user) {
  struct ticks *t = user;
  if (++t->count == t->stop_at) {
    CHECK_OK(llmp_broker_stop(b));
  }
}

TEST(a_function_is_called_while_there_is_silence) {
  uint16_t port;
  struct ticks t = {0, 5};
  llmp_broker *b = broker_on(&port);
  CHECK_OK(llmp_broker_on_timeout(b, tick, &t));
  CHECK_EQ(llmp_broker_run(b, 5), 0);
  CHECK_EQ(t.count, 5);
  CHECK_OK(llmp_broker_close(b));
}

TEST(a_function_taken_away_is_not_called) {
  uint16_t port;
  struct ticks t = {0, 1};
  llmp_broker *b = broker_on(&port);
  CHECK_OK(llmp_broker_on_timeout(b, tick, &t));
  CHECK_OK(llmp_broker_on_timeout(b, NULL, NULL));
  CHECK_ERROR(llmp_broker_run(b, 5), LLMP_E_TIMEOUT);
  CHECK_EQ(t.count, 0);
  CHECK_OK(llmp_broker_close(b));
}

static void *come_and_go(void *argument) {
  llmp_client *c = NULL;
  CHECK_OK(llmp_client_connect(&c, *(uint16_t *)argument, NULL));
  send_text(c, "here and gone");
  CHECK_OK(llmp_client_close(c));
  return NULL;
}

TEST(a_broker_ends_once_so_many_clients_have_gone) {
  enum { CLIENTS = 4 };
  llmp_broker_options o = LLMP_BROKER_OPTIONS_INIT;
  llmp_broker *b = NULL;
  pthread_t threads[CLIENTS];
  o.exit_after_clients = CLIENTS;
  CHECK_OK(llmp_broker_new(&b, &o));
  const int got = llmp_broker_listen(b, 0);
  CHECK_OK(got);
  uint16_t port = (uint16_t)got;
  for (int i = 0; i < CLIENTS; i++) {
    thread_start(&threads[i], come_and_go, &port);
  }
  CHECK_EQ(llmp_broker_run(b, LLMP_WAIT_FOREVER), 0);
  llmp_stats s = {.size = sizeof s};
  CHECK_OK(llmp_broker_stats(b, &s));
  CHECK_EQ(s.clients_seen, CLIENTS);
  CHECK_EQ(s.clients, 0);
  CHECK_EQ(s.messages, CLIENTS);
  for (int i = 0; i < CLIENTS; i++) {
    thread_join(threads[i]);
  }
  CHECK_OK(llmp_broker_close(b));
}

static void try_what_a_running_broker_refuses(llmp_broker *b, void *user) {
  CHECK_ERROR_SAYS(llmp_broker_once(b), LLMP_E_BUSY, "runs already");
  CHECK_ERROR(llmp_broker_run(b, 1), LLMP_E_BUSY);
  CHECK_ERROR(llmp_brokers_run(&b, 1, 1), LLMP_E_BUSY);
  CHECK_ERROR_SAYS(llmp_broker_close(b), LLMP_E_BUSY, "stop it");
  *(bool *)user = true;
  CHECK_OK(llmp_broker_stop(b));
}

TEST(a_running_broker_cannot_be_run_twice_or_closed) {
  llmp_broker *b = NULL;
  bool tried = false;
  CHECK_OK(llmp_broker_new(&b, NULL));
  CHECK_OK(llmp_broker_on_timeout(b, try_what_a_running_broker_refuses, &tried));
  CHECK_EQ(llmp_broker_run(b, 1), 0);
  CHECK(tried);
  CHECK_OK(llmp_broker_close(b));
}

TEST(a_stopped_broker_stays_stopped) {
  uint16_t port;
  llmp_broker *b = broker_on(&port);
  CHECK_OK(llmp_broker_stop(b));
  CHECK_EQ(llmp_broker_run(b, LLMP_WAIT_FOREVER), 0);
  CHECK_EQ(llmp_broker_run(b, LLMP_WAIT_FOREVER), 0);
  CHECK_OK(llmp_broker_close(b));
}

/* ---------------------------------------------------------------- figures */

TEST(stats_count_clients_messages_and_bytes) {
  struct bus bus;
  llmp_stats s = {.size = sizeof s};
  llmp_client_stats rows[4];
  bus_start(&bus, NULL);
  llmp_client *a = bus_join(&bus, NULL), *b = bus_join(&bus, NULL);
  for (int i = 0; i < 10; i++) {
    send_text(a, "12345");
  }
  send_text(b, "123");
  for (int i = 0; i < 11; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_client_recv_wait(a, &m, SOON_MS), 1);
  }
  CHECK_OK(llmp_broker_stats(bus.broker, &s));
  CHECK_EQ(s.clients, 2);
  CHECK_EQ(s.clients_seen, 2);
  CHECK_EQ(s.messages, 11);
  CHECK_EQ(s.bytes, 53);
  CHECK_EQ(s.forwarded, 11);
  CHECK_EQ(s.dropped, 0);
  CHECK_GE(s.pages, 1);
  CHECK_GE(s.shared_bytes, MIB);
  CHECK_EQ(s.bad_clients, 0);
  CHECK_EQ(s.cut_off, 0);
  CHECK_EQ(s.b2b, 0);

  CHECK_EQ(llmp_broker_client_stats(bus.broker, NULL, 0), 2);
  CHECK_EQ(llmp_broker_client_stats(bus.broker, rows, 4), 2);
  for (int i = 0; i < 2; i++) {
    const bool is_a = rows[i].id == llmp_client_id(a);
    CHECK(is_a || rows[i].id == llmp_client_id(b));
    CHECK_EQ(rows[i].kind, 0);
    CHECK_EQ(rows[i].messages, is_a ? 10 : 1);
    CHECK_EQ(rows[i].bytes, is_a ? 50 : 3);
  }
  rows[1].id = 12345;
  CHECK_EQ(llmp_broker_client_stats(bus.broker, rows, 1), 2); /* how many there are */
  CHECK_EQ(rows[1].id, 12345);
  CHECK_OK(llmp_client_close(a));
  CHECK_OK(llmp_client_close(b));
  bus_stop(&bus);
}

TEST(only_events_are_forwarded_where_the_options_say_so) {
  struct bus bus;
  llmp_broker_options o = LLMP_BROKER_OPTIONS_INIT;
  llmp_msg m;
  o.only_events = 1;
  bus_start(&bus, &o);
  llmp_client *c = bus_join(&bus, NULL);
  send_text(c, "not this");
  CHECK_OK(llmp_client_send(c, LLMP_TAG_LIBAFL_EVENT, "this", 4));
  CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
  CHECK_EQ(m.tag, LLMP_TAG_LIBAFL_EVENT);
  llmp_stats s = {.size = sizeof s};
  CHECK_OK(llmp_broker_stats(bus.broker, &s));
  CHECK_EQ(s.dropped, 1);
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
}
