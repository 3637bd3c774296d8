/* One thread sends events, another receives on the same client: long and short
 * ones, with other messages in between, while the reader sleeps and wakes. */
#include "event_support.h"

enum { ROUNDS = 4000, LONGEST = 3000 };

/* The input of a round: its number, then a pattern. */
static size_t make(uint32_t round, unsigned char *data) {
  const size_t len = sizeof round + round * 7u % LONGEST;
  memcpy(data, &round, sizeof round);
  memset(data + sizeof round, (int)(round % 251), len - sizeof round);
  return len;
}

static void *sender(void *arg) {
  llmp_client *c = arg;
  static unsigned char data[LONGEST + 8];
  for (uint32_t i = 0; i < ROUNDS; i++) {
    const size_t len = make(i, data);
    CHECK_OK(send_data(c, data, len));
    if (i % 3 == 0) {
      CHECK_OK(llmp_client_send(c, TAG, "x", 1));
    }
    if (i % 100 == 0) {
      CHECK_OK(llmp_heartbeat_send(c, i));
    }
  }
  return NULL;
}

TEST(one_thread_sends_another_receives) {
  llmp_client *c = channel(7, NULL);
  static unsigned char want[LONGEST + 8];
  pthread_t thread;
  thread_start(&thread, sender, c);
  for (uint32_t i = 0; i < ROUNDS; i++) {
    llmp_testcase t = LLMP_TESTCASE_INIT;
    CHECK_EQ(llmp_testcase_recv_wait(c, &t, SOON_MS), 1);
    const size_t len = make(i, want);
    CHECK_BYTES(t.data, t.len, want, len);
  }
  thread_join(thread);
  llmp_testcase t = LLMP_TESTCASE_INIT;
  CHECK_EQ(llmp_testcase_recv(c, &t), 0);
  const llmp_event_counts n = counts_of(c);
  CHECK_EQ(n.testcases, ROUNDS);
  CHECK_EQ(n.foreign, (ROUNDS + 2) / 3);
  CHECK_EQ(n.other, ROUNDS / 100);
  CHECK_EQ(passed_over(c), n.foreign + n.other);
  channel_close(c);
}
