/*
 * llmp.h - the LLMP message bus for C, and the reference for every other language.
 *
 * LLMP (Low Level Message Passing) is how LibAFL's fuzzers share what they
 * find: each client writes messages into shared memory pages that only it
 * writes, a broker copies them to one broadcast page, and everyone reads that.
 * This library speaks the format of LibAFL 0.16.1 byte for byte, so C and C++
 * harnesses, Go programs and Python scripts sit on one bus with each other and
 * with unmodified LibAFL fuzzers.
 *
 *     #include <llmp.h>
 *     #include <stdio.h>
 *     int main(void) {
 *         llmp_client *bus;
 *         if (llmp_client_connect(&bus, LLMP_DEFAULT_PORT, NULL) < 0) {
 *             fprintf(stderr, "%s\n", llmp_last_error());
 *             return 1;
 *         }
 *         llmp_client_send(bus, 0x1234, "hello", 5);
 *         llmp_msg m;
 *         if (llmp_client_recv_wait(bus, &m, 1000) == 1)
 *             printf("tag %#x from client %u: %zu bytes\n", m.tag, m.sender, m.len);
 *         return llmp_client_close(bus);
 *     }
 *
 * RULES THAT HOLD FOR EVERY FUNCTION
 *
 * Results.  An int result >= 0 means it worked; for recv* it is the number of
 *   messages (0: nothing there). A negative result is an llmp_error.
 *   llmp_strerror() names it, llmp_last_error() gives the calling thread's last
 *   error as a sentence that says what to do. Out-parameters are untouched on
 *   failure.
 * NULL.  A NULL handle or a NULL out-parameter is LLMP_E_INVALID, never a
 *   crash. Closing NULL is allowed and does nothing.
 * Threads.  One handle, one thread at a time. One thread may send while
 *   another receives on the same client or channel. Handles are independent.
 *   Exceptions are named at the function (llmp_broker_stop).
 * Lifetimes.  A received message points into shared memory and stays valid
 *   until the next receive call on that handle, or its close. Copy what you
 *   want to keep. Another process of the same user can write to that memory:
 *   a length is checked and read once, but bytes may change under a hostile
 *   sender, so copy before you validate if that matters to you.
 * Fork.  After fork() the child may keep using the parent's handles only to
 *   call llmp_strerror and llmp_last_error; every other call on them returns
 *   LLMP_E_FORKED, never hangs, and never touches the parent's pages. A child
 *   that execs can connect anew, and so can one that was forked before the
 *   first call that makes a handle: until then nothing of the library runs.
 * Manners.  Nothing prints, nothing aborts, nothing installs a signal handler.
 * Signals.  Only llmp_broker_stop may be called from a signal handler.
 *
 * ABI POLICY
 *
 * Everything is exported under the version node LLMP_1 of libllmp.so.1. Within
 * major version 1 functions are added, never changed or removed; option and
 * statistics structs start with their size and grow at the end only, so a
 * program built against an older header keeps working; error numbers are
 * frozen. llmp_abi_version() returns LLMP_ABI_VERSION of the loaded library:
 * it rises with each addition.
 *
 * The format and what we add to it: docs/protocol.md. What is not in this
 * file is not part of the API.
 */
#ifndef LLMP_H
#define LLMP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LLMP_VERSION_MAJOR 0
#define LLMP_VERSION_MINOR 1
#define LLMP_VERSION_PATCH 0
#define LLMP_VERSION_STRING "0.1.0"
#define LLMP_ABI_VERSION 1

#if defined(LLMP_BUILDING) && defined(__GNUC__)
#define LLMP_API __attribute__((visibility("default")))
#else
#define LLMP_API
#endif

/* ------------------------------------------------------------- constants */

/* The port LibAFL's examples use. */
#define LLMP_DEFAULT_PORT 1337

/* Time-outs, in milliseconds, where a function or option takes one. */
#define LLMP_WAIT_FOREVER ((int64_t)-1)
/* Options only: do not wait at all. (0 in an option means its default.) */
#define LLMP_DONT_WAIT ((int64_t)-2)

/* Bytes of a shared memory id, NUL included. */
#define LLMP_MAP_ID_LEN 20

/* The largest payload of one message on the bus: 1 GiB. What crosses TCP, from
 * one broker to another, is bounded by a frame of 128 MiB. */
#define LLMP_MAX_PAYLOAD ((uint64_t)1 << 30)
#define LLMP_MAX_FRAME ((uint64_t)128 << 20)

/* Flags of a message (any other bits travel unchanged). */
#define LLMP_FLAG_COMPRESSED 0x1u   /* the payload is a raw DEFLATE stream */
#define LLMP_FLAG_FROM_B2B 0x2u     /* came from another broker over TCP */
#define LLMP_FLAG_FROM_MACHINE 0x4u /* came from another machine */

/* Tags that the bus keeps for itself. Sending one is LLMP_E_INVALID. */
#define LLMP_TAG_UNSET 0x00DEADAFu
#define LLMP_TAG_UNINITIALIZED 0xA143AF11u
#define LLMP_TAG_END_OF_PAGE 0x0AF1E0F1u
#define LLMP_TAG_NEW_SHM_CLIENT 0x0C11E471u
#define LLMP_TAG_CLIENT_EXIT 0x0C11E472u
#define LLMP_TAG_EXITING 0x013C5171u
#define LLMP_TAG_SLOW_RECEIVER_PANIC 0x70051041u

