/* Calling the host's hooks: see callbacks.h. */
#include "callbacks.h"

#include <pthread.h>
#include <stdlib.h>

#include "error.h"

struct hook {
  llmp_hook_fn fn;
  void *user;
  struct hook *next;
};

int hooks_add(struct handle *h, llmp_hook_fn fn, void *user) {
  struct hook *added = malloc(sizeof *added);
  if (added == NULL) {
    return error_set(LLMP_E_NOMEM, "no memory for a hook");
  }
  *added = (struct hook){.fn = fn, .user = user};
  struct hook **end = &h->broker.hooks;
  while (*end != NULL) {
    end = &(*end)->next;
  }
  *end = added;
  return 0;
}

void hooks_free(struct hook *first) {
  while (first != NULL) {
    struct hook *next = first->next;
    free(first);
    first = next;
  }
}

static uintptr_t this_thread(void) {
  return (uintptr_t)pthread_self();
}

bool hooks_inside(const struct handle *h) {
  return atomic_load_explicit(&h->broker.hook_thread, memory_order_relaxed) == this_thread();
}

/* What is wrong with a message that hooks have left behind, or NULL. capacity
 * bytes at came are the message as it came. */
static const char *fault_of(const llmp_msg *m, uintptr_t came, size_t capacity) {
  const uintptr_t at = (uintptr_t)m->data;
  if (m->data == NULL && m->len != 0) {
    return "a hook set a message's data to NULL and left it a length";
  }
  if (at >= came && at - came <= capacity && m->len > capacity - (at - came) && m->len != 0) {
    return "a hook made a message longer than it came: point msg->data to a larger buffer instead";
  }
  return NULL;
}

static int ask_all(struct handle *h, uint32_t client, llmp_msg *m) {
  for (const struct hook *hook = h->broker.hooks; hook != NULL; hook = hook->next) {
    const int verdict =
        hook->fn((llmp_broker *)atomic_load_explicit(&h->ticket, memory_order_relaxed), client, m,
                 hook->user);
    if (verdict == LLMP_HOOK_DROP) {
      return verdict;
    }
    if (verdict != LLMP_HOOK_FORWARD) {
      h->broker.hook_fault = "a hook returned neither LLMP_HOOK_FORWARD nor LLMP_HOOK_DROP";
      return LLMP_HOOK_DROP;
    }
  }
  return LLMP_HOOK_FORWARD;
}

int hooks_run(void *handle, uint32_t client) {
  struct handle *h = handle;
  llmp_msg *m = h->broker.hook_msg;
  const uintptr_t came = (uintptr_t)m->data;
  const size_t capacity = m->len;
  atomic_store_explicit(&h->broker.hook_thread, this_thread(), memory_order_relaxed);
  guest_host_begin();
  const int verdict = ask_all(h, client, m);
  guest_host_end();
  atomic_store_explicit(&h->broker.hook_thread, 0, memory_order_relaxed);
  if (verdict == LLMP_HOOK_DROP) {
    return verdict;
  }
  const char *fault = fault_of(m, came, capacity);
  if (fault != NULL) {
    h->broker.hook_fault = fault;
    return LLMP_HOOK_DROP;
  }
  return LLMP_HOOK_FORWARD;
}
