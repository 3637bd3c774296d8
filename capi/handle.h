/*
 * handle.h - what a llmp_client *, llmp_sender * ... really is. Not installed.
 *
 * Handles live in a table that is never unmapped, and the pointer that a user
 * holds is a ticket: the slot's address plus a generation in the low bits. The
 * slot remembers which ticket is valid. So closing twice, using a handle after
 * its close and passing the wrong kind of handle are all told apart from good
 * use, by two comparisons and without touching freed memory. A ticket comes up
 * again after several thousand closes only (see handle.c).
 */
#ifndef LLMP_HANDLE_H
#define LLMP_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "guest.h"
#include "llmp.h"
#include "page.h"

enum handle_kind {
  HANDLE_NONE,
  HANDLE_CLIENT,
  HANDLE_SENDER,
  HANDLE_RECEIVER,
  HANDLE_BROKER,
  HANDLE_CONNECTION
};

struct watch; /* watch_linux.c: the helper thread behind wait_fd */
struct hook;  /* callbacks.c */

/* Owned by the sending thread. */
struct send_half {
  struct llmp_send_cursor cur;
  int64_t timeout_ms; /* on a full bus; LLMP_WAIT_FOREVER, LLMP_DONT_WAIT or > 0 */
};

/* Owned by the receiving thread. */
struct recv_half {
  struct llmp_recv_cursor cur;
  struct watch *watch; /* NULL until wait_fd was asked for */
  uint32_t spin_us;
  int32_t end; /* why nothing more comes, an llmp_error; 0: not at an end */
};

struct broker_part {
  page_u32 stop;  /* 1: run returns. The core looks here too */
  page_u32 *wake; /* the futex on which run sleeps; in shared memory */
  struct hook *hooks;
  llmp_msg *hook_msg;           /* what the hooks are shown; NULL until there is one */
  const char *hook_fault;       /* what a hook did wrong in this round, or NULL */
  atomic_uintptr_t hook_thread; /* the thread that is inside a hook; 0: none */
  llmp_timeout_fn on_timeout;
  void *on_timeout_user;
  atomic_bool busy; /* inside once or run, with their callbacks */
};

struct connection_part {
  llmp_broker *broker; /* exactly one of the two is not NULL */
  llmp_client *client;
};

/* Hot fields first; each half starts on a cache line of its own, since one
 * thread may send while another receives. */
struct handle {
  _Alignas(64) atomic_uintptr_t ticket; /* the pointer given out; 0: free, or being made */
  uint64_t born;                        /* kind and fork generation, see handle_birth */
  void *go;                             /* token of the Go object, handles.go */
  uint32_t generation;                  /* of the next ticket */
  uint32_t next_free;
  _Alignas(64) struct send_half send;
  _Alignas(64) struct recv_half recv;
  union {
    struct event_part events; /* of a client */
    struct broker_part broker;
    struct connection_part connection;
  };
};

#define HANDLE_SLOT 512u  /* bytes, and alignment: what a ticket is cut down to */
#define HANDLE_STEP 8u    /* between two generations' tickets */
#define HANDLE_MAX 16384u /* handles open at the same time */

extern unsigned char handle_table[(size_t)HANDLE_MAX * HANDLE_SLOT];

/* A new handle of this kind, all zero; NULL with a last error when there are
 * too many. Nobody can use it before handle_publish. */
struct handle *handle_new(enum handle_kind kind);

/* The ticket under which users get to the handle from now on. */
void *handle_publish(struct handle *h);

/* Makes its ticket void, at once and for ever. */
void handle_retire(struct handle *h);

/* Gives the slot back. In a forked child it stays taken: the lock may be held
 * by a thread that is no more. */
void handle_free(struct handle *h);

/* Why a ticket was not good: sets the last error, returns the code. */
int handle_refuse(const void *ticket, enum handle_kind kind);

/* The parent's handle behind a ticket, in a forked child; else NULL. */
struct handle *handle_forked(const void *ticket, enum handle_kind kind);

static inline uint64_t handle_birth(enum handle_kind kind) {
  return (uint64_t)kind << 32 | guest_generation();
}

/* The handle behind a ticket; NULL when it is not one of this kind, was closed
 * or belongs to the parent process. */
static inline struct handle *handle_of(const void *ticket, enum handle_kind kind) {
  const uintptr_t at = (uintptr_t)ticket - (uintptr_t)handle_table;
  if (__builtin_expect(at >= sizeof handle_table, 0)) {
    return NULL;
  }
  struct handle *h = (struct handle *)(void *)(handle_table + (at & ~(uintptr_t)(HANDLE_SLOT - 1)));
  if (__builtin_expect(
          atomic_load_explicit(&h->ticket, memory_order_relaxed) != (uintptr_t)ticket ||
              h->born != handle_birth(kind),
          0)) {
    return NULL;
  }
  return h;
}

/* Declares h, the handle behind ticket, or returns the error. */
#define HANDLE_OR_RETURN(h, kind, ticket)     \
  struct handle *h = handle_of(ticket, kind); \
  if (__builtin_expect(h == NULL, 0)) {       \
    return handle_refuse(ticket, kind);       \
  }

/* The Go core works on the same cursors: internal/cursor. The Go side checks
 * its structs against these in export_handle.go. */
_Static_assert(sizeof(struct handle) <= HANDLE_SLOT, "a handle outgrew its slot");
_Static_assert(sizeof(struct llmp_ring) == 48, "internal/cursor.Ring");
_Static_assert(sizeof(struct llmp_send_cursor) == 112, "internal/cursor.Send");
_Static_assert(offsetof(struct llmp_send_cursor, ring) == 64, "internal/cursor.Send.Ring");
_Static_assert(sizeof(struct llmp_recv_cursor) == 72, "internal/cursor.Recv");
_Static_assert(offsetof(struct llmp_recv_cursor, waiters) == 64, "internal/cursor.Recv.Waiters");

#endif /* LLMP_HANDLE_H */
