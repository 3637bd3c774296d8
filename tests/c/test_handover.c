/* Taking over: from the environment, from a description, from two maps; within
 * one process and in another one. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus.h"

static llmp_client *take_over(const llmp_client *c) {
  llmp_client_description d;
  llmp_client *heir = NULL;
  CHECK_EQ(llmp_client_describe(c, &d), 0);
  CHECK_EQ(llmp_client_attach_description(&heir, &d, NULL), 0);
  return heir;
}

TEST(an_heir_sends_and_receives_where_the_first_stopped) {
  struct bus bus;
  llmp_msg m;
  bus_start(&bus, NULL);
  llmp_client *first = bus_join(&bus, NULL);
  send_text(first, "one");
  expect_text(first, "one");
  send_text(first, "two");
  llmp_client *heir = take_over(first);
  CHECK_EQ(llmp_client_id(heir), llmp_client_id(first));
  expect_text(heir, "two"); /* not "one": the first had it */
  send_text(heir, "three");
  CHECK_EQ(llmp_client_recv_wait(heir, &m, SOON_MS), 1);
  check_text(&m, "three");
  CHECK_EQ(m.sender, llmp_client_id(first));
  CHECK_OK(llmp_client_close(heir));
  (void)llmp_client_close(first);
  bus_stop(&bus);
}

TEST(two_maps_are_as_good_as_a_description) {
  llmp_client *first = channel(9, NULL), *heir = NULL;
  llmp_client_description d;
  send_text(first, "one");
  send_text(first, "two");
  expect_text(first, "one");
  CHECK_OK(llmp_client_describe(first, &d));
  CHECK_EQ(llmp_client_attach_shmem(&heir, &d.sender, &d.receiver, NULL), 0);
  CHECK_EQ(llmp_client_id(heir), 9);
  expect_text(heir, "two");
  send_text(heir, "three");
  expect_text(heir, "three");
  channel_close(heir);
  (void)llmp_client_close(first);
}

TEST(the_environment_is_as_good_as_a_description) {
  llmp_client *first = channel(9, NULL), *heir = NULL;
  send_text(first, "one");
  CHECK_EQ(llmp_client_to_env(first, "LLMP_TEST"), 0);
  CHECK(getenv("LLMP_TEST_SENDER") != NULL);
  CHECK(getenv("LLMP_TEST_SENDER_SIZE") != NULL);
  CHECK_STR(getenv("LLMP_TEST_SENDER_OFFSET"), "0");
  CHECK_STR(getenv("LLMP_TEST_SENDER_CLIENT_ID"), "9");
  CHECK(getenv("LLMP_TEST_RECEIVER") != NULL);
  CHECK(getenv("LLMP_TEST_RECEIVER_SIZE") != NULL);
  CHECK_STR(getenv("LLMP_TEST_RECEIVER_OFFSET"), "_NULL"); /* nothing read yet */
  CHECK_EQ(llmp_client_attach_env(&heir, "LLMP_TEST", NULL), 0);
  CHECK_EQ(llmp_client_id(heir), 9);
  expect_text(heir, "one");
  channel_close(heir);
  (void)llmp_client_close(first);
}

TEST(an_heir_can_roll_over_pages) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  char data[1000];
  o.page_size = 4096;
  llmp_client *c = channel(1, &o);
  for (uint64_t i = 0; i < 100; i++) {
    llmp_msg m;
    fill(data, sizeof data, i);
    CHECK_OK(llmp_client_send(c, TAG, data, sizeof data));
    CHECK_EQ(llmp_client_recv(c, &m), 1);
    check_filled(m.data, m.len, i);
    if (i % 10 == 9) {
      llmp_client_description d;
      llmp_client *heir = NULL;
      CHECK_OK(llmp_client_describe(c, &d));
      CHECK_OK(llmp_client_attach_description(&heir, &d, &o));
      /* The first ends without a word: saying EXITING is the heir's business. */
      c = heir;
    }
  }
  channel_close(c);
}

