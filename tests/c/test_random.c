/*
 * Properties under random sizes and interleavings: each message arrives once,
 * whole, and in the order of its sender. LLMP_TEST_SEED repeats a run.
 */
#include <sched.h>
#include <stdlib.h>

#include "bus.h"

enum { SENDERS = 3, RECEIVERS = 3, EACH = 400, LARGEST = 70000 };

/* What a message holds is drawn from who sent it, and how many before. */
struct header {
  uint64_t seed;
  uint32_t number;
  uint32_t sum_of_seed; /* tells a header from noise */
};

static void write_message(unsigned char *to, size_t len, uint32_t number, uint64_t seed) {
  const struct header h = {seed, number, (uint32_t)(seed ^ (seed >> 32))};
  memcpy(to, &h, sizeof h);
  fill(to + sizeof h, len - sizeof h, seed);
}

static void check_message(const llmp_msg *m, uint32_t number) {
  struct header h;
  CHECK_GE(m->len, sizeof h);
  memcpy(&h, m->data, sizeof h);
  CHECK_EQ(h.sum_of_seed, (uint32_t)(h.seed ^ (h.seed >> 32)));
  CHECK_EQ(h.number, number);
  check_filled((const unsigned char *)m->data + sizeof h, m->len - sizeof h, h.seed);
}

/* Mostly small, some larger than a page, a few much larger. */
static size_t random_length(uint64_t *random) {
  const uint64_t kind = random_next(random) % 20;
  const size_t most = kind == 0 ? LARGEST : kind < 4 ? 6000 : 200;
  return sizeof(struct header) + (size_t)(random_next(random) % most);
}

/* ------------------------------------------------ a bus, thread by thread */

static struct bus bus;
static llmp_client *senders[SENDERS];
static uint64_t seeds[SENDERS + RECEIVERS];

static uint64_t pick_options(uint64_t random, llmp_client_options *o) {
  *o = (llmp_client_options)LLMP_CLIENT_OPTIONS_INIT;
  o->page_size = (uint64_t)4096 << (random_next(&random) % 6);
  o->max_pending_pages = 2 + (uint32_t)(random_next(&random) % 6);
  o->spin_us = (uint32_t)(random_next(&random) % 2) * 50;
  return random;
}

/* Sends the next messages, in one of the ways there are; returns how many. */
static uint32_t send_some(llmp_client *c, uint32_t first, uint64_t *random, unsigned char *data) {
  const size_t len = random_length(random);
  const uint64_t seed = random_next(random);
  void *payload;
  switch (random_next(random) % 4) {
    case 0: {
      const size_t more = random_next(random) % 500;
      CHECK_OK(llmp_client_alloc(c, len + more, &payload));
      if (random_next(random) % 2 == 0) {
        CHECK_OK(llmp_client_shrink(c, len + more / 2));
      }
      write_message(payload, len, first, seed);
      CHECK_OK(llmp_client_commit(c, TAG, 0, len));
      return 1;
    }
    case 1: {
      llmp_outgoing out[10];
      const uint32_t n = 1 + (uint32_t)(random_next(random) % 10);
      for (uint32_t i = 0; i < n; i++) {
        const size_t small = sizeof(struct header) + (size_t)(random_next(random) % 100);
        unsigned char *at = data + (size_t)i * 200;
        write_message(at, small, first + i, random_next(random));
        out[i] = (llmp_outgoing){TAG, 0, at, small};
      }
      CHECK_EQ(llmp_client_send_many(c, out, n), n);
      return n;
    }
    case 2: /* thought better of */
      CHECK_OK(llmp_client_alloc(c, len, &payload));
      CHECK_OK(llmp_client_cancel(c));
      __attribute__((fallthrough));
    default:
      write_message(data, len, first, seed);
      CHECK_OK(llmp_client_send(c, TAG, data, len));
      return 1;
  }
}

static void *be_sender(void *argument) {
  const size_t me = (size_t)argument;
  uint64_t random = seeds[me];
  unsigned char *data = malloc(LARGEST + sizeof(struct header));
  CHECK(data != NULL);
  for (uint32_t sent = 0; sent < EACH;) {
    sent += send_some(senders[me], sent, &random, data);
    if (random_next(&random) % 50 == 0) {
      (void)sched_yield();
    }
  }
  free(data);
  return NULL;
}

static size_t sender_of(uint32_t id) {
  for (size_t i = 0; i < SENDERS; i++) {
    if (llmp_client_id(senders[i]) == id) {
      return i;
    }
  }
  CHECK_FAIL("a message of client %u, which sends none", id);
}

static bool all_had(const uint32_t *got) {
  for (size_t i = 0; i < SENDERS; i++) {
    if (got[i] < EACH) {
      return false;
    }
  }
  return true;
}

