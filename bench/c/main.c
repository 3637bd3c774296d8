/*
 * llmp-bench-c: what the library costs a C program, on this machine, now.
 * Prints JSON, an object a line. bench/run builds and calls it.
 */
#include <stdio.h>
#include <string.h>

#include "drive.h"

static const char usage[] =
    "llmp-bench-c COMMAND [OPTIONS]\n"
    "\n"
    "  pipeline    what a message costs in each step, in one thread\n"
    "              --sizes 8,64,1024,65536  --megabytes 32 (a step, a turn)  --turns 5\n"
    "              --history all\n"
    "  bare-pipeline\n"
    "              the copies of such a pipeline, without a bus around them\n"
    "              --sizes 8,64,1024,65536  --megabytes 32  --turns 5\n"
    "  round-trip  a message there and back between two processes that spin, pinned\n"
    "              to a core each: a sender and a receiver each\n"
    "              --sizes 64  --rounds 100000  --turns 5\n"
    "  bare-wake   from the first of three processes to the last, which sleep on a futex\n"
    "              each and wake the next\n"
    "              --messages 1000  --pause-us 1500\n"
    "\n"
    "Clients of a bus of processes, whose broker llmp-bench-go is. They say \"ready\"\n"
    "on stdout and leave when their stdin closes; --core N keeps them on one core:\n"
    "\n"
    "  send        --port P  --messages 1000000  --size 64  --pause-us 0 (then with the\n"
    "              time of sending); begins when it reads a line\n"
    "  recv        --port P  --messages 1000000  --latency 0  --spin-us 0\n"
    "              --every 0 (says so each time it has got so many)\n"
    "  hold        --port P  --clients 1  --wait 0 (1: each waits in a thread)\n"
    "\n"
    "--timeout SECONDS (300) bounds each process.\n";

int main(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], "--help") == 0) {
    (void)fputs(usage, argc < 2 ? stderr : stdout);
    return argc < 2 ? 2 : 0;
  }
  struct options o = options_parse(argc - 2, argv + 2);
  limit_life((unsigned)option_number(&o, "timeout", LIFE_LIMIT));
  const char *command = argv[1];
  if (strcmp(command, "pipeline") == 0) {
    return pipeline(&o);
  }
  if (strcmp(command, "round-trip") == 0) {
    return round_trip(&o, argv[0]);
  }
  if (strcmp(command, "reply") == 0) { /* the other process of a round trip */
    return reply(&o);
  }
  if (strcmp(command, "bare-pipeline") == 0) {
    return bare_pipeline(&o);
  }
  if (strcmp(command, "bare-wake") == 0) {
    return bare_wake(&o);
  }
  if (strcmp(command, "send") == 0) {
    return role_send(&o);
  }
  if (strcmp(command, "recv") == 0) {
    return role_recv(&o);
  }
  if (strcmp(command, "hold") == 0) {
    return role_hold(&o);
  }
  (void)fprintf(stderr, "no command is called \"%s\"\n\n%s", command, usage);
  return 2;
}