/* The tag of LibAFL's fuzzer events (testcases, objectives, statistics). A
 * stock LibAFL fuzzer decodes EVERY message it receives as such an event and
 * ends with an error where it cannot: keep other tags off a bus that such
 * fuzzers share, or have the broker drop them (llmp broker --only-events). */
#define LLMP_TAG_LIBAFL_EVENT 0x002B0741u

/* ---------------------------------------------------------------- errors */

/* code, number, text of llmp_strerror. Numbers are frozen. */
#define LLMP_ERROR_MAP(XX)                                           \
  XX(OK, 0, "no error")                                              \
  XX(E_INVALID, -1, "invalid argument or state")                     \
  XX(E_NOMEM, -2, "out of memory or shared memory")                  \
  XX(E_IO, -3, "input/output error")                                 \
  XX(E_TIMEOUT, -4, "timed out")                                     \
  XX(E_FULL, -5, "the bus is full: the receiver is far behind")      \
  XX(E_CLOSED, -6, "closed: the other side is gone")                 \
  XX(E_CORRUPT, -7, "a page, frame or variable makes no sense")      \
  XX(E_FORKED, -8, "the handle belongs to the parent process")       \
  XX(E_PERMISSION, -9, "permission denied")                          \
  XX(E_UNSUPPORTED, -10, "not supported here")                       \
  XX(E_BUSY, -11, "busy: in use, or something is still open")        \
  XX(E_NOTFOUND, -12, "no such map, broker or variable")             \
  XX(E_TOOBIG, -13, "the message is too large")                      \
  XX(E_REFUSED, -14, "no broker listens there")                      \
  XX(E_PROTOCOL, -15, "the other side does not speak this protocol") \
  XX(E_INTERNAL, -16, "a bug in this library")

typedef enum llmp_error {
#define LLMP_ERROR_ENUM(name, number, text) LLMP_##name = number,
  LLMP_ERROR_MAP(LLMP_ERROR_ENUM)
#undef LLMP_ERROR_ENUM
      LLMP_ERROR_LAST_ = -17 /* one past the last; not an error */
} llmp_error;

/* The name and meaning of a code, for instance "LLMP_E_FULL: the bus is full:
 * the receiver is far behind". Never NULL; static storage. Any thread, signal
 * handlers included. */
LLMP_API const char *llmp_strerror(int code);

/* What went wrong in this thread's last failed call, and what to do about it.
 * "" when nothing failed yet. Valid until this thread's next failing call. */
LLMP_API const char *llmp_last_error(void);

/* The version of the loaded library, "0.1.0"; its ABI number. Any thread. */
LLMP_API const char *llmp_version(void);
LLMP_API int llmp_abi_version(void);

/* ---------------------------------------------------------------- structs */

typedef struct llmp_client llmp_client;
typedef struct llmp_sender llmp_sender;
typedef struct llmp_receiver llmp_receiver;
typedef struct llmp_broker llmp_broker;
typedef struct llmp_connection llmp_connection;

/* A received message. data points into shared memory: see Lifetimes above. */
typedef struct llmp_msg {
  uint32_t tag;
  uint32_t sender;   /* client id of the origin; a broker keeps it */
  uint32_t flags;    /* LLMP_FLAG_* */
  uint32_t reserved; /* 0 */
  uint64_t id;       /* 1, 2, 3 ... on each page */
  const void *data;  /* len bytes; not NULL even when len is 0 */
  size_t len;
} llmp_msg;

/* One message of llmp_client_send_many. data may be NULL when len is 0. */
typedef struct llmp_outgoing {
  uint32_t tag;
  uint32_t flags;
  const void *data;
  size_t len;
} llmp_outgoing;

/* A shared memory map, and where on it one stands. */
typedef struct llmp_map {
  char id[LLMP_MAP_ID_LEN]; /* NUL-padded, at most 19 characters */
  uint32_t reserved;        /* 0 */
  uint64_t size;            /* bytes */
  uint64_t offset;          /* of the last message, from byte 48 of the page; or LLMP_NO_OFFSET */
} llmp_map;
#define LLMP_NO_OFFSET UINT64_MAX

/* All it takes to attach to a client's two pages again: LibAFL's
 * LlmpClientDescription. llmp_description_encode gives its wire form. */
typedef struct llmp_client_description {
  llmp_map sender;
  llmp_map receiver;
} llmp_client_description;

/* Options of a client, sender or receiver. Start from LLMP_CLIENT_OPTIONS_INIT;
 * NULL instead of a struct means all defaults, 0 in a field means its default. */
typedef struct llmp_client_options {
  size_t size;                /* sizeof(llmp_client_options) */
  const char *provider;       /* "sysv" (default) or "posix"; must be the broker's */
  uint64_t page_size;         /* first map, bytes: 4096 .. 1 GiB, a power of two; default 1 MiB */
  int64_t send_timeout_ms;    /* wait on a full bus: default and LLMP_WAIT_FOREVER wait as long as
                                 the receiver lives; LLMP_DONT_WAIT: LLMP_E_FULL at once */
  int64_t connect_timeout_ms; /* retry until a broker is there: default 10,000;
                                 LLMP_WAIT_FOREVER: as LibAFL; LLMP_DONT_WAIT: one try */
  uint32_t max_pending_pages; /* unread pages before the bus counts as full; 2 .. 1024, default 4 */
  uint32_t skip_own;          /* not 0: receive passes over this client's own messages */
  uint32_t spin_us;           /* recv_wait looks this long before it sleeps; default 0 */
  uint32_t reserved;          /* 0 */
} llmp_client_options;
#define LLMP_CLIENT_OPTIONS_INIT \
  { sizeof(llmp_client_options), NULL, 0, 0, 0, 0, 0, 0, 0 }

