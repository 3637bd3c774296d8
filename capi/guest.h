/*
 * guest.h - manners: living inside someone else's process. See docs/guest.md.
 *
 * A thread of the host is inside Go for short, non-waiting calls only, and all
 * its signals are blocked meanwhile: a handler that was installed without
 * SA_ONSTACK would run on a goroutine's small stack. What waits, waits in C
 * (wait_linux.c) or on a Go thread while the host's thread waits in C
 * (go_call.h).
 */
#ifndef LLMP_GUEST_H
#define LLMP_GUEST_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How often this process is a fork of the one that started the runtime: 0 in
 * that process itself, not 0 in all its descendants that did not exec. */
extern atomic_uint guest_forks;

static inline uint32_t guest_generation(void) {
  return atomic_load_explicit(&guest_forks, memory_order_relaxed);
}

/* To be asked before Go is entered without a handle. Starts the runtime at the
 * first call of all: until then the library costs no thread and takes no
 * signal, and a fork is no matter. LLMP_E_FORKED with a last error where Go
 * cannot be entered, because its threads stayed behind in the parent process;
 * LLMP_E_NOMEM where it cannot start; else 0. */
int guest_check(void);

/* One stay of a host thread inside Go, on that thread's stack. */
struct guest_call {
  sigset_t host_mask;
  struct guest_call *outer; /* when a hook called us again */
};

/* Around each call of a go_* function: block all signals, put the mask back. */
void guest_enter(struct guest_call *call);
void guest_leave(struct guest_call *call);

/* Around C code of the host, or waiting, that Go calls from within such a
 * call: it runs on the thread's own stack, and with its own mask. */
void guest_host_begin(void);
void guest_host_end(void);

#endif /* LLMP_GUEST_H */
