/* Threads: one may send while another receives; handles are independent. */
#include "bus.h"

enum { MESSAGES = 20000 };

static size_t length_of(uint64_t i) {
  return (size_t)(i * i % 300);
}

static void *send_all(void *argument) {
  unsigned char data[300];
  for (uint64_t i = 0; i < MESSAGES; i++) {
    fill(data, length_of(i), i);
    CHECK_OK(llmp_client_send(argument, TAG, data, length_of(i)));
  }
  return NULL;
}

static void receive_all(llmp_client *c, uint32_t sender) {
  for (uint64_t i = 0; i < MESSAGES;) {
    llmp_msg m;
    CHECK_EQ(llmp_client_recv_wait(c, &m, SOON_MS), 1);
    if (m.sender == sender) {
      CHECK_EQ(m.len, length_of(i));
      check_filled(m.data, m.len, i);
      i++;
    }
  }
}

TEST(one_thread_sends_while_another_receives_on_a_channel) {
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  pthread_t sender;
  o.page_size = 16 * KIB;
  llmp_client *c = channel(1, &o);
  thread_start(&sender, send_all, c);
  receive_all(c, 1);
  thread_join(sender);
  channel_close(c);
}

TEST(one_thread_sends_while_another_receives_on_a_bus) {
  struct bus bus;
  pthread_t sender;
  bus_start(&bus, NULL);
  llmp_client *c = bus_join(&bus, NULL);
  thread_start(&sender, send_all, c);
  receive_all(c, llmp_client_id(c));
  thread_join(sender);
  CHECK_OK(llmp_client_close(c));
  bus_stop(&bus);
}

/* Everyone sends to everyone, each in a thread of its own. */
enum { MEMBERS = 4, EACH = 3000 };

struct member {
  const struct bus *bus;
  llmp_client *client;
  pthread_t thread;
};

static struct member members[MEMBERS];
static pthread_barrier_t all_joined;

static size_t member_of(uint32_t id) {
  for (size_t i = 0; i < MEMBERS; i++) {
    if (llmp_client_id(members[i].client) == id) {
      return i;
    }
  }
  CHECK_FAIL("a message of client %u, which is none of us", id);
}

static void *take_part(void *argument) {
  struct member *me = argument;
  uint64_t sent = 0, got[MEMBERS] = {0}, left = (uint64_t)MEMBERS * EACH;
  me->client = bus_join(me->bus, NULL);
  (void)pthread_barrier_wait(&all_joined);
  while (left > 0) {
    llmp_msg m;
    if (sent < EACH) {
      CHECK_OK(llmp_client_send(me->client, TAG, &sent, sizeof sent));
      sent++;
    }
    const int rc = sent < EACH ? llmp_client_recv(me->client, &m)
                               : llmp_client_recv_wait(me->client, &m, SOON_MS);
    CHECK_OK(rc);
    if (rc == 0) {
      CHECK_LT(sent, EACH); /* else something did not come */
      continue;
    }
    const size_t from = member_of(m.sender);
    CHECK_BYTES(m.data, m.len, &got[from], sizeof got[from]);
    got[from]++;
    left--;
  }
  (void)pthread_barrier_wait(&all_joined);
  CHECK_OK(llmp_client_close(me->client));
  return NULL;
}

TEST(everyone_hears_everyone_once_and_in_order) {
  struct bus bus;
  bus_start(&bus, NULL);
  CHECK_THREAD(pthread_barrier_init(&all_joined, NULL, MEMBERS));
  for (size_t i = 0; i < MEMBERS; i++) {
    members[i].bus = &bus;
    thread_start(&members[i].thread, take_part, &members[i]);
  }
  for (size_t i = 0; i < MEMBERS; i++) {
    thread_join(members[i].thread);
  }
  CHECK_THREAD(pthread_barrier_destroy(&all_joined));
  bus_stop(&bus);
}

static void *open_and_close(void *argument) {
  for (int i = 0; i < 100; i++) {
    llmp_client *c = channel(1, NULL);
    send_text(c, "mine");
    expect_text(c, "mine");
    channel_close(c);
  }
  return argument;
}

TEST(handles_are_made_and_closed_by_many_threads) {
  pthread_t threads[8];
  for (int i = 0; i < 8; i++) {
    thread_start(&threads[i], open_and_close, NULL);
  }
  for (int i = 0; i < 8; i++) {
    thread_join(threads[i]);
  }
}

static void *use_up(void *argument) {
  expect_text(argument, "made elsewhere");
  send_text(argument, "used here");
  return NULL;
}

TEST(a_handle_can_go_from_thread_to_thread) {
  llmp_client *c = channel(1, NULL);
  pthread_t thread;
  send_text(c, "made elsewhere");
  thread_start(&thread, use_up, c);
  thread_join(thread);
  expect_text(c, "used here");
  channel_close(c);
}

TEST(handles_run_out_with_an_error_and_come_back) {
  enum { ENOUGH = 20000 };
  static llmp_receiver *r[ENOUGH];
  struct pipe p;
  llmp_map map;
  pipe_open(&p, NULL);
  CHECK_OK(llmp_sender_map(p.to, &map));
  int n = 0, rc = 0;
  while (n < ENOUGH && (rc = llmp_receiver_attach_map(&r[n], &map, NULL)) == 0) {
    n++;
  }
  CHECK_ERROR(rc, LLMP_E_NOMEM);
  CHECK_GT(n, 1000);
  for (int i = 0; i < n; i++) {
    CHECK_OK(llmp_receiver_close(r[i]));
  }
  CHECK_OK(llmp_receiver_attach_map(&r[0], &map, NULL));
  CHECK_OK(llmp_receiver_close(r[0]));
  pipe_close(&p);
}
