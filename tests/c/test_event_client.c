/* Test cases between harnesses: what is sent, received, counted, refused. */
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "event_support.h"

static uint64_t now_ns(void) {
  struct timespec t;
  CHECK(clock_gettime(CLOCK_REALTIME, &t) == 0);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

TEST(what_is_sent_is_received) {
  llmp_client *c = channel(7, NULL);
  llmp_testcase in = LLMP_TESTCASE_INIT, out = LLMP_TESTCASE_INIT;
  CHECK_EQ(llmp_testcase_recv(c, &out), 0);
  in.exit_kind = LLMP_EXIT_TIMEOUT;
  in.data = "input";
  in.len = 5;
  in.corpus_size = 12;
  in.executions = 1u << 20;
  const uint64_t before = now_ns();
  CHECK_OK(llmp_testcase_send(c, &in));
  CHECK_EQ(llmp_testcase_recv(c, &out), 1);
  CHECK_EQ(out.size, sizeof out);
  CHECK_EQ(out.kind, LLMP_EVENT_TESTCASE);
  CHECK_EQ(out.exit_kind, LLMP_EXIT_TIMEOUT);
  CHECK_BYTES(out.data, out.len, "input", 5);
  CHECK_EQ(out.corpus_size, 12);
  CHECK_EQ(out.executions, 1u << 20);
  CHECK(out.time_ns >= before && out.time_ns <= now_ns());
  CHECK_EQ(out.sender, 7);
  CHECK_EQ(out.flags, 0);
  /* A time of one's own travels as it is. */
  in.time_ns = UINT64_MAX - 1;
  CHECK_OK(llmp_testcase_send(c, &in));
  CHECK_EQ(llmp_testcase_recv(c, &out), 1);
  CHECK_EQ(out.time_ns, UINT64_MAX - 1);
  /* Empty inputs are inputs. */
  CHECK_OK(send_data(c, NULL, 0));
  CHECK_EQ(llmp_testcase_recv(c, &out), 1);
  CHECK(out.data != NULL && out.len == 0);
  CHECK_EQ(llmp_testcase_recv(c, &out), 0);
  channel_close(c);
}

/* The length from which encodings are compressed is LibAFL's, to the byte. */
TEST(encodings_of_1024_bytes_are_compressed) {
  llmp_client *c = channel(7, NULL);
  static unsigned char data[2048];
  llmp_testcase t = LLMP_TESTCASE_INIT, out = LLMP_TESTCASE_INIT;
  t.data = data;
  t.time_ns = 1; /* index, length (2), data, 4 small fields, 0 s, 1 ns, 0 executions */
  for (size_t len = 1000; len < 1040; len++) {
    t.len = len;
    CHECK_OK(llmp_testcase_send(c, &t));
    const llmp_msg m = raw(c);
    const size_t encoding = 1 + 2 + len + 5 + 3;
    CHECK_EQ(m.flags, encoding < 1024 ? 0 : LLMP_FLAG_COMPRESSED);
    CHECK(encoding < 1024 ? m.len == encoding : m.len < 100);
    CHECK_EQ(llmp_testcase_decode(c, &m, &out), 1);
    CHECK_BYTES(out.data, out.len, data, len);
  }
  channel_close(c);
}

/* Noise grows a little when compressed, and pages turn in between. */
TEST(large_test_cases_arrive_whole) {
  llmp_client *c = channel(7, NULL);
  const size_t len = 3u << 20;
  unsigned char *data = malloc(len);
  llmp_testcase out = LLMP_TESTCASE_INIT;
  uint32_t noise = 1;
  CHECK(data != NULL);
  for (size_t i = 0; i < len; i++) {
    noise = noise * 1664525u + 1013904223u;
    data[i] = (unsigned char)(noise >> 24);
  }
  for (size_t n = 1; n <= len; n *= 3) {
    CHECK_OK(send_data(c, data, n));
    CHECK_EQ(llmp_testcase_recv(c, &out), 1);
    CHECK_BYTES(out.data, out.len, data, n);
  }
  free(data);
  channel_close(c);
}

TEST(objectives_are_received_on_demand) {
  llmp_client *c = channel(7, NULL);
  llmp_testcase in = LLMP_TESTCASE_INIT, out = LLMP_TESTCASE_INIT;
  in.kind = LLMP_EVENT_OBJECTIVE;
  in.exit_kind = 77; /* they have none */
  in.corpus_size = 3;
  CHECK_OK(llmp_testcase_send(c, &in)); /* nobody asks */
  CHECK_EQ(llmp_testcase_recv(c, &out), 0);
  CHECK_EQ(counts_of(c).other, 1);
  setup(c, 0, 1);
  CHECK_OK(llmp_testcase_send(c, &in));
  CHECK_EQ(llmp_testcase_recv(c, &out), 1);
  CHECK(out.data == NULL && out.len == 0);
  CHECK_EQ(out.kind, LLMP_EVENT_OBJECTIVE);
  CHECK_EQ(out.exit_kind, 0);
  CHECK_EQ(out.corpus_size, 3);
  in.data = "";
  CHECK_OK(llmp_testcase_send(c, &in));
  CHECK_EQ(llmp_testcase_recv(c, &out), 1);
  CHECK(out.data != NULL && out.len == 0);
  CHECK_EQ(counts_of(c).objectives, 2);
  CHECK_OK(llmp_client_event_setup(c, NULL)); /* the defaults again */
  CHECK_OK(llmp_testcase_send(c, &in));
  CHECK_EQ(llmp_testcase_recv(c, &out), 0);
  channel_close(c);
}

/* A broker that knows nothing of events, and everything else on the bus. */
TEST(all_else_is_passed_over_and_counted) {
  llmp_client *c = channel(7, NULL);
  llmp_testcase out = LLMP_TESTCASE_INIT;
  const unsigned char unknown[] = {7, 1, 2, 3};
  CHECK_OK(llmp_client_send(c, TAG, "x", 1));
  CHECK_OK(llmp_client_send(c, TAG, NULL, 0));
  CHECK_OK(llmp_heartbeat_send(c, 5));
  CHECK_OK(llmp_client_send(c, LLMP_TAG_LIBAFL_EVENT, unknown, sizeof unknown));
  CHECK_OK(llmp_client_send(c, LLMP_TAG_LIBAFL_EVENT, NULL, 0));
  CHECK_OK(llmp_client_send_flags(c, LLMP_TAG_LIBAFL_EVENT, LLMP_FLAG_COMPRESSED, "junk", 4));
  CHECK_OK(send_data(c, "a", 1));
  CHECK_OK(llmp_client_send(c, TAG, "x", 1));
  CHECK_OK(send_data(c, "b", 1));
  CHECK_EQ(llmp_testcase_recv_wait(c, &out, -1), 1);
  CHECK_BYTES(out.data, out.len, "a", 1);
  CHECK_EQ(llmp_testcase_recv(c, &out), 1);
  CHECK_BYTES(out.data, out.len, "b", 1);
  /* The time is over although something came. */
  CHECK_OK(llmp_client_send(c, TAG, "x", 1));
  CHECK_EQ(llmp_testcase_recv_wait(c, &out, 1), 0);
  const llmp_event_counts n = counts_of(c);
  CHECK_EQ(n.testcases, 2);
  CHECK_EQ(n.foreign, 4);
  CHECK_EQ(n.other, 1);
  CHECK_EQ(n.unknown, 1);
  CHECK_EQ(n.malformed, 2);
  CHECK_EQ(passed_over(c), 8);
  channel_close(c);
}

/* With tags of one's own on the same client: receive all, decode what is one. */
TEST(own_messages_share_the_client) {
  llmp_client *c = channel(7, NULL);
  llmp_testcase out = LLMP_TESTCASE_INIT;
  CHECK_OK(llmp_client_send(c, TAG, "mine", 4));
  CHECK_OK(send_data(c, "theirs", 6));
  llmp_msg m[2];
  CHECK_EQ(llmp_client_recv_many(c, m, 2), 2);
  CHECK_EQ(llmp_testcase_decode(c, &m[0], &out), 0);
  CHECK_EQ(llmp_testcase_decode(c, &m[1], &out), 1);
  CHECK_BYTES(out.data, out.len, "theirs", 6);
  CHECK_EQ(out.sender, llmp_client_id(c));
  channel_close(c);
}

TEST(what_makes_no_sense_is_not_sent) {
  llmp_client *c = channel(7, NULL);
  llmp_testcase t = LLMP_TESTCASE_INIT;
  CHECK_ERROR(llmp_testcase_send(NULL, &t), LLMP_E_INVALID);
  CHECK_ERROR(llmp_testcase_send(c, NULL), LLMP_E_INVALID);
  t.kind = 1;
  CHECK_ERROR(llmp_testcase_send(c, &t), LLMP_E_INVALID);
  t.kind = LLMP_EVENT_TESTCASE;
  t.exit_kind = LLMP_EXIT_DIFF;
  CHECK_ERROR(llmp_testcase_send(c, &t), LLMP_E_INVALID);
  t.exit_kind = LLMP_EXIT_OK;
  t.len = 1;
  CHECK_ERROR(llmp_testcase_send(c, &t), LLMP_E_INVALID);
  t.data = "x";
  t.len = (size_t)LLMP_MAX_PAYLOAD + 1;
  CHECK_ERROR(llmp_testcase_send(c, &t), LLMP_E_TOOBIG);
  t.len = 1;
  t.size = 4;
  CHECK_ERROR(llmp_testcase_send(c, &t), LLMP_E_INVALID);
  t.size = sizeof t;
  void *payload;
  static unsigned char large[4096];
  CHECK_OK(llmp_client_alloc(c, 8, &payload));
  CHECK_ERROR(llmp_testcase_send(c, &t), LLMP_E_BUSY);
  CHECK_ERROR(send_data(c, large, sizeof large), LLMP_E_BUSY);
  CHECK_OK(llmp_client_cancel(c));
  /* Nothing of all this is on the bus. */
  llmp_msg m;
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  channel_close(c);
}

TEST(figures_are_checked) {
  llmp_client *c = channel(7, NULL);
  static char longest[65537];
  const char *const not_utf8[] = {"\xff",         "\xc3",
                                  "a\x80",        "\xed\xa0\x80",
                                  "\xc0\x80",     "\xf4\x90\x80\x80",
                                  "\xe0\x80\x80", "\xf5\x80\x80\x80"};
  llmp_user_stat s = LLMP_USER_STAT_INIT;
  memset(longest, 'x', sizeof longest - 1);
  CHECK_ERROR(llmp_user_stat_send(c, NULL), LLMP_E_INVALID);
  CHECK_ERROR(llmp_user_stat_send(c, &s), LLMP_E_INVALID);
  s.name = longest; /* 65,536 bytes */
  CHECK_ERROR(llmp_user_stat_send(c, &s), LLMP_E_INVALID);
  for (size_t i = 0; i < sizeof not_utf8 / sizeof not_utf8[0]; i++) {
    s.name = not_utf8[i];
    CHECK_ERROR(llmp_user_stat_send(c, &s), LLMP_E_INVALID);
  }
  s.name = "x";
  s.value = LLMP_STAT_PERCENT + 1;
  CHECK_ERROR(llmp_user_stat_send(c, &s), LLMP_E_INVALID);
  s.value = LLMP_STAT_TEXT;
  CHECK_ERROR(llmp_user_stat_send(c, &s), LLMP_E_INVALID);
  s.text = not_utf8[0];
  CHECK_ERROR(llmp_user_stat_send(c, &s), LLMP_E_INVALID);
  s.text = "x";
  s.aggregate = LLMP_AGGREGATE_MAX + 1;
  CHECK_ERROR(llmp_user_stat_send(c, &s), LLMP_E_INVALID);
  s.aggregate = 0;
  s.name = s.text = longest + 1; /* the longest possible, hence compressed */
  CHECK_OK(llmp_user_stat_send(c, &s));
  const llmp_msg m = raw(c);
  CHECK_EQ(m.flags, LLMP_FLAG_COMPRESSED);
  llmp_testcase t = LLMP_TESTCASE_INIT;
  CHECK_EQ(llmp_testcase_decode(c, &m, &t), 0);
  CHECK_EQ(counts_of(c).other, 1);
  channel_close(c);
}

/* A struct of the wrong size costs no message. */
TEST(a_wrong_struct_costs_no_message) {
  llmp_client *c = channel(7, NULL);
  llmp_testcase t = LLMP_TESTCASE_INIT;
  llmp_event_options o = LLMP_EVENT_OPTIONS_INIT;
  llmp_event_counts n = {0};
  CHECK_OK(send_data(c, "x", 1));
  CHECK_ERROR(llmp_testcase_recv(NULL, &t), LLMP_E_INVALID);
  CHECK_ERROR(llmp_testcase_recv(c, NULL), LLMP_E_INVALID);
  t.size = 0;
  CHECK_ERROR(llmp_testcase_recv(c, &t), LLMP_E_INVALID);
  CHECK_ERROR(llmp_testcase_recv_wait(c, &t, 1), LLMP_E_INVALID);
  CHECK_ERROR(llmp_testcase_decode(c, NULL, &t), LLMP_E_INVALID);
  t.size = sizeof t;
  CHECK_ERROR(llmp_testcase_decode(c, NULL, &t), LLMP_E_INVALID);
  CHECK_ERROR(llmp_client_event_counts(c, &n), LLMP_E_INVALID);
  CHECK_ERROR(llmp_client_event_counts(c, NULL), LLMP_E_INVALID);
  o.max_size = 1023;
  CHECK_ERROR(llmp_client_event_setup(c, &o), LLMP_E_INVALID);
  o.max_size = LLMP_MAX_PAYLOAD + 1;
  CHECK_ERROR(llmp_client_event_setup(c, &o), LLMP_E_INVALID);
  o.max_size = LLMP_MAX_PAYLOAD;
  o.reserved = 1;
  CHECK_ERROR(llmp_client_event_setup(c, &o), LLMP_E_INVALID);
  o.reserved = 0;
  CHECK_OK(llmp_client_event_setup(c, &o));
  CHECK_EQ(llmp_testcase_recv(c, &t), 1);
  channel_close(c);
}

/* A header of another version: fewer fields, or more. */
TEST(structs_of_other_versions_work) {
  llmp_client *c = channel(7, NULL);
  struct {
    llmp_testcase t;
    uint64_t newer;
  } wide = {LLMP_TESTCASE_INIT, 5};
  CHECK_OK(send_data(c, "abc", 3));
  CHECK_OK(send_data(c, "abc", 3));
  wide.t.size = sizeof wide;
  CHECK_EQ(llmp_testcase_recv(c, &wide.t), 1);
  CHECK_EQ(wide.newer, 0);
  CHECK_EQ(wide.t.size, sizeof wide);
  wide.t.sender = 99;
  wide.t.size = offsetof(llmp_testcase, sender);
  CHECK_EQ(llmp_testcase_recv(c, &wide.t), 1);
  CHECK_EQ(wide.t.sender, 99);
  CHECK_EQ(wide.t.len, 3);
  wide.newer = 1; /* a field that this library does not know, in use */
  wide.t.size = sizeof wide;
  CHECK_ERROR(llmp_testcase_send(c, &wide.t), LLMP_E_INVALID);
  channel_close(c);
}

/* In a forked child none of them works, and none hangs. */
TEST(a_forked_child_gets_an_error) {
  llmp_client *c = channel(7, NULL);
  static unsigned char large[5000];
  llmp_testcase t = LLMP_TESTCASE_INIT;
  CHECK_OK(send_data(c, large, sizeof large));
  CHECK_EQ(llmp_testcase_recv(c, &t), 1); /* there is memory to free, too */
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    llmp_user_stat s = LLMP_USER_STAT_INIT;
    llmp_event_counts n = {sizeof n, 0, 0, 0, 0, 0, 0, 0};
    llmp_msg m = {0};
    s.name = "x";
    CHECK_ERROR(llmp_testcase_send(c, &t), LLMP_E_FORKED);
    CHECK_ERROR(llmp_testcase_recv(c, &t), LLMP_E_FORKED);
    CHECK_ERROR(llmp_testcase_recv_wait(c, &t, -1), LLMP_E_FORKED);
    CHECK_ERROR(llmp_testcase_decode(c, &m, &t), LLMP_E_FORKED);
    CHECK_ERROR(llmp_client_event_setup(c, NULL), LLMP_E_FORKED);
    CHECK_ERROR(llmp_client_event_counts(c, &n), LLMP_E_FORKED);
    CHECK_ERROR(llmp_heartbeat_send(c, 1), LLMP_E_FORKED);
    CHECK_ERROR(llmp_user_stat_send(c, &s), LLMP_E_FORKED);
    CHECK_ERROR(llmp_client_close(c), LLMP_E_FORKED);
    _exit(0);
  }
  int status = -1;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK_OK(send_data(c, large, sizeof large));
  CHECK_EQ(llmp_testcase_recv(c, &t), 1);
  channel_close(c);
}
