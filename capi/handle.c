/* The table of handles: see handle.h. */
#include "handle.h"

#include <pthread.h>
#include <string.h>

#include "error.h"

enum {
  /* So many closed slots wait before the oldest is used again. Together with
   * the generations in a ticket, a stale ticket names a new handle only after
   * QUARANTINE * HANDLE_SLOT / HANDLE_STEP closes. */
  QUARANTINE = 64,
  NO_SLOT = HANDLE_MAX,
};

_Alignas(HANDLE_SLOT) unsigned char handle_table[(size_t)HANDLE_MAX * HANDLE_SLOT];

/* Free slots, oldest first. All but tickets is guarded by lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t never_used; /* slots from here on */
static uint32_t oldest_free = NO_SLOT, newest_free = NO_SLOT, free_count;

static struct handle *slot(uint32_t i) {
  return (struct handle *)(void *)(handle_table + (size_t)i * HANDLE_SLOT);
}

static uint32_t index_of(const struct handle *h) {
  return (uint32_t)(((const unsigned char *)h - handle_table) / HANDLE_SLOT);
}

static uint32_t take_slot(void) {
  const bool fresh_left = never_used < HANDLE_MAX;
  if (free_count > QUARANTINE || (!fresh_left && free_count > 0)) {
    const uint32_t i = oldest_free;
    oldest_free = slot(i)->next_free;
    free_count--;
    return i;
  }
  return fresh_left ? never_used++ : NO_SLOT;
}

struct handle *handle_new(enum handle_kind kind) {
  pthread_mutex_lock(&lock);
  const uint32_t i = take_slot();
  pthread_mutex_unlock(&lock);
  if (i == NO_SLOT) {
    (void)error_set(LLMP_E_NOMEM, "%u handles are open, more are not possible: close some",
                    HANDLE_MAX);
    return NULL;
  }
  struct handle *h = slot(i);
  const uint32_t generation = h->generation + 1;
  memset(h, 0, sizeof *h);
  h->generation = generation;
  h->born = handle_birth(kind);
  return h;
}

void *handle_publish(struct handle *h) {
  const uintptr_t generation = h->generation % (HANDLE_SLOT / HANDLE_STEP);
  const uintptr_t ticket = (uintptr_t)h + generation * HANDLE_STEP;
  atomic_store_explicit(&h->ticket, ticket, memory_order_release);
  return (void *)ticket;
}

void handle_retire(struct handle *h) {
  atomic_store_explicit(&h->ticket, 0, memory_order_release);
}

void handle_free(struct handle *h) {
  handle_retire(h);
  if (guest_generation() != 0) {
    return;
  }
  const uint32_t i = index_of(h);
  pthread_mutex_lock(&lock);
  h->next_free = NO_SLOT;
  if (free_count == 0) {
    oldest_free = i;
  } else {
    slot(newest_free)->next_free = i;
  }
  newest_free = i;
  free_count++;
  pthread_mutex_unlock(&lock);
}

int handle_refuse(const void *ticket, enum handle_kind kind) {
  static const char *const names[] = {"handle",   "client", "sender",
                                      "receiver", "broker", "connection"};
  if (ticket == NULL) {
    return error_set(LLMP_E_INVALID, "the %s is NULL: check the result of the call that makes it",
                     names[kind]);
  }
  const struct handle *h = handle_forked(ticket, kind);
  if (h != NULL) {
    return error_set(LLMP_E_FORKED,
                     "this %s belongs to the parent process: call exec, then make one anew",
                     names[kind]);
  }
  return error_set(LLMP_E_INVALID, "this is no open %s: it was closed, or it never was one",
                   names[kind]);
}

struct handle *handle_forked(const void *ticket, enum handle_kind kind) {
  const uintptr_t at = (uintptr_t)ticket - (uintptr_t)handle_table;
  if (at >= sizeof handle_table || guest_generation() == 0) {
    return NULL;
  }
  struct handle *h = slot((uint32_t)(at / HANDLE_SLOT));
  const bool open = atomic_load_explicit(&h->ticket, memory_order_relaxed) == (uintptr_t)ticket;
  return open && h->born >> 32 == (uint64_t)kind ? h : NULL;
}