/* ----------------------------------------------------------------- client */

/* Connects to the broker on 127.0.0.1:port and joins its bus (LibAFL:
 * LlmpClient::create_attach_to_tcp). Retries until a broker is there or
 * opts->connect_timeout_ms is over. The first receive yields the broker's
 * history from the start.
 *
 * 0, or LLMP_E_INVALID (NULL out, port 0, bad option), LLMP_E_REFUSED (nobody
 * listens: start `llmp broker`), LLMP_E_TIMEOUT (someone listens but does not
 * answer), LLMP_E_PROTOCOL (not a broker), LLMP_E_NOTFOUND / LLMP_E_CORRUPT
 * (the broker's page: wrong provider?), LLMP_E_NOMEM, LLMP_E_FORKED. */
LLMP_API int llmp_client_connect(llmp_client **out, uint16_t port, const llmp_client_options *opts);

/* A client that reads the broker page shm_id (of shm_size bytes, 216 at least)
 * and makes a fresh page of its own to send on, as sender_id (LibAFL:
 * LlmpClient::new). No broker reads that page until it is announced: see
 * llmp_client_map and llmp_client_announce.
 *
 * 0, or LLMP_E_INVALID, LLMP_E_NOTFOUND (no such map), LLMP_E_CORRUPT (too
 * small, wrong magic), LLMP_E_PERMISSION, LLMP_E_NOMEM. */
LLMP_API int llmp_client_new(llmp_client **out, const char *shm_id, size_t shm_size,
                             uint32_t sender_id, const llmp_client_options *opts);

/* A client on the broker page that the variables <name> and <name>_SIZE
 * describe; its sender id is that page's (LibAFL: create_using_env). Errors as
 * llmp_client_new, LLMP_E_NOTFOUND also when a variable is not set and
 * LLMP_E_CORRUPT when it is malformed. */
LLMP_API int llmp_client_new_from_env(llmp_client **out, const char *name,
                                      const llmp_client_options *opts);

/* Takes over an existing client's two pages at the places it had reached, from
 * <name>_SENDER* and <name>_RECEIVER* (LibAFL: on_existing_from_env). The
 * former owner must not send any more, and the pages must still exist: someone
 * is attached to them. Errors as llmp_client_new_from_env. */
LLMP_API int llmp_client_attach_env(llmp_client **out, const char *name,
                                    const llmp_client_options *opts);

/* The same from a description (LibAFL: existing_client_from_description) ... */
LLMP_API int llmp_client_attach_description(llmp_client **out, const llmp_client_description *d,
                                            const llmp_client_options *opts);

/* ... and from two maps with message offsets (LibAFL: on_existing_shmem). */
LLMP_API int llmp_client_attach_shmem(llmp_client **out, const llmp_map *sender,
                                      const llmp_map *receiver, const llmp_client_options *opts);

/* A channel without a broker: a client whose receiver reads its own sender's
 * page (LibAFL: new_p2p). Another process takes over one end by description.
 * llmp_client_close waits, as for a broker, for one that is still on its way to
 * the last page; it returns at once when nobody else is there, or after
 * llmp_client_mark_safe_to_unmap. With provider "posix" nobody can tell who is
 * there, so it waits if others may know of the channel: once it was described in
 * whatever way. 0, or LLMP_E_INVALID, LLMP_E_NOMEM, LLMP_E_FORKED. */
LLMP_API int llmp_client_new_p2p(llmp_client **out, uint32_t sender_id,
                                 const llmp_client_options *opts);

/* Sets the environment variables from which llmp_client_attach_env, or
 * LibAFL's, takes this client over. Changes the environment of the process
 * (setenv): not while another thread reads it. 0, LLMP_E_INVALID, LLMP_E_BUSY
 * (an allocation is open: commit or cancel it), LLMP_E_FORKED. */
LLMP_API int llmp_client_to_env(const llmp_client *c, const char *name);

/* Fills *out with where this client stands. Errors as llmp_client_to_env. */
LLMP_API int llmp_client_describe(const llmp_client *c, llmp_client_description *out);

/* The wire form (postcard) of a description: encode returns its length, at
 * most LLMP_DESCRIPTION_MAX bytes; decode returns 0. LLMP_E_INVALID (NULL, cap
 * too small), LLMP_E_CORRUPT (truncated, malformed, bytes left over). */
#define LLMP_DESCRIPTION_MAX 128
LLMP_API int llmp_description_encode(const llmp_client_description *d, void *buf, size_t cap);
LLMP_API int llmp_description_decode(llmp_client_description *out, const void *buf, size_t len);

/* Tells the broker about another client whose sending page is shm_id of
 * shm_size bytes. That page must stay mapped by its owner until
 * llmp_client_safe_to_unmap says yes there. 0, or as llmp_client_send. */
LLMP_API int llmp_client_announce(llmp_client *c, const char *shm_id, size_t shm_size);

/* The id that this client sends as. 0 for NULL. */
LLMP_API uint32_t llmp_client_id(const llmp_client *c);

/* The page this client sends on now, for llmp_client_announce elsewhere. */
LLMP_API int llmp_client_map(const llmp_client *c, llmp_map *out);

