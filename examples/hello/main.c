#include <llmp.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
  llmp_client *bus;
  if (llmp_client_connect(&bus, argc > 1 ? atoi(argv[1]) : LLMP_DEFAULT_PORT, NULL) < 0 ||
      llmp_client_send(bus, 0x1234, "hello", 5) < 0) {
    fprintf(stderr, "%s\n", llmp_last_error());
    return 1;
  }
  llmp_msg m;
  if (llmp_client_recv_wait(bus, &m, 5000) == 1)
    printf("tag %#x: %.*s\n", m.tag, (int)m.len, (const char *)m.data);
  return llmp_client_close(bus) < 0;
}
