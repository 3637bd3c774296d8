/* fork: the child gets LLMP_E_FORKED from everything, the parent goes on. */
#include <sys/wait.h>
#include <unistd.h>

#include "bus.h"

#define FORKED(call) CHECK_ERROR(call, LLMP_E_FORKED)

/* Everything that there is, made before the fork. */
struct all {
  struct bus bus;
  struct pipe pipe;
  llmp_client *client;
  llmp_connection *connection;
  llmp_map map; /* the client's */
  llmp_client_description description;
};

static void make_all(struct all *a) {
  bus_start(&a->bus, NULL);
  pipe_open(&a->pipe, NULL);
  a->client = bus_join(&a->bus, NULL);
  a->connection = NULL;
  CHECK_OK(llmp_connection_on_port(&a->connection, unused_port(), NULL, NULL));
  CHECK_OK(llmp_client_map(a->client, &a->map));
  CHECK_OK(llmp_client_describe(a->client, &a->description));
}

static void close_all(struct all *a) {
  CHECK_OK(llmp_connection_close(a->connection));
  CHECK_OK(llmp_client_close(a->client));
  pipe_close(&a->pipe);
  bus_stop(&a->bus);
}

/* Runs f in a forked child and checks that it ended well. */
static void in_child(void (*f)(struct all *), struct all *a) {
  const pid_t pid = fork();
  CHECK_SYS(pid);
  if (pid == 0) {
    (void)alarm(TEST_LIMIT_S);
    f(a);
    _exit(0);
  }
  int status = -1;
  CHECK_EQ(waitpid(pid, &status, 0), pid);
  CHECK_EQ(status, 0);
}

static void use_client(struct all *a) {
  llmp_client *c = a->client;
  llmp_msg m = {.tag = 99};
  llmp_map map;
  llmp_client_description d;
  llmp_outgoing out = {TAG, 0, "x", 1};
  void *payload = NULL;
  FORKED(llmp_client_send(c, TAG, "x", 1));
  FORKED(llmp_client_send_flags(c, TAG, 0, "x", 1));
  FORKED(llmp_client_send_many(c, &out, 1));
  FORKED(llmp_client_alloc(c, 1, &payload));
  FORKED(llmp_client_commit(c, TAG, 0, 0));
  FORKED(llmp_client_shrink(c, 0));
  FORKED(llmp_client_cancel(c));
  FORKED(llmp_client_recv(c, &m));
  FORKED(llmp_client_recv_many(c, &m, 1));
  FORKED(llmp_client_recv_wait(c, &m, LLMP_WAIT_FOREVER));
  FORKED(llmp_client_wait_fd(c));
  FORKED(llmp_client_to_env(c, "LLMP_TEST"));
  FORKED(llmp_client_describe(c, &d));
  FORKED(llmp_client_announce(c, "1", MIB));
  FORKED(llmp_client_map(c, &map));
  FORKED(llmp_client_safe_to_unmap(c));
  FORKED(llmp_client_mark_safe_to_unmap(c));
  FORKED(llmp_client_wait_safe_to_unmap(c, LLMP_WAIT_FOREVER));
  CHECK_SAYS(llmp_last_error(), "parent");
  CHECK_EQ(m.tag, 99);
  CHECK(payload == NULL);
  FORKED(llmp_client_close(c));
}

static void use_halves(struct all *a) {
  llmp_sender *s = a->pipe.to;
  llmp_receiver *r = a->pipe.from;
  llmp_msg m;
  llmp_map map;
  llmp_outgoing out = {TAG, 0, "x", 1};
  void *payload;
  FORKED(llmp_sender_send(s, TAG, "x", 1));
  FORKED(llmp_sender_send_flags(s, TAG, 0, "x", 1));
  FORKED(llmp_sender_send_many(s, &out, 1));
  FORKED(llmp_sender_alloc(s, 1, &payload));
  FORKED(llmp_sender_commit(s, TAG, 0, 0));
  FORKED(llmp_sender_shrink(s, 0));
  FORKED(llmp_sender_cancel(s));
  FORKED(llmp_sender_to_env(s, "LLMP_TEST"));
  FORKED(llmp_sender_map(s, &map));
  FORKED(llmp_sender_safe_to_unmap(s));
  FORKED(llmp_sender_mark_safe_to_unmap(s));
  FORKED(llmp_sender_wait_safe_to_unmap(s, LLMP_WAIT_FOREVER));
  FORKED(llmp_receiver_to_env(r, "LLMP_TEST"));
  FORKED(llmp_receiver_map(r, &map));
  FORKED(llmp_receiver_recv(r, &m));
  FORKED(llmp_receiver_recv_many(r, &m, 1));
  FORKED(llmp_receiver_recv_wait(r, &m, LLMP_WAIT_FOREVER));
  FORKED(llmp_receiver_wait_fd(r));
  FORKED(llmp_sender_close(s));
  FORKED(llmp_receiver_close(r));
}

