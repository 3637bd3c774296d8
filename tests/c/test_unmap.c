/* Safe to unmap: has the receiver got hold of the last page? */
#include "bus.h"

TEST(a_page_nobody_reads_is_not_safe_to_unmap) {
  llmp_sender *s = NULL;
  CHECK_OK(llmp_sender_new(&s, 1, NULL));
  CHECK_EQ(llmp_sender_safe_to_unmap(s), 0);
  CHECK_EQ(llmp_sender_wait_safe_to_unmap(s, 0), 0);
  CHECK_EQ(llmp_sender_wait_safe_to_unmap(s, 20), 0);
  CHECK_EQ(llmp_sender_mark_safe_to_unmap(s), 0);
  CHECK_EQ(llmp_sender_safe_to_unmap(s), 1);
  CHECK_EQ(llmp_sender_wait_safe_to_unmap(s, LLMP_WAIT_FOREVER), 1);
  CHECK_OK(llmp_sender_close(s));
}

/* Sends what does not fit the first page beside another such message. */
static void send_page(llmp_sender *s) {
  static const char data[3000];
  CHECK_OK(llmp_sender_send(s, TAG, data, sizeof data));
}

static void open_small(struct pipe *p) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.page_size = 4096;
  pipe_open(p, &o);
  send_page(p->to);
}

static void *receive_two(void *argument) {
  for (int i = 0; i < 2; i++) {
    llmp_msg m;
    CHECK_EQ(llmp_receiver_recv_wait(argument, &m, SOON_MS), 1);
  }
  return NULL;
}

TEST(a_receiver_that_follows_to_a_page_makes_it_safe) {
  struct pipe p;
  open_small(&p);
  CHECK_EQ(llmp_sender_safe_to_unmap(p.to), 0); /* it started here, which counts for nobody */
  send_page(p.to);
  CHECK_EQ(llmp_sender_safe_to_unmap(p.to), 0);
  (void)receive_two(p.from);
  CHECK_EQ(llmp_sender_safe_to_unmap(p.to), 1);
  CHECK_EQ(llmp_sender_wait_safe_to_unmap(p.to, 0), 1);
  pipe_close(&p);
}

TEST(a_client_is_safe_once_the_broker_has_it) {
  struct bus bus;
  bus_start(&bus, NULL);
  llmp_client *c = bus_join(&bus, NULL);
  CHECK_EQ(llmp_client_wait_safe_to_unmap(c, SOON_MS), 1);
  CHECK_EQ(llmp_client_safe_to_unmap(c), 1);
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
}

TEST(a_client_can_be_marked_safe) {
  uint16_t port;
  llmp_broker *b = broker_on(&port);
  llmp_map page;
  llmp_client *c = NULL;
  CHECK_OK(llmp_broker_map(b, &page));
  CHECK_OK(llmp_client_new(&c, page.id, page.size, 9, NULL));
  CHECK_EQ(llmp_client_safe_to_unmap(c), 0);
  CHECK_EQ(llmp_client_wait_safe_to_unmap(c, 1), 0);
  CHECK_EQ(llmp_client_mark_safe_to_unmap(c), 0);
  CHECK_EQ(llmp_client_safe_to_unmap(c), 1);
  CHECK_OK(llmp_client_close(c));
  CHECK_OK(llmp_broker_close(b));
}

TEST(waiting_for_it_ends_when_it_is_safe) {
  struct pipe p;
  pthread_t reader;
  open_small(&p);
  send_page(p.to);
  thread_start(&reader, receive_two, p.from);
  CHECK_EQ(llmp_sender_wait_safe_to_unmap(p.to, LLMP_WAIT_FOREVER), 1);
  thread_join(reader);
  pipe_close(&p);
}

TEST(closing_waits_for_the_last_page_and_says_if_nobody_came) {
  uint16_t port;
  llmp_broker *b = broker_on(&port);
  llmp_map page;
  llmp_client *c = NULL;
  llmp_receiver *idle = NULL; /* stands for a broker that has the page and does not run */
  CHECK_OK(llmp_broker_map(b, &page));
  CHECK_OK(llmp_client_new(&c, page.id, page.size, 9, NULL));
  CHECK_OK(llmp_client_map(c, &page));
  CHECK_OK(llmp_receiver_attach_map(&idle, &page, NULL));
  CHECK_ERROR_SAYS(llmp_client_close(c), LLMP_E_TIMEOUT, "did not pick up");
  CHECK_ERROR(llmp_client_close(c), LLMP_E_INVALID); /* gone whatever the result */
  CHECK_OK(llmp_receiver_close(idle));
  CHECK_OK(llmp_broker_close(b));
}

TEST(a_channel_without_another_end_waits_for_nobody) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.page_size = 4096;
  llmp_client *c = channel(1, &o);
  for (int i = 0; i < 4; i++) { /* over pages, some of them read */
    static const char data[3000];
    llmp_msg m;
    CHECK_OK(llmp_client_send(c, TAG, data, sizeof data));
    if (i < 2) CHECK_EQ(llmp_client_recv(c, &m), 1);
  }
  CHECK_OK(llmp_client_close(c));
}
