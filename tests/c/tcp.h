/* tcp.h - plain sockets on 127.0.0.1, for peers that do not behave. */
#ifndef LLMP_TEST_TCP_H
#define LLMP_TEST_TCP_H

#include "check.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A listening socket, and the port that it got. */
int tcp_listen(uint16_t *port);
/* The next one that connects. */
int tcp_accept(int listener);
int tcp_connect(uint16_t port);
void tcp_write(int fd, const void *bytes, size_t n);
/* Says that no more is to come; the other side may have hung up before. */
void tcp_finish(int fd);
/* Reads and throws away until the other side hangs up; how much it was. */
size_t tcp_read_to_end(int fd);

#ifdef __cplusplus
}
#endif

#endif /* LLMP_TEST_TCP_H */
