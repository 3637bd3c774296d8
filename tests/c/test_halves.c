/* Senders and receivers as parts of their own. */
#include <stdlib.h>

#include "bus.h"

TEST(every_verb_of_a_sender_reaches_the_receiver) {
  struct pipe p;
  llmp_msg m[8];
  void *payload;
  const llmp_outgoing out[] = {{TAG, 3, "three", 5}, {TAG, 4, "four", 4}};
  pipe_open(&p, NULL);
  CHECK_EQ(llmp_sender_id(p.to), 1);
  CHECK_EQ(llmp_sender_id(NULL), 0);
  CHECK_EQ(llmp_sender_send(p.to, TAG, "one", 3), 0);
  CHECK_EQ(llmp_sender_send_flags(p.to, TAG, 2, "two", 3), 0);
  CHECK_EQ(llmp_sender_send_many(p.to, out, 2), 2);
  CHECK_EQ(llmp_sender_alloc(p.to, 10, &payload), 0);
  CHECK_EQ(llmp_sender_shrink(p.to, 6), 0);
  memcpy(payload, "five", 4);
  CHECK_EQ(llmp_sender_commit(p.to, TAG, 5, 4), 0);
  CHECK_EQ(llmp_sender_alloc(p.to, 10, &payload), 0);
  CHECK_EQ(llmp_sender_cancel(p.to), 0);
  CHECK_EQ(llmp_receiver_recv(p.from, &m[0]), 1);
  check_text(&m[0], "one");
  CHECK_EQ(llmp_receiver_recv_wait(p.from, &m[0], LLMP_WAIT_FOREVER), 1);
  check_text(&m[0], "two");
  CHECK_EQ(llmp_receiver_recv_many(p.from, m, 8), 3);
  check_text(&m[0], "three");
  check_text(&m[1], "four");
  check_text(&m[2], "five");
  for (uint32_t i = 0; i < 3; i++) {
    CHECK_EQ(m[i].flags, i + 3);
    CHECK_EQ(m[i].sender, 1);
  }
  pipe_close(&p);
}

TEST(several_receivers_read_one_sender) {
  enum { READERS = 5 };
  llmp_sender *s = NULL;
  llmp_receiver *r[READERS] = {NULL};
  llmp_map map;
  CHECK_OK(llmp_sender_new(&s, 1, NULL));
  CHECK_OK(llmp_sender_map(s, &map));
  map.offset = LLMP_NO_OFFSET;
  for (int i = 0; i < READERS; i++) {
    CHECK_OK(llmp_receiver_attach_map(&r[i], &map, NULL));
  }
  CHECK_OK(llmp_sender_send(s, TAG, "to all", 6));
  for (int i = 0; i < READERS; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_receiver_recv_wait(r[i], &m, SOON_MS), 1);
    check_text(&m, "to all");
    CHECK_OK(llmp_receiver_close(r[i]));
  }
  CHECK_OK(llmp_sender_close(s));
}

TEST(a_receiver_goes_on_where_its_map_says) {
  struct pipe p;
  llmp_map map;
  llmp_msg m;
  llmp_receiver *second = NULL;
  pipe_open(&p, NULL);
  CHECK_OK(llmp_receiver_map(p.from, &map));
  CHECK_EQ((int64_t)map.offset, (int64_t)LLMP_NO_OFFSET); /* nothing read yet */
  CHECK_OK(llmp_sender_send(p.to, TAG, "first", 5));
  CHECK_OK(llmp_sender_send(p.to, TAG, "second", 6));
  CHECK_EQ(llmp_receiver_recv(p.from, &m), 1);
  CHECK_OK(llmp_receiver_map(p.from, &map));
  CHECK_EQ(map.offset, 0); /* the first message lies right behind the page's header */
  CHECK_OK(llmp_receiver_attach_map(&second, &map, NULL));
  CHECK_EQ(llmp_receiver_recv(second, &m), 1);
  check_text(&m, "second");
  CHECK_OK(llmp_receiver_close(second));
  pipe_close(&p);
}

TEST(a_sender_is_taken_over_where_it_stood) {
  struct pipe p;
  llmp_map map;
  llmp_msg m;
  llmp_sender *heir = NULL;
  pipe_open(&p, NULL);
  CHECK_OK(llmp_sender_send(p.to, TAG, "old", 3));
  CHECK_OK(llmp_sender_map(p.to, &map));
  CHECK_NE((int64_t)map.offset, (int64_t)LLMP_NO_OFFSET);
  CHECK_OK(llmp_sender_attach_map(&heir, &map, NULL));
  CHECK_EQ(llmp_sender_id(heir), 1);
  CHECK_OK(llmp_sender_send(heir, TAG, "new", 3));
  CHECK_EQ(llmp_receiver_recv(p.from, &m), 1);
  check_text(&m, "old");
  CHECK_EQ(llmp_receiver_recv(p.from, &m), 1);
  check_text(&m, "new");
  CHECK_EQ(m.id, 2);
  CHECK_OK(llmp_sender_close(heir));
  CHECK_ERROR(llmp_receiver_recv(p.from, &m), LLMP_E_CLOSED);
  CHECK_OK(llmp_receiver_close(p.from));
  CHECK_OK(llmp_sender_close(p.to));
}

TEST(halves_travel_in_the_environment) {
  struct pipe p;
  llmp_msg m;
  llmp_sender *to = NULL;
  llmp_receiver *from = NULL;
  pipe_open(&p, NULL);
  CHECK_OK(llmp_sender_send(p.to, TAG, "read", 4));
  CHECK_OK(llmp_sender_send(p.to, TAG, "unread", 6));
  CHECK_EQ(llmp_receiver_recv(p.from, &m), 1);
  CHECK_OK(llmp_sender_to_env(p.to, "LLMP_TEST_TO"));
  CHECK_OK(llmp_receiver_to_env(p.from, "LLMP_TEST_FROM"));
  CHECK(getenv("LLMP_TEST_TO") != NULL);
  CHECK(getenv("LLMP_TEST_TO_SIZE") != NULL);
  CHECK_OK(llmp_sender_attach_env(&to, "LLMP_TEST_TO", NULL));
  CHECK_OK(llmp_receiver_attach_env(&from, "LLMP_TEST_FROM", NULL));
  CHECK_OK(llmp_sender_send(to, TAG, "more", 4));
  CHECK_EQ(llmp_receiver_recv(from, &m), 1);
  check_text(&m, "unread");
  CHECK_EQ(llmp_receiver_recv(from, &m), 1);
  check_text(&m, "more");
  CHECK_OK(llmp_sender_close(to));
  CHECK_OK(llmp_receiver_close(from));
  CHECK_OK(llmp_receiver_close(p.from));
  CHECK_OK(llmp_sender_close(p.to));
}

TEST(a_sender_closes_by_saying_exiting) {
  struct pipe p;
  llmp_msg m;
  pipe_open(&p, NULL);
  CHECK_OK(llmp_sender_close(p.to));
  CHECK_ERROR(llmp_receiver_recv_wait(p.from, &m, SOON_MS), LLMP_E_CLOSED);
  CHECK_OK(llmp_receiver_close(p.from));
}
