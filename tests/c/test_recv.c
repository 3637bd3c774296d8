/* Receiving: what is there, what is not, and the end. */
#include "bus.h"

TEST(nothing_sent_is_nothing_received) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m = {.tag = 99};
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  CHECK_EQ(llmp_client_recv_many(c, &m, 1), 0);
  CHECK_EQ(llmp_client_recv_wait(c, &m, 0), 0);
  CHECK_EQ(m.tag, 99);
  channel_close(c);
}

TEST(a_message_stays_valid_while_others_are_sent) {
  struct pipe p;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.page_size = 4096;
  o.max_pending_pages = 16;
  pipe_open(&p, &o);
  char other[2000] = {0};
  llmp_msg m;
  CHECK_OK(llmp_sender_send(p.to, TAG, "kept", 4));
  CHECK_EQ(llmp_receiver_recv(p.from, &m), 1);
  for (int i = 0; i < 10; i++) {
    CHECK_OK(llmp_sender_send(p.to, TAG, other, sizeof other));
  }
  check_text(&m, "kept");
  pipe_close(&p);
}

TEST(exiting_ends_a_receiver_after_the_last_message) {
  struct pipe p;
  llmp_msg m = {.tag = 99};
  pipe_open(&p, NULL);
  CHECK_OK(llmp_sender_send(p.to, TAG, "last", 4));
  CHECK_OK(llmp_sender_close(p.to));
  CHECK_EQ(llmp_receiver_recv(p.from, &m), 1);
  check_text(&m, "last");
  for (int i = 0; i < 3; i++) { /* and for good */
    CHECK_ERROR_SAYS(llmp_receiver_recv(p.from, &m), LLMP_E_CLOSED, "EXITING");
    CHECK_ERROR(llmp_receiver_recv_many(p.from, &m, 1), LLMP_E_CLOSED);
    CHECK_ERROR(llmp_receiver_recv_wait(p.from, &m, LLMP_WAIT_FOREVER), LLMP_E_CLOSED);
  }
  check_text(&m, "last"); /* out-parameters are untouched on failure */
  CHECK_OK(llmp_receiver_close(p.from));
}

TEST(a_batch_leaves_the_end_for_the_next_call) {
  struct pipe p;
  llmp_msg m[8];
  pipe_open(&p, NULL);
  CHECK_OK(llmp_sender_send(p.to, TAG, "a", 1));
  CHECK_OK(llmp_sender_send(p.to, TAG, "b", 1));
  CHECK_OK(llmp_sender_close(p.to));
  CHECK_EQ(llmp_receiver_recv_many(p.from, m, 8), 2);
  check_text(&m[0], "a");
  check_text(&m[1], "b");
  CHECK_ERROR(llmp_receiver_recv_many(p.from, m, 8), LLMP_E_CLOSED);
  CHECK_OK(llmp_receiver_close(p.from));
}

TEST(one_s_own_messages_can_be_passed_over) {
  struct bus bus;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  llmp_msg m;
  bus_start(&bus, NULL);
  llmp_client *all = bus_join(&bus, NULL);
  o.skip_own = 1;
  llmp_client *others = bus_join(&bus, &o);
  send_text(others, "mine");
  expect_text(all, "mine"); /* so the broker has forwarded it */
  send_text(all, "theirs");
  expect_text(all, "theirs");
  CHECK_EQ(llmp_client_recv_wait(others, &m, SOON_MS), 1);
  check_text(&m, "theirs");
  CHECK_EQ(m.sender, llmp_client_id(all));
  CHECK_EQ(llmp_client_recv(others, &m), 0);
  CHECK_OK(llmp_client_close(others));
  CHECK_OK(llmp_client_close(all));
  bus_stop(&bus);
}

TEST(a_late_joiner_gets_what_was_said_before) {
  struct bus bus;
  char data[500];
  bus_start(&bus, NULL);
  llmp_client *early = bus_join(&bus, NULL);
  for (uint64_t i = 0; i < 4000; i++) {
    fill(data, sizeof data, i);
    CHECK_OK(llmp_client_send(early, TAG, data, sizeof data));
  }
  llmp_client *late = bus_join(&bus, NULL);
  for (uint64_t i = 0; i < 4000; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_client_recv_wait(late, &m, SOON_MS), 1);
    CHECK_EQ(m.len, sizeof data);
    CHECK_EQ(m.sender, llmp_client_id(early));
    check_filled(m.data, m.len, i);
  }
  CHECK_OK(llmp_client_close(early));
  CHECK_OK(llmp_client_close(late));
  bus_stop(&bus);
}

TEST(when_the_broker_closes_clients_are_told) {
  struct bus bus;
  llmp_msg m;
  bus_start(&bus, NULL);
  llmp_client *c = bus_join(&bus, NULL);
  send_text(c, "the last one");
  expect_text(c, "the last one");
  bus_stop(&bus);
  CHECK_ERROR(llmp_client_recv_wait(c, &m, SOON_MS), LLMP_E_CLOSED);
  CHECK_ERROR(llmp_client_recv(c, &m), LLMP_E_CLOSED);
  (void)llmp_client_mark_safe_to_unmap(c);
  CHECK_OK(llmp_client_close(c));
}
