/* See llmp_exchange.h. */
#define _GNU_SOURCE
#include "llmp_exchange.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

/* Above this many contents the oldest knowledge is dropped: a test case may
 * then travel twice, which costs little, but memory stays bounded (16 MiB). */
#define SEEN_MAX (1u << 20)
#define SEEN_START (1u << 10)

/* FNV-1a, then mixed, since the low bits pick the slot. Chance is the only
 * enemy here: who wants a content to be overlooked need not send it. */
static uint64_t hash_of(const unsigned char *data, size_t len) {
  uint64_t h = 14695981039346656037u ^ len;
  for (size_t i = 0; i < len; i++) {
    h = (h ^ data[i]) * 1099511628211u;
  }
  h ^= h >> 32;
  return h == 0 ? 1 : h;
}

/* Where the hash is in a table of n slots (a power of two), or belongs. */
static uint64_t *slot_of(uint64_t *table, size_t n, uint64_t hash) {
  size_t i = hash & (n - 1);
  while (table[i] != 0 && table[i] != hash) {
    i = (i + 1) & (n - 1);
  }
  return &table[i];
}

/* Makes room for one more; false without memory. */
static int grow(struct llmp_exchange *x) {
  if (x->seen != NULL && x->seen_used < x->seen_slots / 2) {
    return 1;
  }
  if (x->seen_slots == 2 * (size_t)SEEN_MAX) {
    memset(x->seen, 0, x->seen_slots * sizeof *x->seen);
    x->seen_used = 0;
    return 1;
  }
  const size_t n = x->seen == NULL ? SEEN_START : 2 * x->seen_slots;
  uint64_t *table = calloc(n, sizeof *table);
  if (table == NULL) {
    return 0;
  }
  for (size_t i = 0; i < x->seen_slots; i++) {
    if (x->seen[i] != 0) {
      *slot_of(table, n, x->seen[i]) = x->seen[i];
    }
  }
  free(x->seen);
  x->seen = table;
  x->seen_slots = n;
  return 1;
}

static int is_seen(const struct llmp_exchange *x, uint64_t hash) {
  return x->seen != NULL && *slot_of(x->seen, x->seen_slots, hash) != 0;
}

static void note(struct llmp_exchange *x, uint64_t hash) {
  if (!is_seen(x, hash) && grow(x)) {
    *slot_of(x->seen, x->seen_slots, hash) = hash;
    x->seen_used++;
  }
}

/* LLMP_PORT, or the default; 0 when it is set to something else than a port. */
static uint16_t port_of_environment(void) {
  const char *text = getenv("LLMP_PORT");
  if (text == NULL || *text == '\0') {
    return LLMP_DEFAULT_PORT;
  }
  char *end;
  const long port = strtol(text, &end, 10);
  return *end == '\0' && port > 0 && port <= UINT16_MAX ? (uint16_t)port : 0;
}

int llmp_exchange_open(struct llmp_exchange *x, uint16_t port) {
  llmp_client_options opts = LLMP_CLIENT_OPTIONS_INIT;
  opts.skip_own = 1;
  opts.send_timeout_ms = LLMP_DONT_WAIT; /* fuzzing is never held up by a slow bus */
  opts.connect_timeout_ms = LLMP_DONT_WAIT;
  const int rc = llmp_client_connect(&x->bus, port != 0 ? port : port_of_environment(), &opts);
  if (rc == 0) {
    x->next_heartbeat_ms = now_ms();
  }
  return rc;
}

int llmp_exchange_send(struct llmp_exchange *x, uint32_t kind, const void *data, size_t len) {
  if (x->bus == NULL) {
    return 0;
  }
  const uint64_t hash = hash_of(data, len);
  if (is_seen(x, hash)) {
    return 0;
  }
  llmp_testcase t = LLMP_TESTCASE_INIT;
  t.kind = kind;
  t.data = data;
  t.len = len;
  t.corpus_size = x->sent + 1;
  const int rc = llmp_testcase_send(x->bus, &t);
  if (rc < 0) {
    return rc;
  }
  note(x, hash);
  x->sent++;
  return 1;
}

/* The file's content, to be freed; NULL and the error in *rc. */
static void *content_of(const char *path, size_t *len, int *rc) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat st;
  unsigned char *data = NULL;
  *rc = LLMP_E_IO;
  *len = 0;
  if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    goto out;
  }
  if (st.st_size > (off_t)LLMP_EXCHANGE_MAX_FILE) {
    *rc = LLMP_E_TOOBIG;
    goto out;
  }
  data = malloc((size_t)st.st_size + 1);
  while (data != NULL && *len < (size_t)st.st_size) {
    const ssize_t n = read(fd, data + *len, (size_t)st.st_size - *len);
    if (n <= 0) {
      break; /* shorter than it was: what is there is what counts */
    }
    *len += (size_t)n;
  }
out:
  if (fd >= 0) {
    close(fd);
  }
  return data;
}

int llmp_exchange_send_file(struct llmp_exchange *x, uint32_t kind, const char *path) {
  if (x->bus == NULL) {
    return 0;
  }
  size_t len;
  int rc;
  void *data = content_of(path, &len, &rc);
  if (data == NULL) {
    return rc;
  }
  rc = llmp_exchange_send(x, kind, data, len);
  free(data);
  return rc;
}

int llmp_exchange_next(struct llmp_exchange *x, llmp_testcase *out) {
  while (x->bus != NULL) {
    const int rc = llmp_testcase_recv(x->bus, out);
    if (rc == 0 || rc == LLMP_E_FORKED) {
      return 0;
    }
    if (rc < 0) {
      llmp_client_close(x->bus);
      x->bus = NULL;
      return 0;
    }
    if (out->data == NULL) {
      continue; /* an objective whose finder keeps it to itself */
    }
    const uint64_t hash = hash_of(out->data, out->len);
    if (is_seen(x, hash)) {
      x->known++;
      continue;
    }
    note(x, hash);
    x->received++;
    return 1;
  }
  return 0;
}

void llmp_exchange_alive(struct llmp_exchange *x, uint64_t executions) {
  if (x->bus == NULL) {
    return;
  }
  const uint64_t now = now_ms();
  if (now >= x->next_heartbeat_ms) {
    x->next_heartbeat_ms = now + 15000;
    llmp_heartbeat_send(x->bus, executions); /* lost on a full bus: the next will do */
  }
}

void llmp_exchange_close(struct llmp_exchange *x) {
  llmp_client_close(x->bus);
  free(x->seen);
  memset(x, 0, sizeof *x);
}