/* Tells the broker on 127.0.0.1:port to forget a client, for instance one that
 * crashed (LibAFL: ClientQuit). From anywhere; there is no answer, an unknown
 * id is ignored. 0, LLMP_E_REFUSED, LLMP_E_TIMEOUT, LLMP_E_PROTOCOL. */
LLMP_API int llmp_client_detach(uint16_t port, uint32_t client_id);

/* Says EXITING, waits until the broker has the last page (at most 2 s), frees
 * everything. The handle is gone whatever the result: 0, or LLMP_E_TIMEOUT when
 * the broker did not pick up the last page in time. In a forked child the
 * parent's pages are left alone (LLMP_E_FORKED, memory is freed). */
LLMP_API int llmp_client_close(llmp_client *c);

/* --- sending: inside a page these are plain C, no lock and no system call, but once
 * on each of a client's first two or three pages, when another thread is told to
 * make the next one ready --- */

/* Sends len bytes under tag. 0, or LLMP_E_INVALID (NULL data with len > 0, a
 * reserved tag), LLMP_E_BUSY (an allocation is open), LLMP_E_TOOBIG (over
 * LLMP_MAX_PAYLOAD), LLMP_E_FULL (opts->send_timeout_ms is over; nothing was
 * sent, nothing is lost), LLMP_E_CLOSED (the broker is gone), LLMP_E_NOMEM,
 * LLMP_E_FORKED. */
LLMP_API int llmp_client_send(llmp_client *c, uint32_t tag, const void *data, size_t len);
LLMP_API int llmp_client_send_flags(llmp_client *c, uint32_t tag, uint32_t flags, const void *data,
                                    size_t len);

/* Sends n messages with as few commits as pages allow: readers see them
 * together. Returns how many were sent: less than n only if LLMP_E_FULL (or
 * another error) came in between, and the error itself when none was. */
LLMP_API int llmp_client_send_many(llmp_client *c, const llmp_outgoing *msgs, size_t n);

/* Zero copy: *payload gets len writable bytes on the page, valid until commit
 * or cancel. One open allocation at a time (LLMP_E_BUSY). Errors as send. */
LLMP_API int llmp_client_alloc(llmp_client *c, size_t len, void **payload);

/* Sends the open allocation; len may be smaller than allocated. LLMP_E_INVALID
 * when none is open, len is larger, or the tag is reserved (it stays open). */
LLMP_API int llmp_client_commit(llmp_client *c, uint32_t tag, uint32_t flags, size_t len);

/* Shrinks the open allocation to len bytes; it stays open (LibAFL:
 * shrink_alloced). LLMP_E_INVALID when none is open or len is larger. */
LLMP_API int llmp_client_shrink(llmp_client *c, size_t len);

/* Gives the open allocation back. LLMP_E_INVALID when none is open. */
LLMP_API int llmp_client_cancel(llmp_client *c);

/* --- receiving: inside a page these are plain C, no lock and no system call --- */

/* The next message, without blocking: 1, or 0 when there is none, or
 * LLMP_E_CLOSED (the broker said EXITING; sticky), LLMP_E_CORRUPT (the page
 * makes no sense; sticky), LLMP_E_NOTFOUND (the next page is gone: this client
 * was too slow or the broker died; sticky), LLMP_E_INVALID, LLMP_E_FORKED. */
LLMP_API int llmp_client_recv(llmp_client *c, llmp_msg *out);

/* Up to max messages of the current page; they are valid together, until the
 * next receive call. Returns how many, or an error as llmp_client_recv. */
LLMP_API int llmp_client_recv_many(llmp_client *c, llmp_msg *out, size_t max);

/* Waits for the next message; sleeps, never spins a core (but see spin_us).
 * timeout_ms < 0 waits for ever, 0 is llmp_client_recv. Returns 1, 0 when the
 * time is over, or an error as llmp_client_recv. */
LLMP_API int llmp_client_recv_wait(llmp_client *c, llmp_msg *out, int64_t timeout_ms);

/* A descriptor for poll, epoll and asyncio: readable while a message (or an
 * end) waits. Receive until there is nothing, then poll again: it may also be
 * readable for no reason, so receive without waiting. The first call starts one
 * helper thread; the client owns the descriptor and closes it with
 * itself: do not read or close it. >= 0, or LLMP_E_NOMEM, LLMP_E_FORKED,
 * LLMP_E_UNSUPPORTED. */
LLMP_API int llmp_client_wait_fd(llmp_client *c);

/* 1 when a receiver has joined the page this client sends on, so that the client
 * may unmap it; 0 when not yet. The broker joins a client's first page when it
 * lets the client in, and every receiver joins the pages it comes to from the one
 * before. Attaching a receiver to a page does not count (nor does it in LibAFL). */
LLMP_API int llmp_client_safe_to_unmap(const llmp_client *c);

/* Marks it so, though nobody may have read it: messages can be lost. 0. */
LLMP_API int llmp_client_mark_safe_to_unmap(llmp_client *c);

/* Waits for it: 1, or 0 when timeout_ms (< 0: for ever) is over. */
LLMP_API int llmp_client_wait_safe_to_unmap(const llmp_client *c, int64_t timeout_ms);

/* -------------------------------------------------------------- the halves
 *
 * A sender without a receiver, and the other way round; the verbs, errors and
 * rules are the client's. Together they make a one-way channel: describe the
 * sender's llmp_sender_map to the other process, which opens a receiver on it.
 */

/* A fresh page to send on. */
LLMP_API int llmp_sender_new(llmp_sender **out, uint32_t sender_id,
                             const llmp_client_options *opts);
