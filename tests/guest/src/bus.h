/*
 * bus.h - the bus as the harnesses here see it. Linked four ways, see bus.c:
 * not at all, with libllmp.so, with libllmp.a, and by dlopen. Everything else
 * of a harness is the same, so what it reports must be too.
 */
#ifndef GUEST_BUS_H
#define GUEST_BUS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Connects to the broker on the port GUEST_PORT; ends the process if it cannot. */
void bus_join(void);

/* What a harness does for one input: sends it and receives what has come. */
void bus_turn(const void *data, size_t len);

/* Waits for a message that never comes (or sleeps) for so long. */
void bus_wait(int milliseconds);

/* Connects where nobody listens, for so long (or sleeps). */
void bus_knock(int milliseconds);

/* Connects a second time and leaves again. */
void bus_visit(void);

void bus_leave(void);

#ifdef __cplusplus
}
#endif

#endif /* GUEST_BUS_H */
