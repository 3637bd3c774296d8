/*
 * Processes of a bus that bench/report puts together: clients that send, that
 * receive, and that are just there. A message of a stream starts with its
 * number and the time of sending, 8 bytes each.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drive.h"

#define LEAST_SIZE 16u
#define IDS 65536u

static void wait_for_end_of_input(void) {
  char rest[64];
  while (read(STDIN_FILENO, rest, sizeof rest) > 0) {
  }
}

static void maybe_pin(struct options *o) {
  const char *core = option_text(o, "core", NULL);
  if (core != NULL && !pin((unsigned)strtoul(core, NULL, 10))) {
    fail("there is no core %s", core);
  }
}

static uint16_t port_option(struct options *o) {
  const uint64_t port = option_number(o, "port", 0);
  if (port == 0 || port > UINT16_MAX) {
    fail("--port is 1 to 65535");
  }
  return (uint16_t)port;
}

/* --------------------------------------------------------------- sender */

static void drain(llmp_client *c) {
  llmp_msg rows[256];
  while (must(llmp_client_recv_many(c, rows, 256), "draining") > 0) {
  }
}

/* Sends, and reads what the bus says meanwhile: a client that waited in send
 * without reading could be the very one that holds up the bus. */
static void send_reading(llmp_client *c, const unsigned char *payload, size_t size) {
  for (;;) {
    const int rc = llmp_client_send(c, TAG, payload, size);
    if (__builtin_expect(rc == 0, 1)) {
      return;
    }
    if (rc != LLMP_E_FULL) {
      (void)must(rc, "sending");
    }
    drain(c);
    (void)usleep(50);
  }
}

static void *note_end_of_input(void *over) {
  wait_for_end_of_input();
  atomic_store((atomic_bool *)over, true);
  return NULL;
}

/* Reads the bus until stdin closes: a client that has sent all, but stayed and
 * did not read, would hold up the others. */
static void stay_and_read(llmp_client *c) {
  atomic_bool over = false;
  pthread_t thread;
  llmp_msg m;
  if (pthread_create(&thread, NULL, note_end_of_input, &over) != 0) {
    fail("no thread to be had");
  }
  while (!atomic_load(&over)) {
    (void)must(llmp_client_recv_wait(c, &m, 20), "reading along");
    drain(c);
  }
  (void)pthread_join(thread, NULL);
}

int role_send(struct options *o) {
  enum { DRAIN_EVERY = 1024 };
  const uint16_t port = port_option(o);
  const uint64_t messages = option_number(o, "messages", 1000000);
  const uint64_t pause_us = option_number(o, "pause-us", 0);
  const size_t size = (size_t)option_number(o, "size", 64);
  maybe_pin(o);
  options_finish(o);
  if (size < LEAST_SIZE) {
    fail("--size is %u or more", LEAST_SIZE);
  }
  llmp_client_options c = LLMP_CLIENT_OPTIONS_INIT;
  c.send_timeout_ms = LLMP_DONT_WAIT;
  llmp_client *client;
  (void)must(llmp_client_connect(&client, port, &c), "connecting");
  unsigned char *payload = must_alloc(size);
  char line[16];
  say_line("ready");
  read_line(STDIN_FILENO, line, sizeof line); /* go */
  for (uint64_t i = 0; i < messages; i++) {
    memcpy(payload, &i, sizeof i);
    if (pause_us != 0) {
      (void)usleep((useconds_t)pause_us);
      const uint64_t now = now_ns();
      memcpy(payload + sizeof i, &now, sizeof now);
    }
    send_reading(client, payload, size);
    if (pause_us != 0 || i % DRAIN_EVERY == 0) {
      drain(client);
    }
  }
  say_line("sent");
  stay_and_read(client); /* nobody must leave while the others are measured */
  free(payload);
  return must(llmp_client_close(client), "closing");
}

/* ------------------------------------------------------------- receiver */

