/* options.h - option structs that start with their size. */
#ifndef LLMP_OPTIONS_H
#define LLMP_OPTIONS_H

#include "llmp.h"

/* Reads the caller's options, which may be NULL, shorter (an older header) or
 * longer (a newer one, with nothing but zeros beyond what is known here), into
 * *out and checks what C can check. 0 or an llmp_error. */
int options_of_client(llmp_client_options *out, const llmp_client_options *in);
int options_of_broker(llmp_broker_options *out, const llmp_broker_options *in);

/* Copies what the caller's struct has room for, and keeps its size. */
int options_give_stats(llmp_stats *out, const llmp_stats *full);

#endif /* LLMP_OPTIONS_H */