static int forward(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client, (void)m, (void)user;
  return LLMP_HOOK_FORWARD;
}

static void use_broker(struct all *a) {
  llmp_broker *b = a->bus.broker;
  llmp_map map;
  llmp_stats stats = {.size = sizeof stats};
  FORKED(llmp_broker_listen(b, 0));
  FORKED(llmp_broker_connect_b2b(b, "127.0.0.1", 1));
  FORKED(llmp_broker_add_client(b, "1", MIB));
  FORKED(llmp_broker_add_hook(b, forward, NULL));
  FORKED(llmp_broker_on_timeout(b, NULL, NULL));
  FORKED(llmp_broker_once(b));
  FORKED(llmp_broker_run(b, LLMP_WAIT_FOREVER));
  FORKED(llmp_brokers_run(&b, 1, LLMP_WAIT_FOREVER));
  FORKED(llmp_broker_stop(b));
  FORKED(llmp_broker_send(b, TAG, 0, "x", 1));
  FORKED(llmp_broker_map(b, &map));
  FORKED(llmp_broker_to_env(b, "LLMP_TEST"));
  FORKED(llmp_broker_stats(b, &stats));
  FORKED(llmp_broker_client_stats(b, NULL, 0));
  FORKED(llmp_broker_close(b));
}

static void use_connection(struct all *a) {
  FORKED(llmp_connection_send(a->connection, TAG, 0, "x", 1));
  CHECK(llmp_connection_client(a->connection) == NULL);
  FORKED(llmp_connection_close(a->connection));
}

static void make_anew(struct all *a) {
  llmp_client *c = NULL;
  llmp_sender *s = NULL;
  llmp_receiver *r = NULL;
  llmp_broker *b = NULL;
  llmp_connection *n = NULL;
  llmp_client_description d = a->description;
  unsigned char wire[LLMP_DESCRIPTION_MAX];
  FORKED(llmp_client_connect(&c, a->bus.port, NULL));
  FORKED(llmp_client_new(&c, a->map.id, a->map.size, 1, NULL));
  FORKED(llmp_client_new_from_env(&c, "LLMP_TEST", NULL));
  FORKED(llmp_client_attach_env(&c, "LLMP_TEST", NULL));
  FORKED(llmp_client_attach_description(&c, &d, NULL));
  FORKED(llmp_client_attach_shmem(&c, &d.sender, &d.receiver, NULL));
  FORKED(llmp_client_new_p2p(&c, 1, NULL));
  FORKED(llmp_client_detach(a->bus.port, 1));
  FORKED(llmp_sender_new(&s, 1, NULL));
  FORKED(llmp_sender_attach_env(&s, "LLMP_TEST", NULL));
  FORKED(llmp_sender_attach_map(&s, &a->map, NULL));
  FORKED(llmp_receiver_attach_env(&r, "LLMP_TEST", NULL));
  FORKED(llmp_receiver_attach_map(&r, &a->map, NULL));
  FORKED(llmp_broker_new(&b, NULL));
  FORKED(llmp_connection_on_port(&n, a->bus.port, NULL, NULL));
  FORKED(llmp_description_encode(&d, wire, sizeof wire));
  FORKED(llmp_description_decode(&d, wire, sizeof wire));
  CHECK(c == NULL && s == NULL && r == NULL && b == NULL && n == NULL);
}

