/* See bus.h. */
#include "bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tcp.h"

/* ---------------------------------------------------------------- threads */

void thread_start(pthread_t *thread, void *(*run)(void *), void *argument) {
  CHECK_THREAD(pthread_create(thread, NULL, run, argument));
}

void thread_join(pthread_t thread) {
  CHECK_THREAD(pthread_join(thread, NULL));
}

/* ---------------------------------------------------------------- brokers */

static void *run_broker(void *argument) {
  struct bus *bus = argument;
  CHECK_OK(llmp_broker_run(bus->broker, LLMP_WAIT_FOREVER));
  return NULL;
}

void bus_run(struct bus *bus) {
  thread_start(&bus->thread, run_broker, bus);
}

void bus_start(struct bus *bus, const llmp_broker_options *options) {
  CHECK_OK(llmp_broker_new(&bus->broker, options));
  const int port = llmp_broker_listen(bus->broker, 0);
  CHECK_OK(port);
  CHECK_GT(port, 0);
  bus->port = (uint16_t)port;
  bus_run(bus);
}

void bus_stop(struct bus *bus) {
  CHECK_OK(llmp_broker_stop(bus->broker));
  thread_join(bus->thread);
  CHECK_OK(llmp_broker_close(bus->broker));
}

llmp_client *bus_join(const struct bus *bus, const llmp_client_options *options) {
  llmp_client *c = NULL;
  CHECK_OK(llmp_client_connect(&c, bus->port, options));
  return c;
}

llmp_broker *broker_on(uint16_t *port) {
  llmp_broker *b = NULL;
  CHECK_OK(llmp_broker_new(&b, NULL));
  const int got = llmp_broker_listen(b, 0);
  CHECK_OK(got);
  *port = (uint16_t)got;
  return b;
}

void broker_handle(llmp_broker *b, uint64_t messages) {
  for (uint64_t done = 0; done < messages;) {
    const int n = llmp_broker_once(b);
    CHECK_OK(n);
    done += (uint64_t)n;
    CHECK_LE(done, messages);
  }
}

/* --------------------------------------------------- without a broker */

llmp_client *channel(uint32_t id, const llmp_client_options *options) {
  llmp_client *c = NULL;
  CHECK_OK(llmp_client_new_p2p(&c, id, options));
  return c;
}

void channel_close(llmp_client *c) {
  CHECK_OK(llmp_client_mark_safe_to_unmap(c)); /* nobody else reads it: do not wait */
  CHECK_OK(llmp_client_close(c));
}

void pipe_open(struct pipe *p, const llmp_client_options *options) {
  llmp_map map;
  CHECK_OK(llmp_sender_new(&p->to, 1, options));
  CHECK_OK(llmp_sender_map(p->to, &map));
  map.offset = LLMP_NO_OFFSET;
  CHECK_OK(llmp_receiver_attach_map(&p->from, &map, options));
}

void pipe_close(struct pipe *p) {
  CHECK_OK(llmp_sender_close(p->to));
  CHECK_OK(llmp_receiver_close(p->from));
}

/* --------------------------------------------------------------- messages */

void send_text(llmp_client *c, const char *text) {
  CHECK_OK(llmp_client_send(c, TAG, text, strlen(text)));
}

void check_text(const llmp_msg *m, const char *text) {
  CHECK_EQ(m->tag, TAG);
  CHECK_BYTES(m->data, m->len, text, strlen(text));
}

void expect_text(llmp_client *c, const char *text) {
  llmp_msg m;
  const int rc = llmp_client_recv_wait(c, &m, SOON_MS);
  CHECK_OK(rc);
  CHECK_EQ(rc, 1);
  check_text(&m, text);
}

uint64_t random_next(uint64_t *state) { /* splitmix64 */
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint64_t random_seed(void) {
  const char *given = getenv("LLMP_TEST_SEED");
  const uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  (void)fprintf(stderr, "again with LLMP_TEST_SEED=%llu\n", (unsigned long long)seed);
  return seed;
}

void fill(void *data, size_t len, uint64_t seed) {
  unsigned char *bytes = data;
  for (size_t i = 0; i < len; i += sizeof seed) {
    const uint64_t word = random_next(&seed);
    memcpy(bytes + i, &word, len - i < sizeof word ? len - i : sizeof word);
  }
}

void check_filled(const void *data, size_t len, uint64_t seed) {
  const unsigned char *bytes = data;
  for (size_t i = 0; i < len; i += sizeof seed) {
    const uint64_t word = random_next(&seed);
    const size_t n = len - i < sizeof word ? len - i : sizeof word;
    if (memcmp(bytes + i, &word, n) != 0) {
      CHECK_FAIL("byte %zu or one of the next %zu, of %zu, is not what was sent", i, n, len);
    }
  }
}

/* ---------------------------------------------------------------- network */

uint16_t unused_port(void) {
  uint16_t port;
  CHECK_SYS(close(tcp_listen(&port)));
  return port;
}
