/* lifecycle.h - making and closing handles that have a sending or a receiving
 * half: what llmp_client_*, llmp_sender_* and llmp_receiver_* share. */
#ifndef LLMP_LIFECYCLE_H
#define LLMP_LIFECYCLE_H

#include "_cgo_export.h"
#include "error.h"
#include "go_call.h"
#include "handle.h"

/* A handle under way. */
struct making {
  struct handle *h;
  llmp_client_options options;
  struct go_result r;
};

/* Checks what all constructors have in common and takes a handle: 0 or an error. */
int make_begin(struct making *m, enum handle_kind kind, const void *out,
               const llmp_client_options *opts);

/* Hands the handle out, or gives it back when m->r holds an error. */
int make_done(struct making *m, void **out);

#define MAKE_OR_RETURN(m, kind, out, opts)            \
  struct making m;                                    \
  const int m##_rc = make_begin(&m, kind, out, opts); \
  if (m##_rc != 0) {                                  \
    return m##_rc;                                    \
  }

/* Sets what is to be inherited in the environment: llmp_*_to_env. */
int handle_to_env(const struct handle *h, const char *name);

/* Closes a client, a sender or a receiver, in a forked child too. */
int handle_close(const void *ticket, enum handle_kind kind);

#endif /* LLMP_LIFECYCLE_H */
