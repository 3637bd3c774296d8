/*
 * event.h - LibAFL's events on a client: what the verbs in event_send.c and
 * event_recv.c share with the Go side. The encoding itself is event_codec.h.
 *
 * Go is entered for DEFLATE only, and writes into memory of ours: a harness
 * that receives a large test case does not make the Go heap grow.
 */
#ifndef LLMP_EVENT_H
#define LLMP_EVENT_H

#include <stddef.h>
#include <stdint.h>

/* Encodings of so many bytes are compressed: LibAFL's COMPRESS_THRESHOLD. */
#define EVENT_COMPRESS_FROM 1024u

#define EVENT_DEFAULT_MAX_SIZE ((uint64_t)128 << 20)
#define EVENT_SMALLEST_MAX_SIZE 1024u

/* What is worth keeping of a buffer until it is used again. */
#define EVENT_KEEP ((size_t)1 << 20)

/* A thread is inside Go, deaf for signals, for some milliseconds at most:
 * what takes longer is done by a goroutine, while the thread waits in C. */
#define EVENT_INFLATE_AT_ONCE ((size_t)2 << 10) /* bytes in; a thousand times that may come out */
#define EVENT_DEFLATE_AT_ONCE ((size_t)64 << 10)

/* Growing memory for bytes. All zero is an empty one. */
struct event_buffer {
  unsigned char *data; /* from malloc */
  size_t len, cap;
};

/* Adds n bytes, len then being limit at most: 0, LLMP_E_TOOBIG or LLMP_E_NOMEM,
 * without a last error. Go calls it too. */
int event_buffer_add(struct event_buffer *b, const void *data, size_t n, uint64_t limit);

/* Frees it when it is not worth keeping, empties it in any case. */
void event_buffer_trim(struct event_buffer *b);

/* What a client does with events that it receives; owned by the receiving thread. */
struct event_part {
  struct event_buffer inflated; /* the test case given out last points in here, if compressed */
  uint64_t max_size;            /* 0: the default */
  uint64_t testcases, given_objectives, other, foreign, unknown, malformed, too_big;
  uint32_t objectives; /* not 0: give them out */
};

#endif /* LLMP_EVENT_H */
