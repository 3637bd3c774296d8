#include <llmp.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  llmp_client *bus;
  llmp_testcase found = LLMP_TESTCASE_INIT, t = LLMP_TESTCASE_INIT;
  found.data = "GET / HTTP/1.0";
  found.len = 14;
  if (llmp_client_connect(&bus, argc > 1 ? atoi(argv[1]) : LLMP_DEFAULT_PORT, NULL) < 0 ||
      llmp_testcase_send(bus, &found) < 0) {
    fprintf(stderr, "%s\n", llmp_last_error());
    return 1;
  }
  if (llmp_testcase_recv_wait(bus, &t, 5000) == 1)
    printf("test case of %zu bytes: %.*s\n", t.len, (int)t.len, (const char *)t.data);
  return llmp_client_close(bus) < 0;
}
