/* Hooks: seeing, changing, dropping, answering and adding messages. */
#include <stdlib.h>

#include "bus.h"

/* A broker that is driven by hand, with one client. */
struct scene {
  llmp_broker *broker;
  llmp_client *client;
};

static void scene_open(struct scene *s) {
  llmp_map page, mine;
  CHECK_OK(llmp_broker_new(&s->broker, NULL));
  CHECK_OK(llmp_broker_map(s->broker, &page));
  s->client = NULL;
  CHECK_OK(llmp_client_new(&s->client, page.id, page.size, 5, NULL));
  CHECK_OK(llmp_client_map(s->client, &mine));
  CHECK_OK(llmp_broker_add_client(s->broker, mine.id, mine.size));
}

static void scene_close(struct scene *s) {
  CHECK_OK(llmp_client_close(s->client));
  CHECK_OK(llmp_broker_close(s->broker));
}

static void hook(struct scene *s, llmp_hook_fn fn, void *user) {
  CHECK_EQ(llmp_broker_add_hook(s->broker, fn, user), 0);
}

/* One round in which one message comes. */
static void round_with(struct scene *s, const char *text) {
  send_text(s->client, text);
  CHECK_EQ(llmp_broker_once(s->broker), 1);
}

static void nothing_more(struct scene *s) {
  llmp_msg m;
  CHECK_EQ(llmp_client_recv(s->client, &m), 0);
}

struct seen {
  int calls;
  uint32_t client;
  char text[32];
  int verdict;
};

static int see(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  struct seen *seen = user;
  CHECK(b != NULL);
  CHECK_EQ(m->tag, TAG);
  CHECK_LT(m->len, sizeof seen->text);
  seen->calls++;
  seen->client = client;
  memcpy(seen->text, m->data, m->len);
  seen->text[m->len] = '\0';
  return seen->verdict;
}

TEST(a_hook_sees_each_message_and_who_sent_it) {
  struct scene s;
  struct seen seen = {.verdict = LLMP_HOOK_FORWARD};
  llmp_client_stats row;
  scene_open(&s);
  hook(&s, see, &seen);
  round_with(&s, "look");
  CHECK_EQ(seen.calls, 1);
  CHECK_STR(seen.text, "look");
  CHECK_EQ(llmp_broker_client_stats(s.broker, &row, 1), 1);
  CHECK_EQ(seen.client, row.id);
  expect_text(s.client, "look");
  scene_close(&s);
}

TEST(a_dropped_message_reaches_neither_clients_nor_later_hooks) {
  struct scene s;
  struct seen first = {.verdict = LLMP_HOOK_DROP}, second = {.verdict = LLMP_HOOK_FORWARD};
  llmp_stats stats = {.size = sizeof stats};
  scene_open(&s);
  hook(&s, see, &first);
  hook(&s, see, &second);
  round_with(&s, "secret");
  CHECK_EQ(first.calls, 1);
  CHECK_EQ(second.calls, 0);
  nothing_more(&s);
  first.verdict = LLMP_HOOK_FORWARD;
  round_with(&s, "public");
  CHECK_EQ(second.calls, 1);
  expect_text(s.client, "public");
  CHECK_OK(llmp_broker_stats(s.broker, &stats));
  CHECK_EQ(stats.dropped, 1);
  CHECK_EQ(stats.messages, 2);
  CHECK_EQ(stats.forwarded, 1);
  scene_close(&s);
}

static int to_upper_case(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client, (void)user;
  char *text = (char *)(uintptr_t)m->data; /* may be written: see llmp_hook_fn */
  for (size_t i = 0; i < m->len; i++) {
    text[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
  }
  m->flags = 42;
  return LLMP_HOOK_FORWARD;
}

static int cut_to_3(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client, (void)user;
  CHECK_EQ(m->flags, 42); /* what the hook before left */
  m->len = 3;
  return LLMP_HOOK_FORWARD;
}

TEST(hooks_change_a_message_one_after_the_other) {
  struct scene s;
  llmp_msg m;
  scene_open(&s);
  hook(&s, to_upper_case, NULL);
  hook(&s, cut_to_3, NULL);
  round_with(&s, "shout");
  CHECK_EQ(llmp_client_recv(s.client, &m), 1);
  check_text(&m, "SHO");
  CHECK_EQ(m.flags, 42);
  CHECK_EQ(m.sender, 5);
  scene_close(&s);
}

static int replace(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client;
  m->data = user;
  m->len = strlen(user);
  m->tag = 0x77;
  return LLMP_HOOK_FORWARD;
}

TEST(a_hook_may_put_other_bytes_and_another_tag_in_place) {
  static char instead[] = "something that is much longer than what came";
  struct scene s;
  llmp_msg m;
  scene_open(&s);
  hook(&s, replace, instead);
  round_with(&s, "short");
  CHECK_EQ(llmp_client_recv(s.client, &m), 1);
  CHECK_EQ(m.tag, 0x77);
  CHECK_BYTES(m.data, m.len, instead, strlen(instead));
  scene_close(&s);
}

static int answer(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)client, (void)user;
  if (m->len == 8 && memcmp(m->data, "question", 8) == 0) {
    CHECK_OK(llmp_broker_send(b, TAG, 0, "answer", 6));
    CHECK_OK(llmp_broker_send(b, TAG, 0, "and more", 8));
  }
  return LLMP_HOOK_FORWARD;
}

