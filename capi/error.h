/* error.h - the calling thread's last error. */
#ifndef LLMP_CAPI_ERROR_H
#define LLMP_CAPI_ERROR_H

#include "llmp.h"

/* Remembers a sentence for llmp_last_error and returns code. */
__attribute__((cold, format(printf, 2, 3))) int error_set(int code, const char *format, ...);

#endif /* LLMP_CAPI_ERROR_H */
