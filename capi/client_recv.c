/* llmp_client_*: receiving. The work is in recv.h and recv.c. */
#include "recv.h"

int llmp_client_recv(llmp_client *c, llmp_msg *out) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return recv_message(h, out);
}

int llmp_client_recv_many(llmp_client *c, llmp_msg *out, size_t max) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return recv_many(h, out, max);
}

int llmp_client_recv_wait(llmp_client *c, llmp_msg *out, int64_t timeout_ms) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return recv_wait(h, out, timeout_ms);
}

int llmp_client_wait_fd(llmp_client *c) {
  HANDLE_OR_RETURN(h, HANDLE_CLIENT, c);
  return recv_wait_fd(h);
}
