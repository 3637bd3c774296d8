/*
 * llmp_exchange.h - what a fuzzing engine needs of the bus: its finds go out,
 * each content once, and those of others come in, each once and never its own.
 *
 * The engines in this folder are built on it; so can be others. Threads: an
 * exchange belongs to one thread. In a forked child all functions do nothing.
 */
#ifndef LLMP_EXCHANGE_H
#define LLMP_EXCHANGE_H

#include <llmp.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All zero to begin with. The counts may be read at any time. */
struct llmp_exchange {
  llmp_client *bus; /* NULL: not on a bus, or not any more */
  uint64_t *seen;   /* hashes of the contents that went out or came in; private */
  size_t seen_slots;
  size_t seen_used;
  uint64_t sent;     /* test cases that went out */
  uint64_t received; /* ... and came in */
  uint64_t known;    /* came in, but were here before */
  uint64_t next_heartbeat_ms;
};

/* Joins the bus of the broker on port; 0: the environment's LLMP_PORT, else
 * 1337. Does not wait for a broker. 0, or an error as llmp_client_connect,
 * LLMP_E_INVALID when LLMP_PORT is no port; llmp_last_error says more. */
int llmp_exchange_open(struct llmp_exchange *x, uint16_t port);

/* Sends a test case that nobody has seen here yet. kind is LLMP_EVENT_TESTCASE
 * or LLMP_EVENT_OBJECTIVE. 1: it went out. 0: it was known, or there is no bus.
 * Errors as llmp_testcase_send: after LLMP_E_FULL try again later. */
int llmp_exchange_send(struct llmp_exchange *x, uint32_t kind, const void *data, size_t len);

/* The same for the content of a file. Files above 1 MiB are not sent
 * (LLMP_E_TOOBIG): a corpus of such files would flood every fuzzer on the bus.
 * LLMP_E_IO: it cannot be read. */
int llmp_exchange_send_file(struct llmp_exchange *x, uint32_t kind, const char *path);
#define LLMP_EXCHANGE_MAX_FILE (1u << 20)

/* The next test case of others that was not here yet: 1 and *out, valid until
 * the next call; 0 when none waits. When the bus has ended, 0 too, and x->bus
 * is NULL from then on. */
int llmp_exchange_next(struct llmp_exchange *x, llmp_testcase *out);

/* Tells the monitors every 15 seconds, as LibAFL does, how often the target was
 * run; cheap enough to call again and again. */
void llmp_exchange_alive(struct llmp_exchange *x, uint64_t executions);

/* Leaves the bus and frees everything. */
void llmp_exchange_close(struct llmp_exchange *x);

#ifdef __cplusplus
}
#endif
#endif /* LLMP_EXCHANGE_H */
