/*
 * Work whose instructions callgrind counts: messages through each step, in one
 * thread, on pages that hold them all. bench/instructions/count.py runs this
 * with two numbers of messages: the difference is what a message costs,
 * whatever starting and calling do.
 *
 *   llmp-count-c MESSAGES SIZE        under valgrind --tool=callgrind --collect-atstart=no
 *
 * Each step ends with a dump that carries its name.
 */
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "bus.h"

#define PAGE (UINT64_C(1) << 26)
#define ROWS 256u /* the numbers of messages are multiples of it */

struct work {
  llmp_sender *sender;
  llmp_receiver *receiver;
  llmp_broker *broker;
  llmp_client *client;
  unsigned char *payload;
  size_t messages, size;
  llmp_outgoing out[ROWS];
  llmp_msg rows[ROWS];
};

static void send_singly(struct work *w) {
  for (size_t i = 0; i < w->messages; i++) {
    (void)must(llmp_sender_send(w->sender, TAG, w->payload, w->size), "sending");
  }
}

static void send_together(struct work *w) {
  for (size_t i = 0; i < w->messages; i += ROWS) {
    if (must(llmp_sender_send_many(w->sender, w->out, ROWS), "sending") != (int)ROWS) {
      fail("not all of a batch could be sent");
    }
  }
}

static void alloc_and_commit(struct work *w) {
  for (size_t i = 0; i < w->messages; i++) {
    void *at;
    (void)must(llmp_sender_alloc(w->sender, w->size, &at), "opening a message");
    (void)must(llmp_sender_commit(w->sender, TAG, 0, w->size), "sending");
  }
}

static void receive_singly(struct work *w) {
  llmp_msg m;
  for (size_t i = 0; i < w->messages; i++) {
    if (must(llmp_receiver_recv(w->receiver, &m), "receiving") != 1) {
      fail("a message is missing");
    }
  }
}

static void receive_together(struct work *w) {
  for (size_t left = w->messages; left != 0;) {
    const int n = must(llmp_receiver_recv_many(w->receiver, w->rows, ROWS), "receiving");
    if (n == 0) {
      fail("a message is missing");
    }
    left -= (size_t)n;
  }
}

static void receive_nothing(struct work *w) {
  llmp_msg m;
  for (size_t i = 0; i < w->messages; i++) {
    if (must(llmp_receiver_recv(w->receiver, &m), "receiving") != 0) {
      fail("a message too many");
    }
  }
}

static void forward(struct work *w) {
  bus_forward(w->broker, w->messages);
}

/* Only this thread's instructions between the two toggles count. */
static void count(const char *step, void (*work)(struct work *), struct work *w) {
  CALLGRIND_TOGGLE_COLLECT;
  work(w);
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_DUMP_STATS_AT(step);
}

static void count_channel(struct work *w, const llmp_client_options *options) {
  llmp_map place;
  (void)must(llmp_sender_new(&w->sender, 1, options), "making a sender");
  (void)must(llmp_sender_map(w->sender, &place), "describing its page");
  place.offset = LLMP_NO_OFFSET;
  (void)must(llmp_receiver_attach_map(&w->receiver, &place, NULL), "joining its page");
  count("send", send_singly, w);
  count("receive", receive_singly, w);
  count("send_many", send_together, w);
  count("receive_many", receive_together, w);
  count("alloc and commit", alloc_and_commit, w);
  receive_singly(w);
  count("receive nothing", receive_nothing, w);
  (void)must(llmp_receiver_close(w->receiver), "closing the receiver");
  (void)must(llmp_sender_close(w->sender), "closing the sender");
}

static void count_forwarding(struct work *w, const llmp_client_options *options) {
  uint16_t port;
  w->broker = bus_broker(&port, NULL);
  w->client = bus_client(w->broker, port, options);
  for (size_t i = 0; i < w->messages; i++) {
    (void)must(llmp_client_send(w->client, TAG, w->payload, w->size), "sending");
  }
  count("forward", forward, w);
  bus_drain(w->client);
  bus_leave(w->broker, w->client);
  (void)must(llmp_broker_close(w->broker), "closing the broker");
}

int main(int argc, char **argv) {
  limit_life(300);
  if (argc != 3) {
    fail("usage: llmp-count-c MESSAGES SIZE");
  }
  struct work *w = must_alloc(sizeof *w);
  w->messages = strtoul(argv[1], NULL, 10);
  w->size = strtoul(argv[2], NULL, 10);
  if (w->messages == 0 || w->messages % ROWS != 0) {
    fail("the number of messages is a multiple of %u", ROWS);
  }
  w->payload = must_alloc(w->size + 1);
  memset(w->payload, 0x5a, w->size);
  for (size_t i = 0; i < ROWS; i++) {
    w->out[i] = (llmp_outgoing){.tag = TAG, .data = w->payload, .len = w->size};
  }
  llmp_client_options options = LLMP_CLIENT_OPTIONS_INIT;
  options.page_size = PAGE;
  count_channel(w, &options);
  count_forwarding(w, &options);
  free(w->payload);
  free(w);
  return 0;
}
