/* NULL anywhere is an error, never a crash, and changes nothing. */
#include "bus.h"

/* Each call in turn, with its own line in what is printed. */
#define INVALID(call) CHECK_ERROR(call, LLMP_E_INVALID)

static llmp_map some_map(void) {
  return (llmp_map){.id = "1", .size = MIB, .offset = LLMP_NO_OFFSET};
}

TEST(a_null_client_is_refused_by_every_verb) {
  llmp_msg m;
  llmp_map map;
  llmp_client_description d;
  llmp_outgoing out = {TAG, 0, "x", 1};
  void *payload;
  INVALID(llmp_client_to_env(NULL, "LLMP_TEST"));
  INVALID(llmp_client_describe(NULL, &d));
  INVALID(llmp_client_announce(NULL, "1", MIB));
  INVALID(llmp_client_map(NULL, &map));
  INVALID(llmp_client_send(NULL, TAG, "x", 1));
  INVALID(llmp_client_send_flags(NULL, TAG, 0, "x", 1));
  INVALID(llmp_client_send_many(NULL, &out, 1));
  INVALID(llmp_client_alloc(NULL, 1, &payload));
  INVALID(llmp_client_commit(NULL, TAG, 0, 1));
  INVALID(llmp_client_shrink(NULL, 1));
  INVALID(llmp_client_cancel(NULL));
  INVALID(llmp_client_recv(NULL, &m));
  INVALID(llmp_client_recv_many(NULL, &m, 1));
  INVALID(llmp_client_recv_wait(NULL, &m, 0));
  INVALID(llmp_client_wait_fd(NULL));
  INVALID(llmp_client_safe_to_unmap(NULL));
  INVALID(llmp_client_mark_safe_to_unmap(NULL));
  INVALID(llmp_client_wait_safe_to_unmap(NULL, 0));
  CHECK_EQ(llmp_client_id(NULL), 0);
  CHECK_SAYS(llmp_last_error(), "NULL");
}

TEST(a_null_sender_is_refused_by_every_verb) {
  llmp_map map;
  llmp_outgoing out = {TAG, 0, "x", 1};
  void *payload;
  INVALID(llmp_sender_to_env(NULL, "LLMP_TEST"));
  INVALID(llmp_sender_map(NULL, &map));
  INVALID(llmp_sender_send(NULL, TAG, "x", 1));
  INVALID(llmp_sender_send_flags(NULL, TAG, 0, "x", 1));
  INVALID(llmp_sender_send_many(NULL, &out, 1));
  INVALID(llmp_sender_alloc(NULL, 1, &payload));
  INVALID(llmp_sender_commit(NULL, TAG, 0, 1));
  INVALID(llmp_sender_shrink(NULL, 1));
  INVALID(llmp_sender_cancel(NULL));
  INVALID(llmp_sender_safe_to_unmap(NULL));
  INVALID(llmp_sender_mark_safe_to_unmap(NULL));
  INVALID(llmp_sender_wait_safe_to_unmap(NULL, 0));
  CHECK_EQ(llmp_sender_id(NULL), 0);
}

TEST(a_null_receiver_is_refused_by_every_verb) {
  llmp_msg m;
  llmp_map map;
  INVALID(llmp_receiver_to_env(NULL, "LLMP_TEST"));
  INVALID(llmp_receiver_map(NULL, &map));
  INVALID(llmp_receiver_recv(NULL, &m));
  INVALID(llmp_receiver_recv_many(NULL, &m, 1));
  INVALID(llmp_receiver_recv_wait(NULL, &m, 0));
  INVALID(llmp_receiver_wait_fd(NULL));
}

static int forward(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client, (void)m, (void)user;
  return LLMP_HOOK_FORWARD;
}

static void no_news(llmp_broker *b, void *user) {
  (void)b, (void)user;
}

