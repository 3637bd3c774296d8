#include <llmp.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  llmp_client *bus;
  if (llmp_client_connect(&bus, argc > 1 ? atoi(argv[1]) : LLMP_DEFAULT_PORT, NULL) < 0) {
    fprintf(stderr, "%s\n", llmp_last_error());
    return 1;
  }
  llmp_msg m;
  while (llmp_client_recv_wait(bus, &m, LLMP_WAIT_FOREVER) == 1) {
    printf("from client %u, tag %#x: %zu bytes\n", m.sender, m.tag, m.len);
    fflush(stdout);
  }
  fprintf(stderr, "%s\n", llmp_last_error()); /* the broker has ended */
  llmp_client_close(bus);
  return 0;
}
