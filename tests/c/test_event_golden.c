/* Test cases, objectives and figures against the bytes that LibAFL wrote. */
#include "event_support.h"
#include "event_vectors.h"

/* Time and executions at the end of each vector: 1700000000.123456789, 300. */
enum { STATS_BYTES = 11, EXECUTIONS_BYTES = 2, MAX_VECTORS = 64 };

/* What LibAFL says that each is: the test cases and objectives of the files. */
static const struct expected {
  const char *name;
  uint32_t kind, exit_kind;
  uint64_t count;
  size_t len;
  unsigned first; /* byte of the input */
  int plain;      /* no observers and the like: what we send has the same bytes */
} expected[] = {
    {"new testcase, always unique, exit ok", 0, LLMP_EXIT_OK, 123, 3, 0xaa, 1},
    {"new testcase, always unique, exit crash", 0, LLMP_EXIT_CRASH, 123, 3, 0xaa, 1},
    {"new testcase, always unique, exit oom", 0, LLMP_EXIT_OOM, 123, 3, 0xaa, 1},
    {"new testcase, always unique, exit timeout", 0, LLMP_EXIT_TIMEOUT, 123, 3, 0xaa, 1},
    {"new testcase, named config, forwarded, observers", 0, LLMP_EXIT_OK, 70000, 40, 93, 0},
    {"new testcase, 4 KiB of text", 0, LLMP_EXIT_OK, 1, 4096, 'G', 1},
    {"objective", 4, 0, 2, 4, 'b', 1},
    {"new testcase, build id", 0, LLMP_EXIT_OK, 3, 2, 1, 0},
    {"new testcase, empty observers and input, forwarded by 0", 0, 0, UINT64_MAX, 0, 0, 0},
    {"objective without input", 4, 0, 0, 0, 0, 1},
    {"objective, empty input", 4, 0, (uint64_t)1 << 40, 0, 0, 1},
    {"objective, 3000 bytes of noise", 4, 0, 1, 3000, 0, 1},
    {"new testcase, diff ok crash", 0, LLMP_EXIT_DIFF, 3, 2, 1, 0},
    {"new testcase, diff oom timeout", 0, LLMP_EXIT_DIFF, 3, 2, 1, 0},
    {"new testcase, diff diff ok", 0, LLMP_EXIT_DIFF, 3, 2, 1, 0},
    {"objective, encoding of 1023 bytes", 4, 0, 1, 1007, 'a', 1},
    {"objective, encoding of 1024 bytes", 4, 0, 1, 1008, 'a', 1},
};
enum { EXPECTED = sizeof expected / sizeof expected[0] };

static struct event_vector vectors[MAX_VECTORS];
static size_t vector_count;

/* A channel that takes all test cases, and LibAFL's vectors. */
static llmp_client *begin(void) {
  llmp_client *c = channel(7, NULL);
  vector_count =
      event_vectors_read(LLMP_TESTDATA "/wire/libafl-0.16.1.json", vectors, 0, MAX_VECTORS);
  CHECK_EQ(vector_count, 12);
  vector_count = event_vectors_read(LLMP_TESTDATA "/wire/libafl-0.16.1-events.json", vectors,
                                    vector_count, MAX_VECTORS);
  CHECK_EQ(vector_count, 35);
  setup(c, 0, 1);
  return c;
}

static void end(llmp_client *c) {
  channel_close(c);
  event_vectors_free(vectors, vector_count);
}

static const struct event_vector *vector_named(const char *name) {
  for (size_t i = 0; i < vector_count; i++) {
    if (strcmp(vectors[i].name, name) == 0) {
      return &vectors[i];
    }
  }
  CHECK_FAIL("no vector %s", name);
  return NULL;
}

static void check_testcase(const llmp_testcase *t, const struct expected *e) {
  CHECK_EQ(t->kind, e->kind);
  CHECK_EQ(t->exit_kind, e->exit_kind);
  CHECK_EQ(t->corpus_size, e->count);
  CHECK_EQ(t->len, e->len);
  CHECK_EQ(t->executions, 300);
  CHECK_EQ(t->time_ns, UINT64_C(1700000000123456789));
  CHECK_EQ(t->sender, 5);
  CHECK_EQ(t->data == NULL, strcmp(e->name, "objective without input") == 0);
  if (e->len != 0) {
    CHECK(t->data != NULL);
    CHECK_EQ(*(const unsigned char *)t->data, e->first);
  }
}

/* LibAFL's bytes, decoded. */
TEST(test_cases_of_libafl_are_decoded) {
  llmp_client *c = begin();
  for (size_t i = 0; i < EXPECTED; i++) {
    const struct event_vector *v = vector_named(expected[i].name);
    llmp_testcase t = LLMP_TESTCASE_INIT;
    llmp_msg m = event_of(v->postcard, v->postcard_len, 0);
    CHECK_EQ(llmp_testcase_decode(c, &m, &t), 1);
    check_testcase(&t, &expected[i]);
    CHECK_EQ(t.flags, 0);
    if (v->compressed != NULL) {
      /* LibAFL's broker sets flags of its own. */
      m = event_of(v->compressed, v->compressed_len, LLMP_FLAG_COMPRESSED | LLMP_FLAG_FROM_B2B);
      CHECK_EQ(llmp_testcase_decode(c, &m, &t), 1);
      check_testcase(&t, &expected[i]);
      CHECK_EQ(t.flags, LLMP_FLAG_COMPRESSED | LLMP_FLAG_FROM_B2B);
    }
  }
  end(c);
}

