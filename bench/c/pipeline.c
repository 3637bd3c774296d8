/* What a message costs in each step, everything in one thread. */
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "plan.h"

/* A broker, one client that sends and one that receives. */
struct stage {
  llmp_broker *broker;
  llmp_client *sender, *receiver;
  uint16_t port;
};

static struct stage set_up(const struct plan *p) {
  llmp_broker_options b = LLMP_BROKER_OPTIONS_INIT;
  struct stage s;
  b.history = p->history;
  s.broker = bus_broker(&s.port, &b);
  s.sender = bus_client(s.broker, s.port, NULL);
  s.receiver = bus_client(s.broker, s.port, NULL);
  return s;
}

static void tear_down(struct stage *s) {
  bus_drain(s->sender);
  bus_drain(s->receiver);
  bus_leave(s->broker, s->sender);
  bus_leave(s->broker, s->receiver);
  (void)must(llmp_broker_close(s->broker), "closing the broker");
}

/* What a call sends or receives at most when it is given many: more rows than
 * these leave the first-level cache before they are looked at. */
#define ROWS 128u

static size_t rows_of(size_t left) {
  return left < ROWS ? left : ROWS;
}

/* One message a call, and ROWS a call. */
struct way {
  const char *suffix; /* of its steps' names */
  void (*do_send)(const struct stage *s, const struct plan *p, const void *work);
  void (*do_receive)(const struct stage *s, const struct plan *p, void *work);
};

static void send_singly(const struct stage *s, const struct plan *p, const void *work) {
  for (size_t i = 0; i < p->batch; i++) {
    (void)must(llmp_client_send(s->sender, TAG, work, p->size), "sending");
  }
}

static void receive_singly(const struct stage *s, const struct plan *p, void *work) {
  (void)work;
  llmp_msg m;
  for (size_t i = 0; i < p->batch; i++) {
    if (must(llmp_client_recv(s->receiver, &m), "receiving") != 1) {
      fail("a message is missing");
    }
    look_at(&m);
  }
}

static void send_together(const struct stage *s, const struct plan *p, const void *work) {
  for (size_t left = p->batch; left != 0; left -= rows_of(left)) {
    if ((size_t)must(llmp_client_send_many(s->sender, work, rows_of(left)), "sending") !=
        rows_of(left)) {
      fail("not all of a batch could be sent");
    }
  }
}

static void receive_together(const struct stage *s, const struct plan *p, void *work) {
  llmp_msg *rows = work;
  for (size_t left = p->batch; left != 0;) {
    const size_t n =
        (size_t)must(llmp_client_recv_many(s->receiver, rows, rows_of(left)), "receiving");
    if (n == 0) {
      fail("a message is missing");
    }
    for (size_t i = 0; i < n; i++) {
      look_at(&rows[i]);
    }
    left -= n;
  }
}

static void measure(const struct plan *p, const struct way *way, const void *out, void *in) {
  struct stage s = set_up(p);
  (void)pin(0); /* this thread alone: the library's own are there already */
  struct steps steps = steps_new(p);
  for (size_t i = 0; i < p->warm_up + p->batches; i++) {
    const uint64_t t0 = now_ns();
    way->do_send(&s, p, out);
    const uint64_t t1 = now_ns();
    bus_forward(s.broker, p->batch);
    const uint64_t t2 = now_ns();
    way->do_receive(&s, p, in);
    const uint64_t t3 = now_ns();
    if (i >= p->warm_up) {
      steps_add(&steps, p, t0, t1, t2, t3);
    }
    bus_drain(s.sender); /* its own messages: not what is measured */
  }
  tear_down(&s);
  steps_report(&steps, p, PEER, way->suffix);
}

static const struct way singly = {"", send_singly, receive_singly};
static const struct way together = {"_many", send_together, receive_together};

int pipeline(struct options *o) {
  uint64_t sizes[SIZES_MAX];
  const size_t count = option_numbers(o, "sizes", "8,64,1024,65536", sizes);
  const uint64_t megabytes = option_number(o, "megabytes", 32);
  const uint64_t turns = option_number(o, "turns", 5);
  const char *history = option_text(o, "history", "all");
  options_finish(o);
  for (uint64_t turn = 0; turn < turns; turn++) {
    for (size_t i = 0; i < count; i++) {
      struct plan p = plan_for(sizes[i], megabytes << 20);
      p.turn = turn;
      p.history = history;
      unsigned char *payload = must_alloc(p.size + 1);
      memset(payload, 0x5a, p.size);
      llmp_outgoing *out = must_alloc(ROWS * sizeof *out);
      for (size_t k = 0; k < ROWS; k++) {
        out[k] = (llmp_outgoing){.tag = TAG, .data = payload, .len = p.size};
      }
      llmp_msg *rows = must_alloc(ROWS * sizeof *rows);
      measure(&p, &singly, payload, NULL);
      measure(&p, &together, out, rows);
      free(rows);
      free(out);
      free(payload);
    }
  }
  return 0;
}
