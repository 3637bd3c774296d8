/* See tcp.h. */
#include "tcp.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in here(uint16_t port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int new_socket(void) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_SYS(fd);
  return fd;
}

int tcp_listen(uint16_t *port) {
  struct sockaddr_in at = here(0);
  socklen_t len = sizeof at;
  const int fd = new_socket();
  CHECK_SYS(bind(fd, (const struct sockaddr *)&at, sizeof at));
  CHECK_SYS(listen(fd, 16));
  CHECK_SYS(getsockname(fd, (struct sockaddr *)&at, &len));
  *port = ntohs(at.sin_port);
  return fd;
}

int tcp_accept(int listener) {
  const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  CHECK_SYS(fd);
  return fd;
}

int tcp_connect(uint16_t port) {
  const struct sockaddr_in at = here(port);
  const int fd = new_socket();
  CHECK_SYS(connect(fd, (const struct sockaddr *)&at, sizeof at));
  return fd;
}

void tcp_write(int fd, const void *bytes, size_t n) {
  const char *at = bytes;
  while (n > 0) {
    const ssize_t wrote = send(fd, at, n, MSG_NOSIGNAL);
    if (wrote < 0) {
      return; /* the other side has had enough, as it may */
    }
    at += wrote;
    n -= (size_t)wrote;
  }
}

void tcp_finish(int fd) {
  if (shutdown(fd, SHUT_WR) != 0) {
    CHECK_EQ(errno, ENOTCONN);
  }
}

size_t tcp_read_to_end(int fd) {
  char buffer[4096];
  size_t all = 0;
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n <= 0) { /* the end, or reset: both are one */
      return all;
    }
    all += (size_t)n;
  }
}
