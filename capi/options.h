/* options.h - option structs that start with their size. */
#ifndef LLMP_OPTIONS_H
#define LLMP_OPTIONS_H

#include "llmp.h"

/* Reads the caller's options, which may be NULL, shorter (an older header) or
 * longer (a newer one, with nothing but zeros beyond what is known here), into
 * *out and checks what C can check. 0 or an llmp_error. */
int options_of_client(llmp_client_options *out, const llmp_client_options *in);
int options_of_broker(llmp_broker_options *out, const llmp_broker_options *in);

/* The same for any struct whose first field is its size: in must not be NULL,
 * out has known bytes. name is for the error. */
int options_read(void *out, size_t known, const void *in, const char *name);

/* Is *out, a struct of the caller that is to be filled, there and its size
 * sensible? */
int options_check_size(const void *out, const char *name);

/* Copies what the caller's struct has room for of the known bytes of *full, and
 * keeps its size, which is sensible. What a newer header has beyond reads as 0. */
void options_give(void *out, const void *full, size_t known);

#endif /* LLMP_OPTIONS_H */