static void what_still_works(struct all *a) {
  (void)a;
  CHECK_STR(llmp_version(), LLMP_VERSION_STRING);
  CHECK_EQ(llmp_abi_version(), LLMP_ABI_VERSION);
  CHECK_SAYS(llmp_strerror(LLMP_E_FORKED), "parent");
  CHECK(llmp_last_error() != NULL);
  CHECK_EQ(llmp_client_close(NULL), 0);
}

static void parent_goes_on_after(void (*child)(struct all *)) {
  struct all a;
  llmp_msg m;
  make_all(&a);
  in_child(child, &a);
  send_text(a.client, "undisturbed");
  expect_text(a.client, "undisturbed");
  CHECK_OK(llmp_sender_send(a.pipe.to, TAG, "undisturbed", 11));
  CHECK_EQ(llmp_receiver_recv(a.pipe.from, &m), 1);
  check_text(&m, "undisturbed");
  CHECK_OK(llmp_connection_send(a.connection, TAG, 0, "", 0));
  close_all(&a);
}

TEST(a_forked_child_cannot_use_its_parent_s_client) {
  parent_goes_on_after(use_client);
}

TEST(a_forked_child_cannot_use_its_parent_s_halves) {
  parent_goes_on_after(use_halves);
}

TEST(a_forked_child_cannot_use_its_parent_s_broker) {
  parent_goes_on_after(use_broker);
}

TEST(a_forked_child_cannot_use_its_parent_s_connection) {
  parent_goes_on_after(use_connection);
}

TEST(a_forked_child_can_make_nothing_anew) {
  parent_goes_on_after(make_anew);
}

TEST(a_forked_child_can_ask_for_names_and_texts) {
  parent_goes_on_after(what_still_works);
}

static void grandchild(struct all *a) {
  in_child(use_client, a);
  use_client(a);
}

TEST(neither_can_a_child_s_child) {
  parent_goes_on_after(grandchild);
}

static void close_watched(struct all *a) {
  FORKED(llmp_client_close(a->client));
  FORKED(llmp_receiver_close(a->pipe.from));
}

TEST(a_child_closes_what_has_a_descriptor) {
  struct all a;
  make_all(&a);
  const int fd = llmp_client_wait_fd(a.client);
  CHECK_OK(fd);
  CHECK_OK(llmp_receiver_wait_fd(a.pipe.from));
  in_child(close_watched, &a);
  CHECK_EQ(llmp_client_wait_fd(a.client), fd); /* the parent's is another matter */
  send_text(a.client, "undisturbed");
  expect_text(a.client, "undisturbed");
  close_all(&a);
}

/* ------------------------------------------------------------- under load */

static void *chatter(void *argument) {
  struct pipe *p = argument;
  for (uint64_t i = 0; i < 20000; i++) {
    CHECK_OK(llmp_sender_send(p->to, TAG, &i, sizeof i));
  }
  return NULL;
}

static void send_one(struct all *a) {
  FORKED(llmp_sender_send(a->pipe.to, TAG, "from the child", 14));
}

TEST(forks_in_the_middle_of_sending_harm_nobody) {
  struct all a;
  pthread_t thread;
  make_all(&a);
  thread_start(&thread, chatter, &a.pipe);
  for (int i = 0; i < 100; i++) {
    in_child(send_one, &a);
  }
  for (uint64_t i = 0; i < 20000; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_receiver_recv_wait(a.pipe.from, &m, SOON_MS), 1);
    CHECK_BYTES(m.data, m.len, &i, sizeof i);
  }
  thread_join(thread);
  close_all(&a);
}

/* A child that executes another program can connect anew. */
PROGRAM(executed_process) {
  llmp_client *c = NULL;
  CHECK_OK(llmp_client_new_from_env(&c, "LLMP_TEST_EXEC", NULL));
  expect_text(c, "for all");
  (void)llmp_client_mark_safe_to_unmap(c);
  CHECK_OK(llmp_client_close(c));
}

TEST(a_child_that_executes_a_program_is_like_any_other) {
  struct bus bus;
  bus_start(&bus, NULL);
  CHECK_OK(llmp_broker_send(bus.broker, TAG, 0, "for all", 7));
  CHECK_OK(llmp_broker_to_env(bus.broker, "LLMP_TEST_EXEC"));
  program_join(program_start("executed_process"));
  bus_stop(&bus);
}
