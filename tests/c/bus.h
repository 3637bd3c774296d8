/* bus.h - what most tests need: a broker, clients, messages that tell who sent them. */
#ifndef LLMP_TEST_BUS_H
#define LLMP_TEST_BUS_H

#include <pthread.h>
#include <stdbool.h>

#include "check.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TAG = 0x1234, KIB = 1 << 10, MIB = 1 << 20 };

/* A broker that runs in a thread of its own and listens on port. */
struct bus {
  llmp_broker *broker;
  uint16_t port;
  pthread_t thread;
};

void bus_start(struct bus *bus, const llmp_broker_options *options);
/* The same for a broker that was made and listens already. */
void bus_run(struct bus *bus);
/* Ends it; its clients are to be closed before. */
void bus_stop(struct bus *bus);
llmp_client *bus_join(const struct bus *bus, const llmp_client_options *options);

/* A broker of its own, not running, for tests that drive it round by round. */
llmp_broker *broker_on(uint16_t *port);
/* Runs rounds until the broker has handled so many messages in all. */
void broker_handle(llmp_broker *b, uint64_t messages);

/* A client that reads what it sends itself; and its end. */
llmp_client *channel(uint32_t id, const llmp_client_options *options);
void channel_close(llmp_client *c);

/* Two ends that can do without a broker: what the sender sends, the receiver reads. */
struct pipe {
  llmp_sender *to;
  llmp_receiver *from;
};
void pipe_open(struct pipe *p, const llmp_client_options *options);
void pipe_close(struct pipe *p);

/* One message of text. */
void send_text(llmp_client *c, const char *text);
/* The next message comes soon, and is this one of TAG. */
void expect_text(llmp_client *c, const char *text);
/* So is m. */
void check_text(const llmp_msg *m, const char *text);

/* len bytes that depend on seed; the same each time. */
void fill(void *data, size_t len, uint64_t seed);
/* Checks that they are that. */
void check_filled(const void *data, size_t len, uint64_t seed);

/* Pseudo-random numbers: the same from the same seed, on each machine. */
uint64_t random_next(uint64_t *state);
/* The seed to start from: LLMP_TEST_SEED, or one made up and printed. */
uint64_t random_seed(void);

/* A port on which nobody listens. */
uint16_t unused_port(void);

void thread_start(pthread_t *thread, void *(*run)(void *), void *argument);
void thread_join(pthread_t thread);

#ifdef __cplusplus
}
#endif

#endif /* LLMP_TEST_BUS_H */
