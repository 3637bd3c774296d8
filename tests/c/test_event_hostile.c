/* Events from senders that are broken or mean harm: bombs, lies about lengths,
 * everything in testdata/wire-bad, and random damage. None is an error, none
 * costs more memory than was allowed, and the next test case comes through. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>

#include "event_support.h"
#include "event_vectors.h"

/* Bits of a DEFLATE stream. */
struct bits {
  unsigned char *to;
  size_t count;
};

static void put_bits(struct bits *b, unsigned value, unsigned n) {
  for (unsigned i = 0; i < n; i++, b->count++) {
    b->to[b->count / 8] =
        (unsigned char)(b->to[b->count / 8] | ((value >> i & 1u) << b->count % 8));
  }
}

/* The smallest stream with a fixed code that yields more than len zeros. */
static unsigned char *bomb(size_t len, size_t *size) {
  const size_t repeats = len / 258 + 1;
  struct bits b = {calloc(1, repeats * 13 / 8 + 16), 0};
  CHECK(b.to != NULL);
  put_bits(&b, 1, 1);    /* the last block */
  put_bits(&b, 1, 2);    /* with the fixed code */
  put_bits(&b, 0x0c, 8); /* the literal 0 */
  for (size_t i = 0; i < repeats; i++) {
    put_bits(&b, 0xa3, 8); /* 258 bytes ... */
    put_bits(&b, 0, 5);    /* ... from 1 byte before */
  }
  put_bits(&b, 0, 7); /* end */
  *size = (b.count + 7) / 8;
  return b.to;
}

/* The most memory that this process ever had, in bytes. */
static size_t peak(void) {
  struct rusage u;
  CHECK(getrusage(RUSAGE_SELF, &u) == 0);
  return (size_t)u.ru_maxrss * 1024;
}

TEST(bombs_stop_at_the_limit) {
  llmp_client *c = channel(7, NULL);
  llmp_testcase t = LLMP_TESTCASE_INIT;
  size_t size;
  unsigned char *gib = bomb(1024 * (size_t)MIB, &size);
  llmp_msg m = event_of(gib, size, LLMP_FLAG_COMPRESSED);
  setup(c, 4 * MIB, 0);
  size_t before = peak();
  CHECK_EQ(llmp_testcase_decode(c, &m, &t), 0);
  CHECK_EQ(counts_of(c).too_big, 1);
  CHECK(peak() - before < 64 * (size_t)MIB);
  /* Without a word there is a limit, too. */
  setup(c, 0, 0);
  before = peak();
  CHECK_EQ(llmp_testcase_decode(c, &m, &t), 0);
  CHECK_EQ(counts_of(c).too_big, 2);
  CHECK(peak() - before < 640 * (size_t)MIB);
  free(gib);
  channel_close(c);
}

/* The limit counts what is decoded, to the byte, compressed or not. */
TEST(limits_are_exact) {
  llmp_client *c = channel(7, NULL);
  static unsigned char data[8192];
  llmp_testcase in = LLMP_TESTCASE_INIT, out = LLMP_TESTCASE_INIT;
  in.data = data;
  in.len = 4000;
  in.time_ns = 1;
  CHECK_OK(llmp_testcase_send(c, &in));
  const size_t encoding = 1 + 2 + in.len + 5 + 3;
  const llmp_msg m = raw(c);
  setup(c, encoding, 0);
  CHECK_EQ(llmp_testcase_decode(c, &m, &out), 1);
  CHECK_EQ(out.len, in.len);
  setup(c, encoding - 1, 0);
  CHECK_EQ(llmp_testcase_decode(c, &m, &out), 0);
  CHECK_EQ(counts_of(c).too_big, 1);
  setup(c, 1024, 0);
  llmp_msg plain = event_of(data, 1025, 0);
  CHECK_EQ(llmp_testcase_decode(c, &plain, &out), 0);
  CHECK_EQ(counts_of(c).too_big, 2);
  plain.len = 1024; /* an empty input, and bytes behind the event */
  CHECK_EQ(llmp_testcase_decode(c, &plain, &out), 1);
  channel_close(c);
}

/* A large test case does not stay in memory for ever, and a small one that was
 * given out is still there after others were sent. */
TEST(what_was_given_out_stays) {
  llmp_client *c = channel(7, NULL);
  unsigned char *data = calloc(1, 32 * (size_t)MIB);
  llmp_testcase t = LLMP_TESTCASE_INIT;
  CHECK(data != NULL);
  CHECK_OK(send_data(c, data, 32 * (size_t)MIB));
  CHECK_EQ(llmp_testcase_recv(c, &t), 1);
  CHECK_EQ(t.len, 32 * (size_t)MIB);
  memset(data, 'x', 5000);
  CHECK_OK(send_data(c, data, 5000));
  CHECK_EQ(llmp_testcase_recv(c, &t), 1);
  memset(data, 'y', 5000);
  CHECK_OK(send_data(c, data, 5000));
  for (size_t i = 0; i < 5000; i++) {
    CHECK_EQ(((const unsigned char *)t.data)[i], 'x');
  }
  free(data);
  channel_close(c);
}

