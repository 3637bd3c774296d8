/* Handles after their end: used, closed twice, taken for another kind. */
#include "bus.h"

#define GONE(call) CHECK_ERROR_SAYS(call, LLMP_E_INVALID, "closed")

static void use_client(llmp_client *c) {
  llmp_msg m;
  llmp_map map;
  llmp_client_description d;
  llmp_outgoing out = {TAG, 0, "x", 1};
  void *payload;
  GONE(llmp_client_to_env(c, "LLMP_TEST"));
  GONE(llmp_client_describe(c, &d));
  GONE(llmp_client_announce(c, "1", MIB));
  GONE(llmp_client_map(c, &map));
  GONE(llmp_client_send(c, TAG, "x", 1));
  GONE(llmp_client_send_flags(c, TAG, 0, "x", 1));
  GONE(llmp_client_send_many(c, &out, 1));
  GONE(llmp_client_alloc(c, 1, &payload));
  GONE(llmp_client_commit(c, TAG, 0, 1));
  GONE(llmp_client_shrink(c, 1));
  GONE(llmp_client_cancel(c));
  GONE(llmp_client_recv(c, &m));
  GONE(llmp_client_recv_many(c, &m, 1));
  GONE(llmp_client_recv_wait(c, &m, LLMP_WAIT_FOREVER));
  GONE(llmp_client_wait_fd(c));
  GONE(llmp_client_safe_to_unmap(c));
  GONE(llmp_client_mark_safe_to_unmap(c));
  GONE(llmp_client_wait_safe_to_unmap(c, LLMP_WAIT_FOREVER));
  GONE(llmp_client_close(c));
  CHECK_EQ(llmp_client_id(c), 0);
}

static void use_sender(llmp_sender *s) {
  llmp_map map;
  llmp_outgoing out = {TAG, 0, "x", 1};
  void *payload;
  GONE(llmp_sender_to_env(s, "LLMP_TEST"));
  GONE(llmp_sender_map(s, &map));
  GONE(llmp_sender_send(s, TAG, "x", 1));
  GONE(llmp_sender_send_flags(s, TAG, 0, "x", 1));
  GONE(llmp_sender_send_many(s, &out, 1));
  GONE(llmp_sender_alloc(s, 1, &payload));
  GONE(llmp_sender_commit(s, TAG, 0, 1));
  GONE(llmp_sender_shrink(s, 1));
  GONE(llmp_sender_cancel(s));
  GONE(llmp_sender_safe_to_unmap(s));
  GONE(llmp_sender_mark_safe_to_unmap(s));
  GONE(llmp_sender_wait_safe_to_unmap(s, LLMP_WAIT_FOREVER));
  GONE(llmp_sender_close(s));
  CHECK_EQ(llmp_sender_id(s), 0);
}

static void use_receiver(llmp_receiver *r) {
  llmp_msg m;
  llmp_map map;
  GONE(llmp_receiver_to_env(r, "LLMP_TEST"));
  GONE(llmp_receiver_map(r, &map));
  GONE(llmp_receiver_recv(r, &m));
  GONE(llmp_receiver_recv_many(r, &m, 1));
  GONE(llmp_receiver_recv_wait(r, &m, LLMP_WAIT_FOREVER));
  GONE(llmp_receiver_wait_fd(r));
  GONE(llmp_receiver_close(r));
}

static int forward(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client, (void)m, (void)user;
  return LLMP_HOOK_FORWARD;
}

