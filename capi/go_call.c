/* Waiting for a goroutine: see go_call.h. */
#include "go_call.h"

#include "error.h"
#include "page.h"
#include "wait.h"

void go_finished(struct go_result *r) {
  __atomic_store_n(&r->done, 1, __ATOMIC_RELEASE);
  /* The caller may be gone by now, and its stack with it: waking an address
   * does not read it. */
  wait_wake(&r->done, WAIT_PRIVATE);
}

void go_await(struct go_result *r) {
  while (__atomic_load_n(&r->done, __ATOMIC_ACQUIRE) == 0) {
    wait_sleep(&r->done, 0, WAIT_NO_LIMIT, WAIT_PRIVATE);
  }
}

int go_outcome(const struct go_result *r) {
  return r->code < 0 ? error_set(r->code, "%s", r->text) : r->code;
}
