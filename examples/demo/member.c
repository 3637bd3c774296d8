/*
 * A member of the demo's bus, in C: sends the files of a list and receives
 * what all members send.
 *
 *     member PORT TOTAL LIST      LIST: one file name a line
 *
 * Prints "received N" now and then, and at the end one line with the counts
 * and the checksum of everything received: the sum, modulo 2^64, of
 * CRC-32 * 2^32 + length over all messages, so that order does not matter.
 */
#include <inttypes.h>
#include <llmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define TAG_FILE 0x46494c45u /* "FILE" */
#define PATIENCE_MS 20000    /* for the next message */

struct tally {
  uint64_t sent, sent_bytes, received, received_bytes, checksum;
};

static void die(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static uint32_t crc32(const unsigned char *p, size_t n) {
  static uint32_t table[256];
  if (table[1] == 0)
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; bit++) c = (c >> 1) ^ (c & 1 ? 0xEDB88320u : 0);
      table[i] = c;
    }
  uint32_t c = ~0u;
  for (size_t i = 0; i < n; i++) c = (c >> 8) ^ table[(c ^ p[i]) & 0xff];
  return ~c;
}

/* Reads the file straight into the page it is sent on. */
static void send_file(llmp_client *bus, const char *name, struct tally *t) {
  FILE *f = fopen(name, "rb");
  struct stat st;
  if (f == NULL || fstat(fileno(f), &st) < 0) die(name, "cannot be opened");
  size_t size = (size_t)st.st_size;
  void *payload;
  if (llmp_client_alloc(bus, size, &payload) < 0) die("alloc", llmp_last_error());
  if (fread(payload, 1, size, f) != size) die(name, "cannot be read");
  fclose(f);
  if (llmp_client_commit(bus, TAG_FILE, 0, size) < 0) die("commit", llmp_last_error());
  t->sent++;
  t->sent_bytes += size;
}

/* Takes one message, if one comes within the time. */
static int take(llmp_client *bus, int64_t timeout_ms, struct tally *t) {
  llmp_msg m;
  int n = llmp_client_recv_wait(bus, &m, timeout_ms);
  if (n < 0) die("receive", llmp_last_error());
  if (n == 1 && m.tag == TAG_FILE) {
    t->received++;
    t->received_bytes += m.len;
    t->checksum += ((uint64_t)crc32(m.data, m.len) << 32) + m.len;
    if (t->received % 16 == 0) printf("received %" PRIu64 "\n", t->received);
  }
  return n;
}

static double now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 4) die("usage", "member PORT TOTAL LIST");
  uint64_t total = strtoull(argv[2], NULL, 10);
  FILE *list = fopen(argv[3], "r");
  if (list == NULL) die(argv[3], "cannot be opened");
  setvbuf(stdout, NULL, _IOLBF, 0);

  double start = now();
  llmp_client *bus;
  if (llmp_client_connect(&bus, (uint16_t)atoi(argv[1]), NULL) < 0)
    die("connect", llmp_last_error());
  struct tally t = {0};
  char name[4096];
  while (fgets(name, sizeof name, list) != NULL) {
    name[strcspn(name, "\n")] = '\0';
    send_file(bus, name, &t);
    while (take(bus, 0, &t) == 1) continue;
  }
  while (t.received < total)
    if (take(bus, PATIENCE_MS, &t) == 0) die("receive", "no message came for too long");

  printf("done sent=%" PRIu64 " sent_bytes=%" PRIu64 " received=%" PRIu64 " received_bytes=%" PRIu64
         " checksum=%016" PRIx64 " seconds=%.3f\n",
         t.sent, t.sent_bytes, t.received, t.received_bytes, t.checksum, now() - start);
  fclose(list);
  if (llmp_client_close(bus) < 0) die("close", llmp_last_error());
  return 0;
}