LLMP_API int llmp_sender_attach_env(llmp_sender **out, const char *name,
                                    const llmp_client_options *opts);
LLMP_API int llmp_sender_attach_map(llmp_sender **out, const llmp_map *map,
                                    const llmp_client_options *opts);
LLMP_API int llmp_sender_to_env(const llmp_sender *s, const char *name);
LLMP_API int llmp_sender_map(const llmp_sender *s, llmp_map *out);
LLMP_API uint32_t llmp_sender_id(const llmp_sender *s);
LLMP_API int llmp_sender_send(llmp_sender *s, uint32_t tag, const void *data, size_t len);
LLMP_API int llmp_sender_send_flags(llmp_sender *s, uint32_t tag, uint32_t flags, const void *data,
                                    size_t len);
LLMP_API int llmp_sender_send_many(llmp_sender *s, const llmp_outgoing *msgs, size_t n);
LLMP_API int llmp_sender_alloc(llmp_sender *s, size_t len, void **payload);
LLMP_API int llmp_sender_commit(llmp_sender *s, uint32_t tag, uint32_t flags, size_t len);
LLMP_API int llmp_sender_shrink(llmp_sender *s, size_t len);
LLMP_API int llmp_sender_cancel(llmp_sender *s);
LLMP_API int llmp_sender_safe_to_unmap(const llmp_sender *s);
LLMP_API int llmp_sender_mark_safe_to_unmap(llmp_sender *s);
LLMP_API int llmp_sender_wait_safe_to_unmap(const llmp_sender *s, int64_t timeout_ms);
/* Says EXITING, then frees; pages a receiver still has mapped live on there. */
LLMP_API int llmp_sender_close(llmp_sender *s);

/* A receiver on another process's page. offset LLMP_NO_OFFSET: from its first message. */
LLMP_API int llmp_receiver_attach_map(llmp_receiver **out, const llmp_map *map,
                                      const llmp_client_options *opts);
LLMP_API int llmp_receiver_attach_env(llmp_receiver **out, const char *name,
                                      const llmp_client_options *opts);
LLMP_API int llmp_receiver_to_env(const llmp_receiver *r, const char *name);
LLMP_API int llmp_receiver_map(const llmp_receiver *r, llmp_map *out);
LLMP_API int llmp_receiver_recv(llmp_receiver *r, llmp_msg *out);
LLMP_API int llmp_receiver_recv_many(llmp_receiver *r, llmp_msg *out, size_t max);
LLMP_API int llmp_receiver_recv_wait(llmp_receiver *r, llmp_msg *out, int64_t timeout_ms);
LLMP_API int llmp_receiver_wait_fd(llmp_receiver *r);
LLMP_API int llmp_receiver_close(llmp_receiver *r);

/* ----------------------------------------------------------------- broker
 *
 * Hosted by any program. Calls on a broker enter the Go core; a client's sends
 * and receives do not.
 */

typedef struct llmp_broker_options {
  size_t size;                 /* sizeof(llmp_broker_options) */
  const char *provider;        /* "sysv" (default) or "posix" */
  uint64_t page_size;          /* first broadcast map; as llmp_client_options */
  uint64_t exit_after_clients; /* llmp_broker_run ends once so many have come and all have gone; 0:
                                  never */
  const char *bind;            /* address to listen on; default "127.0.0.1". Others can reach a
                                  public address: only b2b crosses it, and nothing is encrypted */
  const char *history;         /* what a late joiner gets: "all" (default), "none", or the newest
                                  N bytes at least: "64MiB", "1000000" */
  const char *archive_dir;     /* where history goes that all receivers have read, in a file
                                  without a name; default: $TMPDIR or /tmp */
  uint64_t budget;             /* shared memory of the broadcast side, bytes; default 64 MiB, or 8
                                  pages; 512 KiB and 4 pages at least. A message that takes more
                                  than half of it passes, too: one at a time, by one page more */
  int64_t slow_timeout_ms;     /* how long a receiver that does not read may hold up a full bus
                                  before it is cut off; default 10,000; LLMP_WAIT_FOREVER: never */
  uint32_t spin_us;            /* look this long for work before sleeping; default 0 */
  uint32_t only_events;        /* not 0: forward LibAFL events only (LLMP_TAG_LIBAFL_EVENT) */
} llmp_broker_options;
#define LLMP_BROKER_OPTIONS_INIT \
  { sizeof(llmp_broker_options), NULL, 0, 0, NULL, NULL, NULL, 0, 0, 0, 0 }

/* A broker with an empty broadcast page and no clients. 0, or LLMP_E_INVALID
 * (NULL out, bad option), LLMP_E_NOMEM, LLMP_E_UNSUPPORTED (that provider is not
 * to be had here), LLMP_E_FORKED.
 *
 * All calls on a broker but llmp_broker_send and llmp_broker_stop are
 * LLMP_E_BUSY inside one of its hooks; running it, adding a hook and closing it
 * are, too, while it runs in another thread. In a forked child all are
 * LLMP_E_FORKED. */
LLMP_API int llmp_broker_new(llmp_broker **out, const llmp_broker_options *opts);

/* Listens on port (0 picks one) for clients and other brokers; returns the
 * port. LLMP_E_BUSY: the port is taken, another broker may run there;
 * LLMP_E_PERMISSION, LLMP_E_INVALID, LLMP_E_IO. Clients are let in while
 * llmp_broker_run or llmp_broker_once is called. */
LLMP_API int llmp_broker_listen(llmp_broker *b, uint16_t port);