TEST(what_a_hook_sends_comes_after_the_current_message) {
  struct scene s;
  scene_open(&s);
  hook(&s, answer, NULL);
  send_text(s.client, "question");
  send_text(s.client, "next");
  CHECK_EQ(llmp_broker_once(s.broker), 2);
  expect_text(s.client, "question");
  expect_text(s.client, "answer");
  expect_text(s.client, "and more");
  expect_text(s.client, "next");
  nothing_more(&s);
  scene_close(&s);
}

static int answer_only(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)client, (void)user;
  CHECK_OK(llmp_broker_send(b, m->tag, m->flags, "pong", 4));
  return LLMP_HOOK_DROP;
}

TEST(a_hook_may_answer_and_drop) {
  struct scene s;
  scene_open(&s);
  hook(&s, answer_only, NULL);
  round_with(&s, "ping");
  expect_text(s.client, "pong");
  nothing_more(&s);
  scene_close(&s);
}

static int stop_soon(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)client, (void)m, (void)user;
  CHECK_OK(llmp_broker_stop(b));
  return LLMP_HOOK_FORWARD;
}

TEST(a_hook_may_stop_the_broker) {
  struct scene s;
  scene_open(&s);
  round_with(&s, "the beginning");
  expect_text(s.client, "the beginning"); /* so it has arrived, and hears the rest */
  hook(&s, stop_soon, NULL);
  send_text(s.client, "the end");
  CHECK_EQ(llmp_broker_run(s.broker, LLMP_WAIT_FOREVER), 0);
  expect_text(s.client, "the end");
  scene_close(&s);
}

static int try_everything(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  llmp_map map;
  llmp_stats stats = {.size = sizeof stats};
  (void)client, (void)m;
  CHECK_ERROR_SAYS(llmp_broker_close(b), LLMP_E_BUSY, "llmp_broker_run has returned");
  CHECK_ERROR_SAYS(llmp_broker_once(b), LLMP_E_BUSY, "inside a hook");
  CHECK_ERROR(llmp_broker_run(b, 1), LLMP_E_BUSY);
  CHECK_ERROR(llmp_brokers_run(&b, 1, 1), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_listen(b, 0), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_add_hook(b, try_everything, NULL), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_on_timeout(b, NULL, NULL), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_connect_b2b(b, "127.0.0.1", 1), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_add_client(b, "1", MIB), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_map(b, &map), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_to_env(b, "LLMP_TEST"), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_stats(b, &stats), LLMP_E_BUSY);
  CHECK_ERROR(llmp_broker_client_stats(b, NULL, 0), LLMP_E_BUSY);
  *(bool *)user = true;
  return LLMP_HOOK_FORWARD;
}

TEST(what_would_wait_for_the_hook_is_refused_inside) {
  struct scene s;
  bool tried = false;
  scene_open(&s);
  hook(&s, try_everything, &tried);
  round_with(&s, "try");
  CHECK(tried);
  expect_text(s.client, "try");
  scene_close(&s);
}

/* ------------------------------------------------------ what hooks do wrong */

static int grow(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client, (void)user;
  m->len++;
  return LLMP_HOOK_FORWARD;
}

static int lose_the_data(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client, (void)user;
  m->data = NULL;
  return LLMP_HOOK_FORWARD;
}

static int no_verdict(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client, (void)m, (void)user;
  return -7;
}

static void refused_with(llmp_hook_fn fn, const char *because) {
  struct scene s;
  scene_open(&s);
  hook(&s, fn, NULL);
  send_text(s.client, "pity");
  CHECK_ERROR_SAYS(llmp_broker_once(s.broker), LLMP_E_INVALID, because);
  nothing_more(&s);
  CHECK_EQ(llmp_broker_once(s.broker), 0); /* and it goes on */
  scene_close(&s);
}

TEST(a_hook_that_grows_a_message_is_told_so) {
  refused_with(grow, "longer than it came");
}

TEST(a_hook_that_sets_data_to_null_is_told_so) {
  refused_with(lose_the_data, "NULL");
}

TEST(a_hook_without_a_verdict_is_told_so) {
  refused_with(no_verdict, "neither LLMP_HOOK_FORWARD nor LLMP_HOOK_DROP");
}

/* ------------------------------------------------------------- in a thread */

static int count(llmp_broker *b, uint32_t client, llmp_msg *m, void *user) {
  (void)b, (void)client, (void)m;
  ++*(int *)user;
  return LLMP_HOOK_FORWARD;
}

TEST(hooks_run_in_the_broker_s_thread_for_every_message) {
  struct bus bus;
  int calls = 0;
  bus.broker = broker_on(&bus.port);
  CHECK_OK(llmp_broker_add_hook(bus.broker, count, &calls));
  bus_run(&bus);
  llmp_client *c = bus_join(&bus, NULL);
  for (uint64_t i = 0; i < 2000; i++) {
    llmp_msg m;
    CHECK_OK(llmp_client_send(c, TAG, &i, sizeof i));
    CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
    CHECK_BYTES(m.data, m.len, &i, sizeof i);
  }
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
  CHECK_GE(calls, 2000);
}
