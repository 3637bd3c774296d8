/* wait_fd: a bus beside other things in poll and epoll. */
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bus.h"

static bool readable(int fd, int timeout_ms) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  const int n = poll(&p, 1, timeout_ms);
  CHECK_SYS(n);
  CHECK_EQ(p.revents & ~POLLIN, 0);
  return n == 1;
}

/* Receives until there is nothing, as the header says one has to. */
static int drain(llmp_receiver *r) {
  llmp_msg m;
  int got = 0;
  for (;;) {
    const int rc = llmp_receiver_recv(r, &m);
    CHECK_OK(rc);
    if (rc == 0) {
      return got;
    }
    got++;
  }
}

/* Nothing more waits. It may be readable once more for no reason, when a message
 * was received while the helper thread was about to tell of it. */
static void check_rests(llmp_receiver *r, int fd) {
  for (int i = 0; readable(fd, 0); i++) {
    CHECK_EQ(drain(r), 0);
    CHECK_EQ(i, 0);
  }
}

TEST(a_descriptor_is_readable_while_a_message_waits) {
  struct pipe p;
  pipe_open(&p, NULL);
  const int fd = llmp_receiver_wait_fd(p.from);
  CHECK_OK(fd);
  CHECK_EQ(llmp_receiver_wait_fd(p.from), fd); /* always the same */
  CHECK(!readable(fd, 20));
  for (int i = 0; i < 100; i++) {
    CHECK_OK(llmp_sender_send(p.to, TAG, "x", 1));
    CHECK(readable(fd, SOON_MS));
    CHECK(readable(fd, SOON_MS)); /* until it is received */
    CHECK_EQ(drain(p.from), 1);
    check_rests(p.from, fd);
  }
  pipe_close(&p);
}

TEST(a_message_from_before_makes_it_readable) {
  struct pipe p;
  pipe_open(&p, NULL);
  CHECK_OK(llmp_sender_send(p.to, TAG, "x", 1));
  const int fd = llmp_receiver_wait_fd(p.from);
  CHECK_OK(fd);
  CHECK(readable(fd, SOON_MS));
  CHECK_EQ(drain(p.from), 1);
  check_rests(p.from, fd);
  pipe_close(&p);
}

TEST(the_end_makes_it_readable) {
  struct pipe p;
  llmp_msg m;
  pipe_open(&p, NULL);
  const int fd = llmp_receiver_wait_fd(p.from);
  CHECK_OK(fd);
  CHECK_OK(llmp_sender_close(p.to));
  CHECK(readable(fd, SOON_MS));
  CHECK_ERROR(llmp_receiver_recv(p.from, &m), LLMP_E_CLOSED);
  CHECK(readable(fd, 0)); /* an end is for good */
  CHECK_OK(llmp_receiver_close(p.from));
}

TEST(asked_for_after_the_end_it_is_readable_at_once) {
  struct pipe p;
  llmp_msg m;
  pipe_open(&p, NULL);
  CHECK_OK(llmp_sender_close(p.to));
  CHECK_ERROR(llmp_receiver_recv(p.from, &m), LLMP_E_CLOSED);
  const int fd = llmp_receiver_wait_fd(p.from);
  CHECK_OK(fd);
  CHECK(readable(fd, SOON_MS));
  CHECK_OK(llmp_receiver_close(p.from));
}

TEST(it_outlives_the_page_it_began_on) {
  struct pipe p;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  char data[1000];
  o.page_size = 4096;
  o.max_pending_pages = 16;
  pipe_open(&p, &o);
  const int fd = llmp_receiver_wait_fd(p.from);
  CHECK_OK(fd);
  for (uint64_t i = 0; i < 200; i++) {
    llmp_msg m;
    fill(data, sizeof data, i);
    CHECK_OK(llmp_sender_send(p.to, TAG, data, sizeof data));
    CHECK(readable(fd, SOON_MS));
    CHECK_EQ(llmp_receiver_recv(p.from, &m), 1);
    check_filled(m.data, m.len, i);
    CHECK_EQ(drain(p.from), 0);
  }
  pipe_close(&p);
}

/* A client on a bus, and a pipe of the host's own, in one epoll. */
TEST(epoll_watches_a_bus_beside_other_things) {
  struct bus bus;
  int other[2];
  bus_start(&bus, NULL);
  llmp_client *from = bus_join(&bus, NULL), *to = bus_join(&bus, NULL);
  const int fd = llmp_client_wait_fd(from), all = epoll_create1(EPOLL_CLOEXEC);
  CHECK_OK(fd);
  CHECK_SYS(all);
  CHECK_SYS(pipe(other));
  struct epoll_event bus_ready = {.events = EPOLLIN, .data.fd = fd};
  struct epoll_event other_ready = {.events = EPOLLIN, .data.fd = other[0]};
  CHECK_SYS(epoll_ctl(all, EPOLL_CTL_ADD, fd, &bus_ready));
  CHECK_SYS(epoll_ctl(all, EPOLL_CTL_ADD, other[0], &other_ready));
  for (int i = 0; i < 50; i++) {
    struct epoll_event ready;
    llmp_msg m;
    char byte;
    bool bus_rang = false, other_rang = false;
    send_text(to, "ball");
    CHECK_EQ(write(other[1], "x", 1), 1);
    while (!bus_rang || !other_rang) {
      CHECK_EQ(epoll_wait(all, &ready, 1, SOON_MS), 1);
      if (ready.data.fd == fd) {
        while (llmp_client_recv(from, &m) == 1) {
          check_text(&m, "ball");
          CHECK(!bus_rang);
          bus_rang = true;
        }
      } else {
        CHECK_EQ(ready.data.fd, other[0]);
        CHECK_EQ(read(other[0], &byte, 1), 1);
        other_rang = true;
      }
    }
  }
  CHECK_OK(llmp_client_close(from));
  CHECK_OK(llmp_client_close(to));
  CHECK_SYS(close(all));
  CHECK_SYS(close(other[0]));
  CHECK_SYS(close(other[1]));
  bus_stop(&bus);
}

TEST(closing_closes_it) {
  struct pipe p;
  int last = -1;
  for (int i = 0; i < 50; i++) {
    pipe_open(&p, NULL);
    const int fd = llmp_receiver_wait_fd(p.from);
    CHECK_OK(fd);
    CHECK(i == 0 || fd == last); /* the lowest free number, each time */
    last = fd;
    pipe_close(&p);
  }
  CHECK_EQ(write(last, "", 1), -1);
  CHECK_EQ(errno, EBADF);
}