/* Joins this broker with the one at host:port; messages then cross in both
 * directions, once. LLMP_E_REFUSED, LLMP_E_TIMEOUT, LLMP_E_PROTOCOL. */
LLMP_API int llmp_broker_connect_b2b(llmp_broker *b, const char *host, uint16_t port);

/* Adds a client by its sending page, as if it had been announced; returns its
 * id, or LLMP_E_NOTFOUND (no such map), LLMP_E_CORRUPT (too small, wrong magic),
 * LLMP_E_PERMISSION, LLMP_E_INVALID, LLMP_E_CLOSED (the broker has ended). */
LLMP_API int llmp_broker_add_client(llmp_broker *b, const char *shm_id, size_t shm_size);

/* What a hook says about a message. */
#define LLMP_HOOK_FORWARD 0 /* on to the next hook, then to all clients */
#define LLMP_HOOK_DROP 1    /* handled here: nobody else sees it */

/* Called for each message in the broker's thread, in the order hooks were
 * added. msg->tag and msg->flags may be changed; so may msg->data (within its
 * capacity: up to the length that came) and msg->len (made smaller), or point
 * it elsewhere (the bytes must live until the hook returns to the broker's next
 * call). client is the id of the client it came from. llmp_broker_send inside a
 * hook adds messages, after the current one. Do not close the broker here. */
typedef int (*llmp_hook_fn)(llmp_broker *b, uint32_t client, llmp_msg *msg, void *user);
/* 0, or LLMP_E_INVALID (NULL fn), LLMP_E_NOMEM, LLMP_E_BUSY. */
LLMP_API int llmp_broker_add_hook(llmp_broker *b, llmp_hook_fn fn, void *user);

/* Called by llmp_broker_run after timeout_ms without a message, and again. */
typedef void (*llmp_timeout_fn)(llmp_broker *b, void *user);
/* A NULL fn takes it back. 0, or LLMP_E_BUSY. */
LLMP_API int llmp_broker_on_timeout(llmp_broker *b, llmp_timeout_fn fn, void *user);

/* Takes what all clients have sent until now and forwards it, once; admits
 * waiting clients. Returns how many messages were handled (INT_MAX at most), or
 * LLMP_E_INVALID (a hook did what it may not: that message was dropped, all
 * others were handled), LLMP_E_NOMEM, LLMP_E_CLOSED (the broker has ended),
 * LLMP_E_BUSY. A client's faults end that client, they are no error here. */
LLMP_API int llmp_broker_once(llmp_broker *b);

/* Runs until llmp_broker_stop, or until opts->exit_after_clients have come and
 * gone; sleeps when there is nothing to do. timeout_ms > 0: the interval of
 * llmp_broker_on_timeout (without such a function: return LLMP_E_TIMEOUT after
 * that long without a message); < 0: none; 0: LLMP_E_INVALID. 0 when it ended,
 * else an error as llmp_broker_once. Clients are told EXITING when the broker is
 * closed or stopped; a stopped broker stays so. */
LLMP_API int llmp_broker_run(llmp_broker *b, int64_t timeout_ms);

/* Makes llmp_broker_run return soon, the current or the next one. From any
 * thread and from a signal handler; as long as the broker is not closed. */
LLMP_API int llmp_broker_stop(llmp_broker *b);

/* Broadcasts a message of the broker's own, as client 0. As llmp_client_send. */
LLMP_API int llmp_broker_send(llmp_broker *b, uint32_t tag, uint32_t flags, const void *data,
                              size_t len);

/* The page where a new client begins to read, for llmp_client_new and
 * llmp_client_new_from_env. For one client each: once that has attached it,
 * this says another page. A second one on the same page gets everything, too,
 * or LLMP_E_NOTFOUND. It stays valid until the broker is closed, however much
 * is sent before it is used. 0, LLMP_E_INVALID, LLMP_E_BUSY. */
LLMP_API int llmp_broker_map(llmp_broker *b, llmp_map *out);
/* Sets <name> and <name>_SIZE to it (setenv), for llmp_client_new_from_env. */
LLMP_API int llmp_broker_to_env(llmp_broker *b, const char *name);

typedef struct llmp_stats {
  size_t size;             /* in: sizeof(llmp_stats) */
  uint64_t clients;        /* connected now, the listener not counted */
  uint64_t clients_seen;   /* since the start */
  uint64_t messages;       /* handled */
  uint64_t bytes;          /* payload of those */
  uint64_t forwarded;      /* broadcast, the broker's own included */
  uint64_t dropped;        /* by hooks and filters */
  uint64_t pages;          /* broadcast pages in use */
  uint64_t shared_bytes;   /* shared memory of the broadcast side */
  uint64_t archived_bytes; /* history on disk */
  uint64_t cut_off;        /* receivers given up on, see slow_timeout_ms */
  uint64_t bad_clients;    /* clients removed because their page made no sense */
  uint64_t b2b;            /* brokers connected now */
  uint64_t lost;           /* pages of history that late joiners will not get: the disk was full */
} llmp_stats;
/* Also from another thread while the broker runs. 0, or LLMP_E_INVALID (NULL, or
 * size is not set), LLMP_E_BUSY. */
LLMP_API int llmp_broker_stats(llmp_broker *b, llmp_stats *out);

/* Per client: fills up to max rows, returns how many clients there are. Threads
 * and errors as llmp_broker_stats. */