/* What LibAFL wrote and we sent again has LibAFL's bytes, or decompresses to them. */
TEST(what_libafl_wrote_is_sent_with_the_same_bytes) {
  llmp_client *c = begin();
  for (size_t i = 0; i < EXPECTED; i++) {
    if (!expected[i].plain) {
      continue;
    }
    const struct event_vector *v = vector_named(expected[i].name);
    llmp_testcase t = LLMP_TESTCASE_INIT, back = LLMP_TESTCASE_INIT;
    const llmp_msg theirs = event_of(v->postcard, v->postcard_len, 0);
    CHECK_EQ(llmp_testcase_decode(c, &theirs, &t), 1);
    CHECK_OK(llmp_testcase_send(c, &t));
    const llmp_msg ours = raw(c);
    CHECK_EQ(ours.tag, LLMP_TAG_LIBAFL_EVENT);
    CHECK_EQ(ours.flags, v->compressed != NULL ? LLMP_FLAG_COMPRESSED : 0);
    if (v->compressed == NULL) {
      CHECK_BYTES(ours.data, ours.len, v->postcard, v->postcard_len);
    } else {
      /* The streams differ, what is in them does not. */
      CHECK(ours.len < v->postcard_len);
      CHECK_EQ(llmp_testcase_decode(c, &ours, &back), 1);
      CHECK_EQ(back.corpus_size, t.corpus_size);
      CHECK_BYTES(back.data, back.len, t.data, t.len);
    }
  }
  end(c);
}

/* All events but those above are passed over, and that is no error. */
TEST(other_events_of_libafl_are_passed_over) {
  llmp_client *c = begin();
  const uint64_t before = passed_over(c);
  for (size_t i = 0; i < vector_count; i++) {
    llmp_testcase t = LLMP_TESTCASE_INIT;
    if (vectors[i].postcard[0] == LLMP_EVENT_TESTCASE ||
        vectors[i].postcard[0] == LLMP_EVENT_OBJECTIVE) {
      continue;
    }
    const llmp_msg m = event_of(vectors[i].postcard, vectors[i].postcard_len, 0);
    CHECK_EQ(llmp_testcase_decode(c, &m, &t), 0);
  }
  CHECK_EQ(counts_of(c).other, vector_count - EXPECTED);
  CHECK_EQ(passed_over(c) - before, vector_count - EXPECTED);
  end(c);
}

/* A part of a test case is none, wherever it was cut. */
TEST(cut_events_are_malformed) {
  llmp_client *c = begin();
  uint64_t cut = counts_of(c).malformed;
  for (size_t i = 0; i < EXPECTED; i++) {
    const struct event_vector *v = vector_named(expected[i].name);
    for (size_t n = 0; n < v->postcard_len; n++) {
      unsigned char *part = malloc(n + 1); /* of its own, so that a sanitizer sees what is read */
      llmp_testcase t = LLMP_TESTCASE_INIT;
      CHECK(part != NULL);
      memcpy(part + 1, v->postcard, n);
      const llmp_msg m = event_of(part + 1, n, 0);
      CHECK_EQ(llmp_testcase_decode(c, &m, &t), 0);
      CHECK_EQ(counts_of(c).malformed, ++cut);
      free(part);
    }
  }
  end(c);
}

/* Figures and heartbeats carry the time at which they are sent; what comes
 * before it is LibAFL's to the byte. */
static void same_but_for_the_time(llmp_client *c, const char *name) {
  const struct event_vector *v = vector_named(name);
  const llmp_msg ours = raw(c);
  const size_t n = v->postcard_len - STATS_BYTES, last = EXECUTIONS_BYTES;
  CHECK_EQ(ours.tag, LLMP_TAG_LIBAFL_EVENT);
  CHECK_EQ(ours.flags, 0);
  CHECK(ours.len > n + last);
  CHECK_BYTES(ours.data, n, v->postcard, n);
  CHECK_BYTES((const char *)ours.data + ours.len - last, last, v->postcard + v->postcard_len - last,
              last);
}

static void figure(llmp_client *c, const char *vector, llmp_user_stat s) {
  s.executions = 300;
  CHECK_OK(llmp_user_stat_send(c, &s));
  same_but_for_the_time(c, vector);
}

static llmp_user_stat stat_of(const char *name, uint32_t value, uint32_t aggregate) {
  llmp_user_stat s = LLMP_USER_STAT_INIT;
  s.name = name;
  s.value = value;
  s.aggregate = aggregate;
  return s;
}

TEST(figures_have_the_bytes_of_libafl) {
  llmp_client *c = begin();
  llmp_user_stat s = stat_of("edges", LLMP_STAT_NUMBER, LLMP_AGGREGATE_SUM);
  s.number = 99;
  figure(c, "user stats number", s);
  s = stat_of("cov", LLMP_STAT_RATIO, LLMP_AGGREGATE_AVG);
  s.number = 12;
  s.whole = 400;
  figure(c, "user stats ratio", s);
  s = stat_of("f", LLMP_STAT_FLOAT, LLMP_AGGREGATE_NONE);
  s.real = -1.5;
  figure(c, "user stats float", s);
  s = stat_of("k\xc3\xb6", LLMP_STAT_TEXT, LLMP_AGGREGATE_MIN);
  s.text = "v\xe2\x82\xac";
  figure(c, "user stats string", s);
  s = stat_of("p", LLMP_STAT_PERCENT, LLMP_AGGREGATE_MAX);
  s.real = 0.25;
  figure(c, "user stats percent", s);
  s = stat_of("", LLMP_STAT_NUMBER, LLMP_AGGREGATE_SUM);
  s.tag = 1;
  figure(c, "user stats tagged 1", s);
  CHECK_OK(llmp_heartbeat_send(c, 300));
  same_but_for_the_time(c, "heartbeat");
  end(c);
}
