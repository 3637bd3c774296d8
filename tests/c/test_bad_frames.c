/* Peers on TCP that are no brokers, or no clients: both sides go on. */
#include <unistd.h>

#include "bus.h"
#include "tcp.h"

/* ------------------------------------------------- who listens is no broker */

/* Says something to whoever connects, then hangs up. */
struct impostor {
  int listener;
  const void *words;
  size_t len;
};

static void *answer_once(void *argument) {
  const struct impostor *i = argument;
  const int fd = tcp_accept(i->listener);
  tcp_write(fd, i->words, i->len);
  tcp_finish(fd); /* and let it say what it likes */
  (void)tcp_read_to_end(fd);
  CHECK_SYS(close(fd));
  return NULL;
}

static void connecting_fails(const void *words, size_t len, int code, const char *because) {
  struct impostor i = {.words = words, .len = len};
  uint16_t port;
  pthread_t thread;
  llmp_client *c = NULL;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  o.connect_timeout_ms = LLMP_DONT_WAIT;
  i.listener = tcp_listen(&port);
  thread_start(&thread, answer_once, &i);
  CHECK_ERROR_SAYS(llmp_client_connect(&c, port, &o), code, because);
  CHECK(c == NULL);
  thread_join(thread);
  CHECK_SYS(close(i.listener));
}

#define FAILS(words, code, because) connecting_fails(words, sizeof(words) - 1, code, because)

TEST(who_hangs_up_is_no_broker) {
  FAILS("", LLMP_E_PROTOCOL, "hung up");
}

TEST(who_speaks_http_is_no_broker) {
  FAILS("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", LLMP_E_PROTOCOL, "broker");
}

TEST(a_truncated_frame_is_no_hello) {
  FAILS("\0\0", LLMP_E_PROTOCOL, "broker");
  FAILS("\0\0\0\x1f\0\x80\x80\x40", LLMP_E_PROTOCOL, "broker");
}

TEST(a_frame_that_is_too_long_is_not_read) {
  FAILS("\xff\xff\xff\xff", LLMP_E_PROTOCOL, "broker");
  FAILS("\x08\0\0\x01", LLMP_E_PROTOCOL, "broker"); /* 128 MiB and a byte */
}

TEST(a_frame_of_nonsense_is_no_hello) {
  FAILS("\0\0\0\0", LLMP_E_PROTOCOL, "broker");
  FAILS("\0\0\0\x01\x63", LLMP_E_PROTOCOL, "broker");
  FAILS("\0\0\0\x04\0\xff\xff\xff", LLMP_E_PROTOCOL, "broker");
  FAILS("\0\0\0\x03\x01\x81\x01", LLMP_E_PROTOCOL, "broker"); /* an answer, but no greeting */
}

TEST(a_broker_that_says_no_is_quoted) {
  FAILS("\0\0\0\x04\x03\x02no", LLMP_E_PROTOCOL, "no");
}

TEST(a_hello_with_a_page_that_is_not_there_is_refused) {
  FAILS(
      "\0\0\0\x1f\0\x80\x80\x40"
      "2147483647\0\0\0\0\0\0\0\0\0\0"
      "\6broker",
      LLMP_E_NOTFOUND, "2147483647");
}

TEST(a_hello_with_a_page_of_impossible_size_is_refused) {
  FAILS(
      "\0\0\0\x1d\0\x03"
      "2147483647\0\0\0\0\0\0\0\0\0\0"
      "\6broker",
      LLMP_E_CORRUPT, "3 bytes");
}

static void *say_nothing(void *argument) {
  const int fd = tcp_accept(*(const int *)argument);
  (void)tcp_read_to_end(fd);
  CHECK_SYS(close(fd));
  return NULL;
}

TEST(who_says_nothing_is_not_waited_for_for_ever) {
  uint16_t port;
  pthread_t thread;
  llmp_client *c = NULL;
  int listener = tcp_listen(&port);
  thread_start(&thread, say_nothing, &listener);
  CHECK_ERROR_SAYS(llmp_client_connect(&c, port, NULL), LLMP_E_TIMEOUT, "did not answer");
  CHECK(c == NULL);
  thread_join(thread);
  CHECK_SYS(close(listener));
}

/* ------------------------------------------------ who connects is no client */

static void broker_goes_on_after(const void *words, size_t len) {
  struct bus bus;
  bus_start(&bus, NULL);
  llmp_client *c = bus_join(&bus, NULL);
  const int fd = tcp_connect(bus.port);
  tcp_write(fd, words, len);
  tcp_finish(fd);
  (void)tcp_read_to_end(fd); /* until the broker has had enough */
  CHECK_SYS(close(fd));
  send_text(c, "still there?");
  expect_text(c, "still there?");
  llmp_client *late = bus_join(&bus, NULL);
  expect_text(late, "still there?");
  CHECK_OK(llmp_client_close(c));
  CHECK_OK(llmp_client_close(late));
  bus_stop(&bus);
}

#define SURVIVES(words) broker_goes_on_after(words, sizeof(words) - 1)

TEST(a_broker_survives_who_says_nothing) {
  SURVIVES("");
}

TEST(a_broker_survives_http) {
  SURVIVES("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

TEST(a_broker_survives_truncated_frames) {
  SURVIVES("\0\0\0");
  SURVIVES("\0\0\0\x18\0\x80\x80\x40");
}

TEST(a_broker_survives_frames_that_are_too_long) {
  SURVIVES("\xff\xff\xff\xff and more");
}

TEST(a_broker_survives_nonsense) {
  SURVIVES("\0\0\0\0");
  SURVIVES("\0\0\0\x05\x09\xff\xff\xff\xff");
}

TEST(a_broker_survives_a_client_whose_page_is_not_there) {
  SURVIVES(
      "\0\0\0\x18\0\x80\x80\x40"
      "2147483647\0\0\0\0\0\0\0\0\0\0");
}

TEST(a_broker_survives_a_client_with_a_page_of_impossible_size) {
  SURVIVES(
      "\0\0\0\x16\0\x03"
      "2147483647\0\0\0\0\0\0\0\0\0\0");
  SURVIVES(
      "\0\0\0\x1f\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
      "2147483647\0\0\0\0\0\0\0\0\0\0");
}

TEST(a_broker_survives_a_broker_that_speaks_nonsense) {
  SURVIVES(
      "\0\0\0\x04\x01\x02hi"
      "\0\0\0\x03\xff\xff\xff");
}

TEST(a_broker_serves_others_while_somebody_stalls) {
  struct bus bus;
  bus_start(&bus, NULL);
  const int fd = tcp_connect(bus.port);
  tcp_write(fd, "\0\0", 2); /* and no more for now */
  llmp_client *c = bus_join(&bus, NULL);
  send_text(c, "not stalled");
  expect_text(c, "not stalled");
  CHECK_OK(llmp_client_close(c));
  CHECK_SYS(close(fd));
  bus_stop(&bus);
}