static void use_broker(llmp_broker *b) {
  llmp_map map;
  llmp_stats stats = {.size = sizeof stats};
  llmp_client_stats row;
  GONE(llmp_broker_listen(b, 0));
  GONE(llmp_broker_connect_b2b(b, "127.0.0.1", 1));
  GONE(llmp_broker_add_client(b, "1", MIB));
  GONE(llmp_broker_add_hook(b, forward, NULL));
  GONE(llmp_broker_on_timeout(b, NULL, NULL));
  GONE(llmp_broker_once(b));
  GONE(llmp_broker_run(b, LLMP_WAIT_FOREVER));
  GONE(llmp_broker_stop(b));
  GONE(llmp_broker_send(b, TAG, 0, "x", 1));
  GONE(llmp_broker_map(b, &map));
  GONE(llmp_broker_to_env(b, "LLMP_TEST"));
  GONE(llmp_broker_stats(b, &stats));
  GONE(llmp_broker_client_stats(b, &row, 1));
  GONE(llmp_brokers_run(&b, 1, LLMP_WAIT_FOREVER));
  GONE(llmp_broker_close(b));
}

static void use_connection(llmp_connection *c) {
  GONE(llmp_connection_send(c, TAG, 0, "x", 1));
  GONE(llmp_connection_close(c));
  CHECK(llmp_connection_broker(c) == NULL);
  CHECK(llmp_connection_client(c) == NULL);
}

TEST(a_closed_client_is_refused) {
  llmp_client *c = channel(1, NULL);
  channel_close(c);
  use_client(c);
}

TEST(closed_halves_are_refused) {
  struct pipe p;
  pipe_open(&p, NULL);
  pipe_close(&p);
  use_sender(p.to);
  use_receiver(p.from);
}

TEST(a_closed_broker_is_refused) {
  llmp_broker *b = NULL;
  CHECK_OK(llmp_broker_new(&b, NULL));
  CHECK_OK(llmp_broker_close(b));
  use_broker(b);
}

TEST(a_closed_connection_is_refused) {
  llmp_connection *c = NULL;
  CHECK_OK(llmp_connection_on_port(&c, unused_port(), NULL, NULL));
  llmp_broker *b = llmp_connection_broker(c);
  CHECK_OK(llmp_connection_close(c));
  use_connection(c);
  use_broker(b); /* it belonged to the connection */
}

TEST(what_never_was_a_handle_is_refused) {
  static char memory[4096];
  use_client((llmp_client *)(void *)memory);
  use_sender((llmp_sender *)(void *)(memory + 1));
  use_receiver((llmp_receiver *)(uintptr_t)8);
  use_broker((llmp_broker *)(uintptr_t)-8);
  use_connection((llmp_connection *)(void *)(memory + 512));
}

TEST(a_handle_of_another_kind_is_refused) {
  struct pipe p;
  llmp_broker *b = NULL;
  pipe_open(&p, NULL);
  llmp_client *c = channel(1, NULL);
  CHECK_OK(llmp_broker_new(&b, NULL));
  use_client((llmp_client *)p.to);
  use_client((llmp_client *)b);
  use_sender((llmp_sender *)c);
  use_receiver((llmp_receiver *)p.to);
  use_broker((llmp_broker *)p.from);
  use_connection((llmp_connection *)b);
  send_text(c, "unharmed");
  expect_text(c, "unharmed");
  CHECK_OK(llmp_broker_close(b));
  channel_close(c);
  pipe_close(&p);
}

TEST(an_old_handle_is_not_taken_for_a_new_one) {
  llmp_client *old = channel(1, NULL);
  channel_close(old);
  for (int i = 0; i < 500; i++) {
    llmp_client *c = channel(2, NULL);
    CHECK(c != old);
    CHECK_EQ(llmp_client_id(old), 0);
    CHECK_EQ(llmp_client_id(c), 2);
    channel_close(c);
  }
}

TEST(closing_with_an_open_allocation_is_fine) {
  struct pipe p;
  void *payload;
  llmp_msg m;
  pipe_open(&p, NULL);
  CHECK_OK(llmp_sender_alloc(p.to, 100, &payload));
  CHECK_OK(llmp_sender_close(p.to));
  CHECK_ERROR(llmp_receiver_recv(p.from, &m), LLMP_E_CLOSED);
  CHECK_OK(llmp_receiver_close(p.from));
}
