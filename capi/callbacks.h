/*
 * callbacks.h - functions of the host that a broker calls.
 *
 * They run in the thread that called once or run. The function of on_timeout is
 * called by run itself, from C. Hooks are called from within the core, so
 * other calls on the same broker would wait for themselves there: all but
 * llmp_broker_send and llmp_broker_stop are refused.
 */
#ifndef LLMP_CALLBACKS_H
#define LLMP_CALLBACKS_H

#include <stdint.h>

#include "handle.h"

/* Adds a hook behind the others. 0, or LLMP_E_NOMEM. */
int hooks_add(struct handle *h, llmp_hook_fn fn, void *user);
void hooks_free(struct hook *first);

/* Called by the core for each message, which lies in h->broker.hook_msg: a
 * verdict. Errors of a hook are kept in h->broker.hook_fault. */
int hooks_run(void *handle, uint32_t client);

/* Whether the calling thread is inside a hook of this broker. */
bool hooks_inside(const struct handle *h);

#endif /* LLMP_CALLBACKS_H */