TEST(a_description_survives_its_wire_form) {
  llmp_client *c = channel(3, NULL);
  llmp_client_description d, back;
  unsigned char wire[LLMP_DESCRIPTION_MAX];
  send_text(c, "so that there is an offset");
  CHECK_OK(llmp_client_describe(c, &d));
  memset(&back, 0xff, sizeof back);
  const int n = llmp_description_encode(&d, wire, sizeof wire);
  CHECK_GT(n, 0);
  CHECK_LE(n, LLMP_DESCRIPTION_MAX);
  CHECK_EQ(llmp_description_decode(&back, wire, (size_t)n), 0);
  CHECK_STR(back.sender.id, d.sender.id);
  CHECK_STR(back.receiver.id, d.receiver.id);
  CHECK_EQ(back.sender.size, d.sender.size);
  CHECK_EQ(back.receiver.size, d.receiver.size);
  CHECK_EQ(back.sender.offset, d.sender.offset);
  CHECK_EQ(back.receiver.offset, d.receiver.offset);
  CHECK_EQ(back.sender.reserved, 0);
  CHECK_EQ(back.receiver.reserved, 0);
  channel_close(c);
}

TEST(no_description_needs_more_than_the_header_says) {
  llmp_client_description d;
  unsigned char wire[LLMP_DESCRIPTION_MAX];
  memset(&d, 0, sizeof d);
  memset(d.sender.id, '9', LLMP_MAP_ID_LEN - 1);
  memset(d.receiver.id, '9', LLMP_MAP_ID_LEN - 1);
  d.sender.size = d.receiver.size = UINT64_MAX;
  d.sender.offset = d.receiver.offset = UINT64_MAX - 1;
  const int n = llmp_description_encode(&d, wire, sizeof wire);
  CHECK_GT(n, 0);
  CHECK_LE(n, LLMP_DESCRIPTION_MAX);
  CHECK_ERROR_SAYS(llmp_description_encode(&d, wire, (size_t)n - 1), LLMP_E_INVALID, "bytes");
  CHECK_EQ(llmp_description_encode(&d, wire, (size_t)n), n);
}

/* ------------------------------------------------------ another process */

PROGRAM(heir_process) {
  llmp_client *c = NULL;
  CHECK_OK(llmp_client_attach_env(&c, "LLMP_TEST", NULL));
  expect_text(c, "for the heir");
  send_text(c, "from the heir");
  expect_text(c, "from the heir");
  CHECK_OK(llmp_client_close(c));
}

TEST(another_process_takes_over) {
  struct bus bus;
  bus_start(&bus, NULL);
  llmp_client *c = bus_join(&bus, NULL), *witness = bus_join(&bus, NULL);
  send_text(c, "mine");
  expect_text(c, "mine");
  send_text(c, "for the heir");
  CHECK_OK(llmp_client_to_env(c, "LLMP_TEST"));
  program_join(program_start("heir_process"));
  expect_text(witness, "mine");
  expect_text(witness, "for the heir");
  expect_text(witness, "from the heir");
  CHECK_OK(llmp_client_close(witness));
  (void)llmp_client_close(c);
  bus_stop(&bus);
}

PROGRAM(env_process) {
  llmp_client *c = NULL;
  llmp_map page;
  CHECK_OK(llmp_client_new_from_env(&c, "LLMP_TEST_BROKER", NULL));
  expect_text(c, "welcome");
  CHECK_OK(llmp_client_map(c, &page));
  /* Nobody reads this client's page before the broker hears of it. */
  send_text(c, "unannounced");
  const char *answer = getenv("LLMP_TEST_ANSWER");
  CHECK(answer != NULL);
  CHECK_GT(dprintf(atoi(answer), "%s %llu\n", page.id, (unsigned long long)page.size), 0);
  expect_text(c, "unannounced");
  CHECK_OK(llmp_client_close(c));
}

TEST(a_client_from_the_environment_is_announced_by_another) {
  struct bus bus;
  int answer[2];
  char number[16], id[LLMP_MAP_ID_LEN] = "";
  unsigned long long size = 0;
  bus_start(&bus, NULL);
  CHECK_OK(llmp_broker_send(bus.broker, TAG, 0, "welcome", 7));
  CHECK_EQ(llmp_broker_to_env(bus.broker, "LLMP_TEST_BROKER"), 0);
  llmp_client *c = bus_join(&bus, NULL);
  CHECK_SYS(pipe(answer)); /* through which the process tells where its page is */
  CHECK_GT(snprintf(number, sizeof number, "%d", answer[1]), 0);
  CHECK_SYS(setenv("LLMP_TEST_ANSWER", number, 1));
  const int pid = program_start("env_process");
  CHECK_SYS(close(answer[1]));
  FILE *f = fdopen(answer[0], "r");
  CHECK(f != NULL);
  CHECK_EQ(fscanf(f, "%19s %llu", id, &size), 2);
  CHECK_EQ(fclose(f), 0);
  CHECK_EQ(llmp_client_announce(c, id, (size_t)size), 0);
  expect_text(c, "welcome");
  expect_text(c, "unannounced");
  program_join(pid);
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
}