typedef struct llmp_client_stats {
  uint32_t id;
  uint32_t kind; /* 0 local, 1 another broker */
  uint64_t messages;
  uint64_t bytes;   /* payload */
  uint64_t idle_ms; /* since its last message */
} llmp_client_stats;
LLMP_API int llmp_broker_client_stats(llmp_broker *b, llmp_client_stats *rows, size_t max);

/* Says EXITING to all, stops listening, frees everything. 0, or LLMP_E_BUSY: it
 * runs, or this is one of its hooks; nothing was closed, stop it first. */
LLMP_API int llmp_broker_close(llmp_broker *b);

/* Runs several brokers in one loop, until each has ended as in llmp_broker_run;
 * the first error of one ends it for all. */
LLMP_API int llmp_brokers_run(llmp_broker *const *brokers, size_t n, int64_t timeout_ms);

/* ------------------------------------------------------------- connection
 *
 * "Be whatever is needed on this port" (LibAFL: LlmpConnection::on_port):
 * where nobody listens, a broker; else a client of the one that does.
 */

/* Returns 0 and *out, or as llmp_broker_listen and llmp_client_connect. */
LLMP_API int llmp_connection_on_port(llmp_connection **out, uint16_t port,
                                     const llmp_broker_options *broker_opts,
                                     const llmp_client_options *client_opts);
/* Exactly one of the two is not NULL. It belongs to the connection: do not close
 * it. Both are NULL for what is no open connection. */
LLMP_API llmp_broker *llmp_connection_broker(llmp_connection *c);
LLMP_API llmp_client *llmp_connection_client(llmp_connection *c);
/* Sends as whichever it is: as llmp_broker_send, or llmp_client_send_flags. */
LLMP_API int llmp_connection_send(llmp_connection *c, uint32_t tag, uint32_t flags,
                                  const void *data, size_t len);
LLMP_API int llmp_connection_close(llmp_connection *c);

/* ---------------------------------------------------------- LibAFL events
 *
 * What fuzzers tell each other, as LibAFL 0.16.1 encodes it: test cases worth
 * keeping, objectives (mostly crashes), figures for a monitor. A harness that
 * sends what it finds and runs what it receives shares one corpus with every
 * other fuzzer on the bus, LibAFL's own included:
 *
 *     llmp_testcase t = LLMP_TESTCASE_INIT;
 *     while (llmp_testcase_recv(bus, &t) == 1)
 *         run(t.data, t.len);
 *     ...
 *     llmp_testcase found = LLMP_TESTCASE_INIT;
 *     found.data = input;
 *     found.len = len;
 *     llmp_testcase_send(bus, &found);
 *
 * Connect with skip_own set, or one's own finds come back.
 *
 * An event is one message with tag LLMP_TAG_LIBAFL_EVENT. Encodings of 1024
 * bytes or more are sent compressed (raw DEFLATE, LLMP_FLAG_COMPRESSED), as
 * LibAFL does; that, and decompressing, costs some 10 microseconds for each KiB
 * and enters the Go core. All else is plain C: a shorter event is written
 * straight into the page, one that came uncompressed is read from it.
 *
 * Test cases are sent without LibAFL's observers: other fuzzers run the input
 * themselves. Observers that come with one are passed over.
 *
 * Threads: the functions that send belong to the sending thread, those that
 * receive, decode, set up and count to the receiving one. In a forked child all
 * return LLMP_E_FORKED.
 */

/* What a test case is: the numbers are those of LibAFL's events. */
#define LLMP_EVENT_TESTCASE 0u  /* worth keeping: it reached something new */
#define LLMP_EVENT_OBJECTIVE 4u /* what is looked for, mostly a crash */

/* How the run of a test case ended. */
#define LLMP_EXIT_OK 0u
#define LLMP_EXIT_CRASH 1u
#define LLMP_EXIT_OOM 2u
#define LLMP_EXIT_TIMEOUT 3u
#define LLMP_EXIT_DIFF 4u /* two targets that should agree did not; received only */

/* A test case, to send or as received. Start from LLMP_TESTCASE_INIT. */
typedef struct llmp_testcase {
  size_t size;          /* sizeof(llmp_testcase) */
  uint32_t kind;        /* LLMP_EVENT_TESTCASE or LLMP_EVENT_OBJECTIVE */
  uint32_t exit_kind;   /* LLMP_EXIT_*; objectives do not have it: ignored, received as 0 */
  const void *data;     /* the input. Received: valid until the next receive call on the client, as
                           a message is. NULL: of an objective, that its finder does not share it;
                           of a test case to send, an empty one (len is 0) */
  size_t len;           /* bytes */
  uint64_t corpus_size; /* test cases that the sender has; of an objective, objectives */
  uint64_t executions;  /* how often the sender has run its target */
  uint64_t time_ns;     /* the sender's clock, nanoseconds since 1970 in UTC, UINT64_MAX from 2554
                           on; to send, 0: now */
  uint32_t sender;      /* received: the client that found it; ignored when sending */
  uint32_t flags;       /* received: the message's, LLMP_FLAG_*; ignored when sending */
} llmp_testcase;
#define LLMP_TESTCASE_INIT \
  { sizeof(llmp_testcase), 0, 0, NULL, 0, 0, 0, 0, 0, 0 }

/* Sends a test case or an objective. 0, or LLMP_E_INVALID (a kind or exit_kind
 * that does not exist, LLMP_EXIT_DIFF, NULL data with len > 0), LLMP_E_TOOBIG
 * (more than LLMP_MAX_PAYLOAD once encoded and compressed, or len above it);
 * else as llmp_client_send. */