TEST(a_null_broker_is_refused_by_every_verb) {
  llmp_map map;
  llmp_stats stats = {.size = sizeof stats};
  llmp_client_stats row;
  llmp_broker *none = NULL;
  INVALID(llmp_broker_listen(NULL, 0));
  INVALID(llmp_broker_connect_b2b(NULL, "127.0.0.1", 1));
  INVALID(llmp_broker_add_client(NULL, "1", MIB));
  INVALID(llmp_broker_add_hook(NULL, forward, NULL));
  INVALID(llmp_broker_on_timeout(NULL, no_news, NULL));
  INVALID(llmp_broker_once(NULL));
  INVALID(llmp_broker_run(NULL, 1));
  INVALID(llmp_broker_stop(NULL));
  INVALID(llmp_broker_send(NULL, TAG, 0, "x", 1));
  INVALID(llmp_broker_map(NULL, &map));
  INVALID(llmp_broker_to_env(NULL, "LLMP_TEST"));
  INVALID(llmp_broker_stats(NULL, &stats));
  INVALID(llmp_broker_client_stats(NULL, &row, 1));
  INVALID(llmp_brokers_run(NULL, 1, 1));
  INVALID(llmp_brokers_run(&none, 1, 1));
}

TEST(a_null_connection_is_refused_by_every_verb) {
  INVALID(llmp_connection_send(NULL, TAG, 0, "x", 1));
  CHECK(llmp_connection_broker(NULL) == NULL);
  CHECK(llmp_connection_client(NULL) == NULL);
}

TEST(closing_null_does_nothing) {
  CHECK_EQ(llmp_client_close(NULL), 0);
  CHECK_EQ(llmp_sender_close(NULL), 0);
  CHECK_EQ(llmp_receiver_close(NULL), 0);
  CHECK_EQ(llmp_broker_close(NULL), 0);
  CHECK_EQ(llmp_connection_close(NULL), 0);
}

TEST(a_handle_needs_somewhere_to_go) {
  const llmp_map map = some_map();
  const llmp_client_description d = {map, map};
  INVALID(llmp_client_connect(NULL, 1, NULL));
  INVALID(llmp_client_new(NULL, "1", MIB, 1, NULL));
  INVALID(llmp_client_new_from_env(NULL, "LLMP_TEST", NULL));
  INVALID(llmp_client_attach_env(NULL, "LLMP_TEST", NULL));
  INVALID(llmp_client_attach_description(NULL, &d, NULL));
  INVALID(llmp_client_attach_shmem(NULL, &map, &map, NULL));
  INVALID(llmp_client_new_p2p(NULL, 1, NULL));
  INVALID(llmp_sender_new(NULL, 1, NULL));
  INVALID(llmp_sender_attach_env(NULL, "LLMP_TEST", NULL));
  INVALID(llmp_sender_attach_map(NULL, &map, NULL));
  INVALID(llmp_receiver_attach_map(NULL, &map, NULL));
  INVALID(llmp_receiver_attach_env(NULL, "LLMP_TEST", NULL));
  INVALID(llmp_broker_new(NULL, NULL));
  INVALID(llmp_connection_on_port(NULL, 1, NULL, NULL));
}

TEST(makers_refuse_null_and_leave_the_handle_alone) {
  const llmp_map map = some_map();
  llmp_client *const untouched = (llmp_client *)&map;
  llmp_client *c = untouched;
  llmp_sender *s = NULL;
  llmp_receiver *r = NULL;
  INVALID(llmp_client_new(&c, NULL, MIB, 1, NULL));
  INVALID(llmp_client_new_from_env(&c, NULL, NULL));
  INVALID(llmp_client_attach_env(&c, NULL, NULL));
  INVALID(llmp_client_attach_description(&c, NULL, NULL));
  INVALID(llmp_client_attach_shmem(&c, NULL, &map, NULL));
  INVALID(llmp_client_attach_shmem(&c, &map, NULL, NULL));
  CHECK(c == untouched);
  INVALID(llmp_sender_attach_env(&s, NULL, NULL));
  INVALID(llmp_sender_attach_map(&s, NULL, NULL));
  CHECK(s == NULL);
  INVALID(llmp_receiver_attach_env(&r, NULL, NULL));
  INVALID(llmp_receiver_attach_map(&r, NULL, NULL));
  CHECK(r == NULL);
}

