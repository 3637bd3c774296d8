/*
 * llmp_afl.c - an AFL++ custom mutator that puts afl-fuzz on the bus.
 *
 *     AFL_CUSTOM_MUTATOR_LIBRARY=libllmp_afl.so afl-fuzz -i in -o out -- ./target @@
 *
 * Each new queue entry is sent to all others, each crash is as an objective, and
 * what others find is run as a mutation of the entry at hand: what reaches
 * something new enters the queue and is built upon. AFL++'s own mutations go on
 * as ever. Written against AFL++ 4.04c.
 *
 * LLMP_PORT names the broker's port (default 1337). Without a broker afl-fuzz
 * runs alone. It all happens in afl-fuzz, the target does not notice.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "llmp_exchange.h"

#define AFL_API __attribute__((visibility("default")))

/* What afl-fuzz calls: docs/custom_mutators.md of AFL++. */
AFL_API void *afl_custom_init(void *afl, unsigned seed);
AFL_API void afl_custom_deinit(void *data);
AFL_API uint8_t afl_custom_queue_new_entry(void *data, const uint8_t *file, const uint8_t *from);
AFL_API uint32_t afl_custom_fuzz_count(void *data, const uint8_t *buf, size_t size);
AFL_API size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *other,
                               size_t other_size, size_t max_size);

/* How many test cases of others are run with one queue entry at most. */
#define PER_ENTRY 256u

struct mutator {
  struct llmp_exchange bus;
  llmp_testcase next; /* the test case to run next, if has_next */
  int has_next;
  uint8_t *copy; /* of the one that is run */
  size_t copy_size;
  uint64_t executions;
  char crashes[PATH_MAX]; /* the directory; "": not known yet */
  time_t next_look;
};

void *afl_custom_init(void *afl, unsigned seed) {
  (void)afl;
  (void)seed;
  struct mutator *m = calloc(1, sizeof *m);
  if (m == NULL) {
    return NULL; /* afl-fuzz says that the mutator could not be set up */
  }
  if (llmp_exchange_open(&m->bus, 0) < 0) {
    fprintf(stderr, "llmp: afl-fuzz runs alone: %s\n", llmp_last_error());
  }
  m->next = (llmp_testcase)LLMP_TESTCASE_INIT;
  return m;
}

void afl_custom_deinit(void *data) {
  struct mutator *m = data;
  llmp_exchange_close(&m->bus);
  free(m->copy);
  free(m);
}

/* 0: the entry was not changed. */
uint8_t afl_custom_queue_new_entry(void *data, const uint8_t *file, const uint8_t *from) {
  (void)from;
  struct mutator *m = data;
  const char *path = (const char *)file;
  llmp_exchange_send_file(&m->bus, LLMP_EVENT_TESTCASE, path);
  const char *queue = m->crashes[0] == '\0' ? strstr(path, "/queue/") : NULL;
  if (queue != NULL) {
    snprintf(m->crashes, sizeof m->crashes, "%.*s/crashes", (int)(queue - path), path);
  }
  return 0;
}

/* Sends crashes that came since the last look. AFL++ tells mutators nothing of
 * them, so this looks at their directory once a second. */
static void send_crashes(struct mutator *m) {
  const time_t now = time(NULL);
  DIR *dir = m->crashes[0] != '\0' && now >= m->next_look ? opendir(m->crashes) : NULL;
  if (dir == NULL) {
    return;
  }
  m->next_look = now + 1;
  for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
    char path[PATH_MAX + NAME_MAX + 2];
    if (strncmp(e->d_name, "id:", 3) == 0) {
      snprintf(path, sizeof path, "%s/%s", m->crashes, e->d_name);
      llmp_exchange_send_file(&m->bus, LLMP_EVENT_OBJECTIVE, path);
    }
  }
  closedir(dir);
}

/* How often afl_custom_fuzz is to be called for this entry; 0 skips the stage. */
uint32_t afl_custom_fuzz_count(void *data, const uint8_t *buf, size_t size) {
  (void)buf;
  (void)size;
  struct mutator *m = data;
  send_crashes(m);
  llmp_exchange_alive(&m->bus, m->executions);
  if (!m->has_next) {
    m->has_next = llmp_exchange_next(&m->bus, &m->next);
  }
  return m->has_next ? PER_ENTRY : 0;
}

/* The next test case of others; a length of 0 is passed over by afl-fuzz. */
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max_size) {
  (void)size;
  (void)other;
  (void)other_size;
  struct mutator *m = data;
  *out = buf;
  if (!m->has_next) {
    m->has_next = llmp_exchange_next(&m->bus, &m->next);
  }
  if (!m->has_next) {
    return 0;
  }
  m->has_next = 0;
  const size_t len = m->next.len;
  if (len > max_size) {
    return 0;
  }
  if (len > m->copy_size) {
    uint8_t *larger = realloc(m->copy, len);
    if (larger == NULL) {
      return 0;
    }
    m->copy = larger;
    m->copy_size = len;
  }
  if (len > 0) {
    memcpy(m->copy, m->next.data, len); /* what is on the bus is not afl-fuzz's to change */
    *out = m->copy;
  }
  m->executions++;
  return len;
}
