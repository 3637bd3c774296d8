#include "plan.h"

/* As bench/peers/src/pipeline.rs has them. */
#define BATCH_BYTES (512u << 10)
#define BATCH_MESSAGES 1024u
#define LEAST_BYTES 128u
#define WARM_UP_BYTES (8u << 20)

struct plan plan_for(size_t size, uint64_t bytes) {
  const size_t cost = size < LEAST_BYTES ? LEAST_BYTES : size;
  struct plan p = {.size = size, .batch = BATCH_BYTES / cost, .history = "none"};
  if (p.batch > BATCH_MESSAGES) {
    p.batch = BATCH_MESSAGES;
  }
  if (p.batch == 0) {
    p.batch = 1;
  }
  p.warm_up = WARM_UP_BYTES / (p.batch * cost);
  p.batches = (size_t)(bytes / (p.batch * cost));
  if (p.batches < 8) {
    p.batches = 8;
  }
  return p;
}

struct steps steps_new(const struct plan *p) {
  return (struct steps){samples_new(p->batches), samples_new(p->batches), samples_new(p->batches)};
}

static double per_message(uint64_t from, uint64_t to, const struct plan *p) {
  return (double)(to - from) / (double)p->batch;
}

void steps_add(struct steps *s, const struct plan *p, uint64_t t0, uint64_t t1, uint64_t t2,
               uint64_t t3) {
  samples_add(&s->sent, per_message(t0, t1, p));
  samples_add(&s->forwarded, per_message(t1, t2, p));
  samples_add(&s->taken, per_message(t2, t3, p));
}

static void report(struct samples *s, const struct plan *p, const char *peer, const char *step,
                   const char *suffix) {
  samples_report(s, peer, "ns/message",
                 "\"bench\":\"pipeline\",\"step\":\"%s%s\",\"size\":%zu,\"batch\":%zu,\"turn\":%zu,"
                 "\"history\":\"%s\"",
                 step, suffix, p->size, p->batch, (size_t)p->turn, p->history);
}

void steps_report(struct steps *s, const struct plan *p, const char *peer, const char *suffix) {
  report(&s->sent, p, peer, "send", suffix);
  report(&s->forwarded, p, peer, "forward", suffix);
  report(&s->taken, p, peer, "receive", suffix);
}