TEST(null_arguments_of_an_open_client_are_refused) {
  llmp_client *c = channel(1, NULL);
  INVALID(llmp_client_to_env(c, NULL));
  INVALID(llmp_client_describe(c, NULL));
  INVALID(llmp_client_announce(c, NULL, MIB));
  INVALID(llmp_client_map(c, NULL));
  INVALID(llmp_client_send(c, TAG, NULL, 1));
  INVALID(llmp_client_send_flags(c, TAG, 0, NULL, 1));
  INVALID(llmp_client_send_many(c, NULL, 1));
  INVALID(llmp_client_alloc(c, 1, NULL));
  INVALID(llmp_client_recv(c, NULL));
  INVALID(llmp_client_recv_many(c, NULL, 1));
  INVALID(llmp_client_recv_wait(c, NULL, 0));
  INVALID(llmp_client_recv_wait(c, NULL, LLMP_WAIT_FOREVER));
  send_text(c, "unharmed");
  expect_text(c, "unharmed");
  channel_close(c);
}

TEST(null_arguments_of_open_halves_are_refused) {
  struct pipe p;
  pipe_open(&p, NULL);
  INVALID(llmp_sender_to_env(p.to, NULL));
  INVALID(llmp_sender_map(p.to, NULL));
  INVALID(llmp_sender_send(p.to, TAG, NULL, 1));
  INVALID(llmp_sender_send_flags(p.to, TAG, 0, NULL, 1));
  INVALID(llmp_sender_send_many(p.to, NULL, 1));
  INVALID(llmp_sender_alloc(p.to, 1, NULL));
  INVALID(llmp_receiver_to_env(p.from, NULL));
  INVALID(llmp_receiver_map(p.from, NULL));
  INVALID(llmp_receiver_recv(p.from, NULL));
  INVALID(llmp_receiver_recv_many(p.from, NULL, 1));
  INVALID(llmp_receiver_recv_wait(p.from, NULL, 0));
  pipe_close(&p);
}

TEST(null_arguments_of_an_open_broker_are_refused) {
  llmp_broker *b = NULL, *pair[2] = {NULL, NULL};
  CHECK_OK(llmp_broker_new(&b, NULL));
  pair[0] = b;
  INVALID(llmp_broker_connect_b2b(b, NULL, 1));
  INVALID(llmp_broker_add_client(b, NULL, MIB));
  INVALID(llmp_broker_add_hook(b, NULL, NULL));
  INVALID(llmp_broker_send(b, TAG, 0, NULL, 1));
  INVALID(llmp_broker_map(b, NULL));
  INVALID(llmp_broker_to_env(b, NULL));
  INVALID(llmp_broker_stats(b, NULL));
  INVALID(llmp_broker_client_stats(b, NULL, 1));
  INVALID(llmp_brokers_run(pair, 2, 1));
  CHECK_OK(llmp_broker_on_timeout(b, NULL, NULL)); /* takes the function away */
  CHECK_EQ(llmp_broker_client_stats(b, NULL, 0), 0);
  CHECK_OK(llmp_broker_close(b));
}

TEST(null_descriptions_and_buffers_are_refused) {
  const llmp_client_description d = {some_map(), some_map()};
  llmp_client_description out;
  unsigned char wire[LLMP_DESCRIPTION_MAX];
  INVALID(llmp_description_encode(NULL, wire, sizeof wire));
  INVALID(llmp_description_encode(&d, NULL, sizeof wire));
  INVALID(llmp_description_decode(NULL, wire, sizeof wire));
  INVALID(llmp_description_decode(&out, NULL, sizeof wire));
}
