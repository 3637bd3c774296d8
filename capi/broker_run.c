/*
 * llmp_broker_once, llmp_broker_run, llmp_brokers_run.
 *
 * The core forwards one round at a time and says how long there is nothing to
 * do. The thread sleeps here, in C, so that the host's signal handlers run
 * meanwhile, between two rounds too when there is much to do.
 */
#include <stdlib.h>

#include "broker.h"
#include "wait.h"

/* What the core says of a round. */
struct round {
  struct go_round core;
  int rc; /* of the round: messages handled, or an error */
};

/* One broker of those that run. */
struct runner {
  struct handle *h; /* NULL: it has ended */
  llmp_broker *ticket;
  int64_t active; /* when it last had a message, or on_timeout was called */
  uint32_t seq;   /* of the wake word, before its last round */
};

int llmp_broker_once(llmp_broker *b) {
  BROKER_OR_RETURN(h, b);
  int rc = broker_take(h);
  if (rc != 0) {
    return rc;
  }
  struct go_result r = {0};
  GO_CALL(go_broker_once(h->go, &r));
  const int fault = broker_hook_fault(h);
  rc = go_outcome(&r);
  broker_give_back(h);
  return rc >= 0 && fault != 0 ? fault : rc;
}

static struct round do_round(struct handle *h) {
  struct round round = {{0}, 0};
  struct go_result r = {0};
  GO_CALL(go_broker_round(h->go, &round.core, &r));
  const int fault = broker_hook_fault(h);
  round.rc = go_outcome(&r);
  if (round.rc >= 0 && fault != 0) {
    round.rc = fault;
  }
  return round;
}

/* Calls the function of on_timeout if it is due. Shortens *sleep so that it
 * ends when the next one is. False: there is no such function, and there was no
 * message for so long. */
static bool mind_timeout(struct runner *run, int64_t interval, int64_t *sleep) {
  struct broker_part *b = &run->h->broker;
  int64_t left = run->active + interval - wait_now();
  if (left <= 0) {
    if (b->on_timeout == NULL) {
      return false;
    }
    b->on_timeout(run->ticket, b->on_timeout_user);
    run->active = wait_now();
    left = interval;
  }
  *sleep = left < *sleep ? left : *sleep;
  return true;
}

static int silent(int64_t interval) {
  return error_set(LLMP_E_TIMEOUT, "no message came for %lld ms",
                   (long long)(interval / WAIT_MILLISECOND));
}

/* One round for all; 0, or the error that ends it. *sleep: how long there is
 * nothing to do. */
static int round_for_all(struct runner *runs, size_t n, int64_t interval, int64_t *sleep) {
  bool any_left = false, all_silent = true;
  *sleep = WAIT_NO_LIMIT;
  for (struct runner *run = runs; run < runs + n; run++) {
    if (run->h == NULL) {
      continue;
    }
    const struct round round = do_round(run->h);
    if (round.rc < 0) {
      return round.rc;
    }
    if (round.core.over) {
      broker_give_back(run->h);
      run->h = NULL;
      continue;
    }
    any_left = true;
    run->seq = round.core.seq;
    *sleep = round.core.sleep < *sleep ? round.core.sleep : *sleep;
    if (round.rc > 0) {
      run->active = wait_now();
      all_silent = false;
    } else if (interval == WAIT_NO_LIMIT || mind_timeout(run, interval, sleep)) {
      all_silent = false;
    }
  }
  return any_left && all_silent ? silent(interval) : 0;
}

static bool all_ended(const struct runner *runs, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (runs[i].h != NULL) {
      return false;
    }
  }
  return true;
}

/* Sleeps until one of those that run is woken. */
static void sleep_all(const struct runner *runs, size_t n, int64_t sleep,
                      struct wait_backoff *backoff) {
  struct wait_word words[WAIT_ANY_MAX];
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    if (runs[i].h != NULL) {
      if (count < WAIT_ANY_MAX) {
        words[count] = (struct wait_word){runs[i].h->broker.wake, runs[i].seq};
      }
      count++;
    }
  }
  if (count == 1) {
    wait_sleep(words[0].word, words[0].seen, sleep, WAIT_SHARED);
  } else if (!wait_any(words, count, sleep)) {
    wait_nap(backoff, sleep); /* wake up often enough instead */
  }
}

static int run_taken(struct runner *runs, size_t n, int64_t timeout_ms) {
  const int64_t interval = wait_interval(timeout_ms);
  struct wait_backoff backoff = {0};
  for (;;) {
    int64_t sleep;
    const int rc = round_for_all(runs, n, interval, &sleep);
    if (rc != 0 || all_ended(runs, n)) {
      return rc;
    }
    if (sleep <= 0) {
      backoff.nap = 0;
    } else {
      sleep_all(runs, n, sleep, &backoff);
    }
  }
}

/* Runs brokers that were looked up; gives back those that were taken. */
static int run_all(struct runner *runs, size_t n, int64_t timeout_ms) {
  int rc = 0;
  size_t taken = 0;
  if (timeout_ms == 0) {
    return error_set(LLMP_E_INVALID, "timeout_ms is 0, want more, or LLMP_WAIT_FOREVER for none");
  }
  while (rc == 0 && taken < n) {
    rc = broker_take(runs[taken].h);
    if (rc == 0) {
      runs[taken++].active = wait_now();
    }
  }
  for (size_t i = 0; i < taken && rc == 0; i++) {
    struct go_result r = {0};
    GO_CALL(go_broker_loop(runs[i].h->go, &r));
    rc = go_outcome(&r);
  }
  if (rc == 0) {
    rc = run_taken(runs, n, timeout_ms);
  }
  for (size_t i = 0; i < taken; i++) {
    if (runs[i].h != NULL) {
      broker_give_back(runs[i].h);
    }
  }
  return rc;
}

int llmp_broker_run(llmp_broker *b, int64_t timeout_ms) {
  BROKER_OR_RETURN(h, b);
  struct runner run = {.h = h, .ticket = b};
  return run_all(&run, 1, timeout_ms);
}

static int check(const llmp_broker *b) {
  BROKER_OR_RETURN(h, b);
  return 0;
}

/* False: *rc says why this broker cannot run. */
static bool look_up(struct runner *run, llmp_broker *b, int *rc) {
  *rc = check(b);
  *run = (struct runner){.h = handle_of(b, HANDLE_BROKER), .ticket = b};
  return *rc == 0 && run->h != NULL;
}

int llmp_brokers_run(llmp_broker *const *brokers, size_t n, int64_t timeout_ms) {
  if (brokers == NULL && n != 0) {
    return error_set(LLMP_E_INVALID, "brokers is NULL, and n is %zu", n);
  }
  if (n > HANDLE_MAX) {
    return error_set(LLMP_E_INVALID, "n is %zu, more brokers than there can be", n);
  }
  struct runner *runs = calloc(n + 1, sizeof *runs); /* never 0 bytes */
  if (runs == NULL) {
    return error_set(LLMP_E_NOMEM, "no memory to run %zu brokers", n);
  }
  int rc = guest_check();
  size_t found = 0;
  while (rc == 0 && found < n && look_up(&runs[found], brokers[found], &rc)) {
    found++;
  }
  if (rc == 0 && found == n) {
    rc = run_all(runs, n, timeout_ms);
  }
  free(runs);
  return rc;
}
