/* broker.h - what the files of llmp_broker_* share. */
#ifndef LLMP_BROKER_H
#define LLMP_BROKER_H

#include "_cgo_export.h"
#include "callbacks.h"
#include "error.h"
#include "go_call.h"
#include "handle.h"

/* LLMP_E_BUSY where a hook calls what waits for that hook to return; else 0. */
int broker_not_in_hook(const struct handle *h);

/* Takes a broker for once or run: 0, or LLMP_E_BUSY if another has it. */
int broker_take(struct handle *h);
void broker_give_back(struct handle *h);

/* What a hook did wrong since the last call, as an error; else 0. */
int broker_hook_fault(struct handle *h);

/* Declares h, the broker behind ticket, or returns the error; not in a hook. */
#define BROKER_OR_RETURN(h, ticket)                \
  HANDLE_OR_RETURN(h, HANDLE_BROKER, ticket) {     \
    const int in_hook_rc_ = broker_not_in_hook(h); \
    if (in_hook_rc_ != 0) {                        \
      return in_hook_rc_;                          \
    }                                              \
  }

#endif /* LLMP_BROKER_H */
