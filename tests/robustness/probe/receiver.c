/*
 * receiver.c - the receiver of these tests in C, on the library's fast path. It
 * takes the arguments and lines of playReceiver (roles_test.go).
 */
#define _POSIX_C_SOURCE 200809L
#include <llmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_TAG = 0x6000, TAGS = 4096, LARGEST = 16 + 600 };

static uint64_t got[TAGS];
static uint64_t goal[TAGS];

/* splitmix64 */
static uint64_t mix(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static uint32_t crc32(const uint8_t *b, size_t n) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < n; i++) {
    crc ^= b[i];
    for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
  }
  return ~crc;
}

static void put(uint8_t *b, uint64_t v, int bytes) {
  for (int i = 0; i < bytes; i++) b[i] = (uint8_t)(v >> 8 * i);
}

/* Message seq of the sender with this tag: see payload in payload_test.go. */
static size_t payload(uint32_t tag, uint64_t seq, uint8_t *b) {
  uint64_t state = (uint64_t)tag << 32 ^ seq;
  size_t n = 16 + (size_t)(mix(&state) % 600);
  put(b, tag, 4);
  put(b + 4, seq, 8);
  for (size_t i = 12; i < n - 4; i++) b[i] = (uint8_t)mix(&state);
  put(b + n - 4, crc32(b, n - 4), 4);
  return n;
}

static void check(const llmp_msg *m) {
  uint8_t want[LARGEST];
  if (m->tag < FIRST_TAG || m->tag >= FIRST_TAG + TAGS) return;
  uint64_t due = got[m->tag - FIRST_TAG]++;
  size_t n = payload(m->tag, due, want);
  if (n == m->len && memcmp(want, m->data, n) == 0) return;
  fprintf(stderr, "sender %#x: message %llu was due, came %zu other bytes\n", m->tag,
          (unsigned long long)due, m->len);
  exit(1);
}

/* 1 once a goal was given and reached; -1 when standard input ended without one. */
static int over(void) {
  static int given = 0;
  char line[1 << 16];
  struct pollfd in = {.fd = 0, .events = POLLIN};
  if (!given && poll(&in, 1, 0) == 1) {
    ssize_t n = read(0, line, sizeof line - 1); /* a line comes in one piece */
    if (n <= 0) return -1;
    line[n] = 0;
    for (char *word = strtok(line, " \n"); word != NULL; word = strtok(NULL, " \n")) {
      char *end;
      unsigned long tag = strtoul(word, &end, 10);
      if (*end == '=' && tag >= FIRST_TAG && tag < FIRST_TAG + TAGS)
        goal[tag - FIRST_TAG] = strtoull(end + 1, NULL, 10);
    }
    given = 1;
  }
  if (!given) return 0;
  for (int i = 0; i < TAGS; i++)
    if (got[i] < goal[i]) return 0;
  return 1;
}

/* The bus said so: it is for the test to say whether that was to be expected. */
static int gone(int result) {
  printf("gone: %s\n", llmp_last_error());
  return result == LLMP_E_INTERNAL;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int careless = argc > 2;
  unsigned long long total = 0;
  uint32_t touched = 0;
  llmp_client *bus = NULL;
  llmp_client_options opts = LLMP_CLIENT_OPTIONS_INIT;
  opts.page_size = 4096;
  setvbuf(stdout, NULL, _IOLBF, 0);
  int result = llmp_client_connect(&bus, (uint16_t)atoi(argv[1]), &opts);
  if (result < 0) return gone(result);
  puts("joined");
  while (over() == 0) {
    llmp_msg m;
    result = llmp_client_recv_wait(bus, &m, 20);
    if (result < 0 && result != LLMP_E_TIMEOUT) {
      int status = gone(result);
      llmp_client_close(bus);
      return status;
    }
    if (result <= 0) continue;
    total++;
    touched ^= crc32((const uint8_t *)m.data, m.len); /* all of it: it must be there to be read */
    if (!careless) check(&m);
  }
  printf("got %llu %u\n", total, (unsigned)touched);
  llmp_client_close(bus);
  return 0;
}
