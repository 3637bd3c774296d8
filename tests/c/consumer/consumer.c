/* The smallest use of an installed llmp: one message, out and in. */
#include <llmp.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  llmp_client *c = NULL;
  llmp_msg m;
  if (strcmp(llmp_version(), LLMP_VERSION_STRING) != 0) {
    printf("header %s, library %s\n", LLMP_VERSION_STRING, llmp_version());
    return 1;
  }
  if (llmp_client_new_p2p(&c, 1, NULL) < 0 || llmp_client_send(c, 0x1234, "hello", 5) < 0) {
    printf("%s\n", llmp_last_error());
    return 1;
  }
  if (llmp_client_recv(c, &m) != 1 || m.len != 5 || memcmp(m.data, "hello", 5) != 0) {
    printf("the message did not arrive\n");
    return 1;
  }
  if (llmp_client_mark_safe_to_unmap(c) < 0 || llmp_client_close(c) < 0) {
    printf("%s\n", llmp_last_error());
    return 1;
  }
  printf("C: hello from llmp %s\n", llmp_version());
  return 0;
}
