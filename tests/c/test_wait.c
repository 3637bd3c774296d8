/* recv_wait: sleeping, waking, giving up. */
#include <time.h>
#include <unistd.h>

#include "bus.h"

static int64_t now_ms(clockid_t clock) {
  struct timespec t;
  CHECK_SYS(clock_gettime(clock, &t));
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

TEST(waiting_ends_when_the_time_is_over) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m = {.tag = 99};
  const int64_t before = now_ms(CLOCK_MONOTONIC);
  CHECK_EQ(llmp_client_recv_wait(c, &m, 50), 0);
  CHECK_GE(now_ms(CLOCK_MONOTONIC) - before, 49);
  CHECK_EQ(m.tag, 99);
  channel_close(c);
}

TEST(a_message_that_is_there_is_not_waited_for) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m;
  send_text(c, "there");
  CHECK_EQ(llmp_client_recv_wait(c, &m, LLMP_WAIT_FOREVER), 1);
  check_text(&m, "there");
  channel_close(c);
}

TEST(any_negative_time_out_is_for_ever) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m;
  send_text(c, "a");
  CHECK_EQ(llmp_client_recv_wait(c, &m, INT64_MIN), 1);
  send_text(c, "b");
  CHECK_EQ(llmp_client_recv_wait(c, &m, INT64_MAX), 1);
  check_text(&m, "b");
  channel_close(c);
}

/* Two clients play ball: each throw finds the other one asleep, or about to be. */
enum { THROWS = 300 };

static void play(llmp_client *c, bool first) {
  for (uint32_t i = first ? 0 : 1; i < THROWS; i += 2) {
    llmp_msg m;
    CHECK_OK(llmp_client_send(c, i, NULL, 0));
    if (i + 1 < THROWS) {
      CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
      CHECK_EQ(m.tag, i + 1);
    }
  }
}

static void *play_second(void *argument) {
  llmp_client *c = argument;
  llmp_msg m;
  CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
  CHECK_EQ(m.tag, 0);
  play(c, false);
  return NULL;
}

static void play_ball(uint32_t spin_us) {
  struct bus bus;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.skip_own = 1;
  o.spin_us = spin_us;
  pthread_t thread;
  bus_start(&bus, NULL);
  llmp_client *here = bus_join(&bus, &o), *there = bus_join(&bus, &o);
  thread_start(&thread, play_second, there);
  play(here, true);
  thread_join(thread);
  CHECK_OK(llmp_client_close(here));
  CHECK_OK(llmp_client_close(there));
  bus_stop(&bus);
}

TEST(a_sleeping_receiver_is_woken) {
  play_ball(0);
}

TEST(a_spinning_receiver_sees_messages_too) {
  play_ball(20);
}

static void *close_sender(void *argument) {
  CHECK_OK(llmp_sender_close(argument));
  return NULL;
}

TEST(a_sleeping_receiver_is_woken_by_the_end) {
  struct pipe p;
  pthread_t thread;
  llmp_msg m;
  pipe_open(&p, NULL);
  thread_start(&thread, close_sender, p.to);
  CHECK_ERROR(llmp_receiver_recv_wait(p.from, &m, LLMP_WAIT_FOREVER), LLMP_E_CLOSED);
  thread_join(thread);
  CHECK_OK(llmp_receiver_close(p.from));
}

TEST(waiting_sleeps) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m;
  CHECK_EQ(llmp_client_recv_wait(c, &m, 10), 0); /* what is set up once */
  const int64_t before = now_ms(CLOCK_PROCESS_CPUTIME_ID);
  CHECK_EQ(llmp_client_recv_wait(c, &m, 1000), 0);
  CHECK_LT(now_ms(CLOCK_PROCESS_CPUTIME_ID) - before, 500);
  channel_close(c);
}