LLMP_API int llmp_testcase_send(llmp_client *c, const llmp_testcase *t);

/* The next test case, without blocking: 1, or 0 when there is none, or an error
 * as llmp_client_recv, or LLMP_E_NOMEM (for what a compressed one holds, within
 * max_size; it is lost). Whatever else comes first is taken off the bus, counted
 * (llmp_client_event_counts) and passed over: messages with other tags, other
 * events, what is damaged. None of that is an error. To receive messages of your
 * own tags on the same client, use llmp_client_recv and llmp_testcase_decode. */
LLMP_API int llmp_testcase_recv(llmp_client *c, llmp_testcase *out);

/* Waits for the next test case as llmp_client_recv_wait waits for a message. */
LLMP_API int llmp_testcase_recv_wait(llmp_client *c, llmp_testcase *out, int64_t timeout_ms);

/* Reads a message that this client received last: 1 and *out when it is a test
 * case, 0 when it is not (counted, as above). What was decompressed is kept in
 * the client until the next call that receives or decodes. LLMP_E_INVALID,
 * LLMP_E_NOMEM, LLMP_E_FORKED. */
LLMP_API int llmp_testcase_decode(llmp_client *c, const llmp_msg *m, llmp_testcase *out);

/* How a client receives test cases. 0 in a field means its default. */
typedef struct llmp_event_options {
  size_t size;         /* sizeof(llmp_event_options) */
  uint64_t max_size;   /* longest encoding that is looked at, bytes, once decompressed: a hostile or
                          broken sender can claim a thousand times what it sends. 1024 .. 1 GiB,
                          default 128 MiB. What is longer is counted and passed over */
  uint32_t objectives; /* not 0: receive objectives too. A broker of LibAFL does not forward them,
                          ours does */
  uint32_t reserved;   /* 0 */
} llmp_event_options;
#define LLMP_EVENT_OPTIONS_INIT \
  { sizeof(llmp_event_options), 0, 0, 0 }

/* From the next receive call on; NULL: the defaults. 0, LLMP_E_INVALID,
 * LLMP_E_FORKED. */
LLMP_API int llmp_client_event_setup(llmp_client *c, const llmp_event_options *opts);

/* What a client's calls of llmp_testcase_recv and llmp_testcase_decode have seen. */
typedef struct llmp_event_counts {
  size_t size;         /* in: sizeof(llmp_event_counts) */
  uint64_t testcases;  /* given out: test cases */
  uint64_t objectives; /* ... and objectives */
  uint64_t other;      /* passed over: events of other kinds (statistics, logs), and objectives
                          that were not asked for */
  uint64_t foreign;    /* messages that are no events: other tags */
  uint64_t unknown;    /* events that LibAFL 0.16.1 does not have */
  uint64_t malformed;  /* damaged, or no events in spite of their tag */
  uint64_t too_big;    /* longer than max_size */
} llmp_event_counts;
/* 0, LLMP_E_INVALID, LLMP_E_FORKED. */
LLMP_API int llmp_client_event_counts(const llmp_client *c, llmp_event_counts *out);

/* Tells the monitor that this client is alive and how often it has run its
 * target (LibAFL: Heartbeat). LibAFL's fuzzers do so every 15 seconds. 0, or as
 * llmp_client_send. */
LLMP_API int llmp_heartbeat_send(llmp_client *c, uint64_t executions);

/* What kind of figure, and which fields hold it. */
#define LLMP_STAT_NUMBER 0u  /* number */
#define LLMP_STAT_FLOAT 1u   /* real */
#define LLMP_STAT_TEXT 2u    /* text */
#define LLMP_STAT_RATIO 3u   /* number of whole; LibAFL multiplies number by 100: below 2^57 */
#define LLMP_STAT_PERCENT 4u /* real, a share of one: 0.5 is shown as 50% */

/* How a monitor joins the figures of all clients. */
#define LLMP_AGGREGATE_NONE 0u
#define LLMP_AGGREGATE_SUM 1u
#define LLMP_AGGREGATE_AVG 2u
#define LLMP_AGGREGATE_MIN 3u
#define LLMP_AGGREGATE_MAX 4u

/* A figure for the monitor (LibAFL: UpdateUserStats). Fields that value does not
 * name are ignored. */
typedef struct llmp_user_stat {
  size_t size;        /* sizeof(llmp_user_stat) */
  const char *name;   /* UTF-8, at most 65,535 bytes; "edges", for instance */
  uint64_t tag;       /* what it is about, one of LibAFL's tags; 0: nothing is said */
  uint32_t value;     /* LLMP_STAT_* */
  uint32_t aggregate; /* LLMP_AGGREGATE_* */
  uint64_t number;
  uint64_t whole;
  double real;
  const char *text;    /* UTF-8, at most 65,535 bytes */
  uint64_t executions; /* how often this client has run its target */
} llmp_user_stat;
#define LLMP_USER_STAT_INIT \
  { sizeof(llmp_user_stat), NULL, 0, 0, 0, 0, 0, 0, NULL, 0 }

/* Sends a figure. 0, or LLMP_E_INVALID (no name, a value or aggregate that does
 * not exist, text that is NULL, too long or not UTF-8: a LibAFL fuzzer would
 * end with an error on it); else as llmp_client_send. In LLMP_STAT_TEXT alone
 * text is looked at. */
LLMP_API int llmp_user_stat_send(llmp_client *c, const llmp_user_stat *s);

#ifdef __cplusplus
}
#endif

#endif /* LLMP_H */