static void *be_receiver(void *argument) {
  uint64_t random = seeds[SENDERS + (size_t)argument];
  llmp_client_options o;
  random = pick_options(random, &o);
  llmp_client *c = bus_join(&bus, &o); /* perhaps late: it gets all the same */
  uint32_t got[SENDERS] = {0};
  while (!all_had(got)) {
    llmp_msg m[16];
    int n = 0;
    switch (random_next(&random) % 3) {
      case 0:
        n = llmp_client_recv(c, m);
        break;
      case 1:
        n = llmp_client_recv_many(c, m, 1 + random_next(&random) % 16);
        break;
      default:
        n = llmp_client_recv_wait(c, m, SOON_MS);
        CHECK_EQ(n, 1);
    }
    CHECK_OK(n);
    for (int i = 0; i < n; i++) {
      check_message(&m[i], got[sender_of(m[i].sender)]++);
    }
  }
  CHECK_OK(llmp_client_close(c));
  return NULL;
}

static void play(uint64_t seed) {
  pthread_t threads[SENDERS + RECEIVERS];
  llmp_broker_options b = LLMP_BROKER_OPTIONS_INIT;
  b.page_size = (uint64_t)4096 << (random_next(&seed) % 9);
  bus_start(&bus, &b);
  for (size_t i = 0; i < SENDERS + RECEIVERS; i++) {
    seeds[i] = random_next(&seed);
  }
  for (size_t i = 0; i < SENDERS; i++) {
    llmp_client_options o;
    seeds[i] = pick_options(seeds[i], &o);
    senders[i] = bus_join(&bus, &o);
  }
  for (size_t i = 0; i < SENDERS; i++) {
    thread_start(&threads[i], be_sender, (void *)i);
  }
  for (size_t i = 0; i < RECEIVERS; i++) {
    thread_start(&threads[SENDERS + i], be_receiver, (void *)i);
  }
  for (size_t i = 0; i < SENDERS + RECEIVERS; i++) {
    thread_join(threads[i]);
  }
  for (size_t i = 0; i < SENDERS; i++) {
    CHECK_OK(llmp_client_close(senders[i]));
  }
  bus_stop(&bus);
}

TEST(each_message_once_and_in_order) {
  uint64_t random = random_seed();
  for (int round = 0; round < 5; round++) {
    play(random_next(&random));
  }
}

/* --------------------------------------- one thread, every step by chance */

/* A broker driven by hand; senders send and receivers read when chance has it. */
TEST(any_interleaving_of_steps) {
  uint64_t random = random_seed();
  unsigned char *data = malloc(LARGEST + sizeof(struct header));
  CHECK(data != NULL);
  for (int round = 0; round < 20; round++) {
    llmp_broker *b = NULL;
    llmp_map page;
    llmp_client *c[SENDERS] = {NULL};
    uint32_t sent[SENDERS] = {0}, got[SENDERS][SENDERS] = {{0}};
    llmp_broker_options bo = LLMP_BROKER_OPTIONS_INIT;
    bo.page_size = (uint64_t)4096 << (random_next(&random) % 6);
    CHECK_OK(llmp_broker_new(&b, &bo));
    CHECK_OK(llmp_broker_map(b, &page));
    for (uint32_t i = 0; i < SENDERS; i++) {
      llmp_client_options o;
      llmp_map mine;
      random = pick_options(random, &o);
      o.max_pending_pages = 1000; /* nobody may wait: there is one thread */
      CHECK_OK(llmp_client_new(&c[i], page.id, page.size, 100 + i, &o));
      CHECK_OK(llmp_client_map(c[i], &mine));
      CHECK_OK(llmp_broker_add_client(b, mine.id, mine.size));
    }
    for (int step = 0; step < 600; step++) {
      const size_t who = random_next(&random) % SENDERS;
      llmp_msg m;
      switch (random_next(&random) % 3) {
        case 0:
          sent[who] += send_some(c[who], sent[who], &random, data);
          break;
        case 1:
          CHECK_OK(llmp_broker_once(b));
          break;
        default:
          for (uint64_t most = random_next(&random) % 5; most > 0; most--) {
            const int rc = llmp_client_recv(c[who], &m);
            CHECK_OK(rc);
            if (rc == 1) {
              check_message(&m, got[who][m.sender - 100]++);
            }
          }
      }
    }
    while (llmp_broker_once(b) > 0) {
    }
    for (size_t i = 0; i < SENDERS; i++) {
      llmp_msg m;
      while (llmp_client_recv(c[i], &m) == 1) {
        check_message(&m, got[i][m.sender - 100]++);
      }
      CHECK_BYTES(got[i], sizeof got[i], sent, sizeof sent);
    }
    CHECK_OK(llmp_broker_close(b));
    for (size_t i = 0; i < SENDERS; i++) {
      (void)llmp_client_mark_safe_to_unmap(c[i]);
      CHECK_OK(llmp_client_close(c[i]));
    }
  }
  free(data);
}