/* Lengths that reach beyond the payload, or beyond all numbers. */
TEST(lengths_that_lie_are_malformed) {
  llmp_client *c = channel(7, NULL);
  static const struct {
    unsigned char bytes[16];
    size_t len;
  } lies[] = {
      {{0, 5, 'a', 'b'}, 4},                                                       /* 5 of 2 */
      {{0, 0xff, 0xff, 0xff, 0xff, 0x0f, 'a'}, 7},                                 /* 2^32 - 1 */
      {{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 'a'}, 12},  /* 2^64 - 1 */
      {{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03, 'a'}, 12},  /* 2^65 - 1 */
      {{0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}, 12}, /* endless */
      {{4, 1, 9, 'a', 'b'}, 5},
      {{0, 0, 1, 0x7f, 0, 0}, 6}, /* observers */
  };
  for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
    llmp_testcase t = LLMP_TESTCASE_INIT;
    const llmp_msg m = event_of(lies[i].bytes, lies[i].len, 0);
    CHECK_EQ(llmp_testcase_decode(c, &m, &t), 0);
    CHECK_EQ(counts_of(c).malformed, i + 1);
  }
  channel_close(c);
}

/* Every file that says of itself that it is no event. */
TEST(bad_events_are_counted) {
  llmp_client *c = channel(7, NULL);
  DIR *dir = opendir(LLMP_TESTDATA "/wire-bad");
  size_t seen = 0;
  setup(c, 0, 1);
  CHECK(dir != NULL);
  for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
    char path[512];
    unsigned char data[256];
    llmp_testcase t = LLMP_TESTCASE_INIT;
    if (strncmp(e->d_name, "event", 5) != 0) {
      continue;
    }
    (void)snprintf(path, sizeof path, "%s/%s", LLMP_TESTDATA "/wire-bad", e->d_name);
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    const size_t len = fread(data, 1, sizeof data, f);
    (void)fclose(f);
    const int compressed = strncmp(e->d_name, "event-deflate", 13) == 0;
    const llmp_msg m = event_of(data, len, compressed ? LLMP_FLAG_COMPRESSED : 0);
    if (llmp_testcase_decode(c, &m, &t) != 0) {
      CHECK_FAIL("%s was taken for a test case", e->d_name);
    }
    seen++;
  }
  (void)closedir(dir);
  CHECK(seen >= 28);
  CHECK_EQ(passed_over(c), seen);
  channel_close(c);
}

/* Bytes of LibAFL's events changed at random: any outcome is fine but a crash
 * or an error, and each is counted once. */
TEST(random_damage_is_survived) {
  llmp_client *c = channel(7, NULL);
  static struct event_vector v[64];
  const size_t n = event_vectors_read(LLMP_TESTDATA "/wire/libafl-0.16.1-events.json", v, 0, 64);
  uint32_t state = 12345;
  uint64_t rounds = 0;
  setup(c, MIB, 1);
  for (size_t i = 0; i < 20 * n; i++) {
    const struct event_vector *one = &v[i % n];
    const int compressed = one->compressed != NULL && i % 2 == 0;
    const unsigned char *from = compressed ? one->compressed : one->postcard;
    const size_t len = compressed ? one->compressed_len : one->postcard_len;
    CHECK(len != 0);
    unsigned char *data = malloc(len);
    llmp_testcase t = LLMP_TESTCASE_INIT;
    CHECK(data != NULL && from != NULL);
    memcpy(data, from, len);
    for (int hits = 0; hits < 3; hits++) {
      state = state * 1664525u + 1013904223u;
      data[(state >> 8) % len] = (unsigned char)(state >> 24);
    }
    const llmp_msg m = event_of(data, len, compressed ? LLMP_FLAG_COMPRESSED : 0);
    const int rc = llmp_testcase_decode(c, &m, &t);
    CHECK(rc == 0 || rc == 1);
    if (rc == 1) { /* all of it can be read */
      unsigned sum = 0;
      for (size_t at = 0; at < t.len; at++) {
        sum += ((const unsigned char *)t.data)[at];
      }
      CHECK(sum <= t.len * 255);
    }
    free(data);
    rounds++;
  }
  const llmp_event_counts k = counts_of(c);
  CHECK_EQ(passed_over(c) + k.testcases + k.objectives, rounds);
  CHECK(k.malformed > 0 && k.testcases > 0);
  event_vectors_free(v, n);
  CHECK_OK(send_data(c, "still alive", 11));
  llmp_testcase t = LLMP_TESTCASE_INIT;
  CHECK_EQ(llmp_testcase_recv(c, &t), 1);
  channel_close(c);
}
