/* bus.h - a broker and its clients in one process, driven by one thread. */
#ifndef BUS_H
#define BUS_H

#include "drive.h"

/* A broker that listens on a port of its own. */
llmp_broker *bus_broker(uint16_t *port, const llmp_broker_options *options);

/* A client of it. It connects in a thread, while this one lets it in. */
llmp_client *bus_client(llmp_broker *broker, uint16_t port, const llmp_client_options *options);

/* The broker forwards count messages. */
void bus_forward(llmp_broker *broker, size_t count);

/* Reads what a client has not read yet, so that it holds up nobody. */
void bus_drain(llmp_client *client);

/* Closes a client: it waits for its broker, which this thread drives. */
void bus_leave(llmp_broker *broker, llmp_client *client);

#endif /* BUS_H */
