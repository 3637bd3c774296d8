/*
 * go_call.h - how C calls a go_* function.
 *
 * GO_CALL is for calls that do not wait. GO_AWAIT is for those that may: the Go
 * function starts a goroutine and returns, and the host's thread waits here, in
 * C, with its own signal mask.
 */
#ifndef LLMP_GO_CALL_H
#define LLMP_GO_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a go_* function reports. Lies on the caller's stack. */
struct go_result {
  int32_t code;  /* >= 0, or an llmp_error */
  uint32_t done; /* futex, private: 1 once a goroutine has filled in the rest */
  void *token;   /* of the Go object that was made, see handles.go */
  char text[480];
};

/* What a broker's round came to: llmp/broker_loop.go. */
struct go_round {
  int64_t sleep; /* nanoseconds; 0: go on at once */
  uint32_t seq;  /* sleep only while the wake word has this value */
  bool over;     /* the broker has ended, its clients were told */
};

/* Called by the goroutine when all else is filled in: wakes the caller. */
void go_finished(struct go_result *r);

/* Waits for go_finished. */
void go_await(struct go_result *r);

/* The code; sets the last error if it is one. */
int go_outcome(const struct go_result *r);

#define GO_CALL(call)              \
  do {                             \
    struct guest_call guest_stay_; \
    guest_enter(&guest_stay_);     \
    call;                          \
    guest_leave(&guest_stay_);     \
  } while (0)

#define GO_AWAIT(result, call) \
  do {                         \
    GO_CALL(call);             \
    go_await(result);          \
  } while (0)

#endif /* LLMP_GO_CALL_H */
