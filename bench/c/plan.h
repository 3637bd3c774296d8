/* plan.h - how a pipeline is measured, the bus's and the bare one. */
#ifndef PLAN_H
#define PLAN_H

#include "drive.h"

struct plan {
  size_t size, batch, warm_up, batches;
  uint64_t turn;
  const char *history;
};

/* For payloads of so many bytes, and so many bytes of them in all. */
struct plan plan_for(size_t size, uint64_t bytes);

/* What each of the three steps took, a sample a batch. */
struct steps {
  struct samples sent, forwarded, taken;
};

struct steps steps_new(const struct plan *p);

/* A batch was sent from t0 to t1, forwarded until t2, and received until t3. */
void steps_add(struct steps *s, const struct plan *p, uint64_t t0, uint64_t t1, uint64_t t2,
               uint64_t t3);

/* Prints a line for each step, named "send", "forward" and "receive" with this
 * suffix, and frees the samples. */
void steps_report(struct steps *s, const struct plan *p, const char *peer, const char *suffix);

#endif /* PLAN_H */