PROGRAM(p2p_process) {
  llmp_client *c = NULL;
  CHECK_OK(llmp_client_attach_env(&c, "LLMP_TEST_P2P", NULL));
  for (uint32_t i = 0; i < 100; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
    CHECK_EQ(m.tag, i);
    CHECK_EQ(m.sender, 1);
    CHECK_OK(llmp_client_send(c, i, NULL, 0));
  }
  (void)llmp_client_close(c);
}

/* Two one-way channels make a conversation without a broker: each process reads
 * the page that the other one writes. */
TEST(two_processes_talk_without_a_broker) {
  llmp_client *mine = channel(1, NULL), *theirs = channel(2, NULL), *here = NULL;
  llmp_client_description m, t;
  CHECK_OK(llmp_client_describe(mine, &m));
  CHECK_OK(llmp_client_describe(theirs, &t));
  llmp_client *there = NULL;
  CHECK_OK(llmp_client_attach_shmem(&here, &m.sender, &t.receiver, NULL));
  CHECK_OK(llmp_client_attach_shmem(&there, &t.sender, &m.receiver, NULL));
  CHECK_OK(llmp_client_to_env(there, "LLMP_TEST_P2P"));
  const int pid = program_start("p2p_process");
  for (uint32_t i = 0; i < 100; i++) {
    llmp_msg answer;
    CHECK_OK(llmp_client_send(here, i, NULL, 0));
    CHECK_EQ(llmp_client_recv_wait(here, &answer, SOON_MS), 1);
    CHECK_EQ(answer.tag, i);
    CHECK_EQ(answer.sender, 2);
  }
  program_join(pid);
  channel_close(here);
  channel_close(there);
  channel_close(mine);
  channel_close(theirs);
}

/* ------------------------------------------------------------- announcing */

TEST(an_announced_client_is_heard) {
  struct bus bus;
  llmp_map page, its;
  llmp_client *other = NULL;
  llmp_msg m;
  bus_start(&bus, NULL);
  llmp_client *c = bus_join(&bus, NULL);
  CHECK_OK(llmp_broker_map(bus.broker, &page));
  CHECK_OK(llmp_client_new(&other, page.id, page.size, 12345, NULL));
  CHECK_EQ(llmp_client_id(other), 12345);
  CHECK_OK(llmp_client_map(other, &its));
  send_text(other, "before the announcement");
  CHECK_EQ(llmp_client_announce(c, its.id, its.size), 0);
  CHECK_EQ(llmp_client_wait_safe_to_unmap(other, SOON_MS), 1);
  send_text(other, "after it");
  CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
  check_text(&m, "before the announcement");
  CHECK_EQ(m.sender, 12345);
  expect_text(c, "after it");
  expect_text(other, "before the announcement");
  CHECK_OK(llmp_client_close(other));
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
}

TEST(what_cannot_be_a_page_is_not_announced) {
  llmp_client *c = channel(1, NULL);
  llmp_msg m;
  CHECK_ERROR(llmp_client_announce(c, "", MIB), LLMP_E_INVALID);
  CHECK_ERROR(llmp_client_announce(c, "12345678901234567890", MIB), LLMP_E_INVALID);
  CHECK_ERROR(llmp_client_announce(c, "1", 0), LLMP_E_INVALID);
  CHECK_ERROR(llmp_client_announce(c, "1", 215), LLMP_E_INVALID);
  CHECK_ERROR(llmp_client_announce(c, "1", SIZE_MAX), LLMP_E_INVALID);
  CHECK_EQ(llmp_client_recv(c, &m), 0);
  channel_close(c);
}

TEST(a_broker_survives_an_announcement_of_nothing) {
  struct bus bus;
  bus_start(&bus, NULL);
  llmp_client *c = bus_join(&bus, NULL);
  CHECK_OK(llmp_client_announce(c, "2147483647", MIB));
  send_text(c, "still there?");
  expect_text(c, "still there?");
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
}