/* Who sends what number next. */
static void check_number(uint64_t *expected, const llmp_msg *m) {
  uint64_t number;
  if (m->len < LEAST_SIZE) {
    fail("a message of %zu bytes", m->len);
  }
  memcpy(&number, m->data, sizeof number);
  uint64_t *next = &expected[m->sender % IDS];
  if (number != *next) {
    fail("client %u: message %" PRIu64 " came where %" PRIu64 " was due", m->sender, number, *next);
  }
  *next = number + 1;
}

static double waited_us(const llmp_msg *m) {
  const uint64_t now = now_ns();
  uint64_t then;
  memcpy(&then, (const unsigned char *)m->data + sizeof then, sizeof then);
  return (double)(now - then) / 1e3;
}

int role_recv(struct options *o) {
  const uint16_t port = port_option(o);
  const uint64_t messages = option_number(o, "messages", 1000000);
  const bool latency = option_number(o, "latency", 0) != 0;
  const uint64_t every = option_number(o, "every", 0);
  llmp_client_options c = LLMP_CLIENT_OPTIONS_INIT;
  c.spin_us = (uint32_t)option_number(o, "spin-us", 0);
  maybe_pin(o);
  options_finish(o);
  llmp_client *client;
  (void)must(llmp_client_connect(&client, port, &c), "connecting");
  uint64_t *expected = must_alloc(IDS * sizeof *expected);
  struct samples waits = samples_new(latency ? (size_t)messages : 1);
  say_line("ready");
  uint64_t first = 0;
  for (uint64_t i = 0; i < messages; i++) {
    llmp_msg m;
    (void)must(llmp_client_recv_wait(client, &m, -1), "receiving");
    if (i == 0) {
      first = now_ns();
    }
    if (latency) {
      samples_add(&waits, waited_us(&m));
    }
    check_number(expected, &m);
    if (every != 0 && (i + 1) % every == 0 && i + 1 != messages) {
      say_line("{\"bench\":\"progress\",\"messages\":%" PRIu64 "}", i + 1);
    }
  }
  const double seconds = (double)(now_ns() - first) / 1e9;
  if (latency) {
    samples_report(&waits, PEER, "us", "\"bench\":\"wake through the broker\"");
  }
  say_line("{\"bench\":\"stream\",\"peer\":\"" PEER "\",\"messages\":%" PRIu64 ",\"seconds\":%.6f}",
           messages, seconds);
  wait_for_end_of_input();
  free(expected);
  drain(client);
  return must(llmp_client_close(client), "closing");
}

/* ----------------------------------------------------------- being there */

static void *wait_in_vain(void *client) {
  llmp_msg m;
  while (llmp_client_recv_wait(client, &m, -1) >= 0) {
  }
  return NULL;
}

int role_hold(struct options *o) {
  const uint16_t port = port_option(o);
  const size_t count = (size_t)option_number(o, "clients", 1);
  const bool wait = option_number(o, "wait", 0) != 0;
  options_finish(o);
  llmp_client_options c = LLMP_CLIENT_OPTIONS_INIT;
  c.page_size = 1 << 16;
  llmp_client **clients = must_alloc(count * sizeof(llmp_client *));
  for (size_t i = 0; i < count; i++) {
    (void)must(llmp_client_connect(&clients[i], port, &c), "connecting");
  }
  for (size_t i = 0; wait && i < count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_in_vain, clients[i]) != 0) {
      fail("no thread to be had");
    }
    (void)pthread_detach(thread);
  }
  say_line("ready");
  wait_for_end_of_input();
  if (wait) {
    _exit(0); /* the threads are in the clients still; the broker is told by nobody, and copes */
  }
  for (size_t i = 0; i < count; i++) {
    drain(clients[i]);
    (void)llmp_client_close(clients[i]); /* the broker may have gone already */
  }
  free((void *)clients);
  return 0;
}
