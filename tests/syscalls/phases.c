/* Goes through a client's life on a bus, and marks each phase with a write that
 * fails (to descriptor -1), for scripts/check-syscalls.sh to see in strace's
 * output. Usage: phases PORT */
#include <llmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TAG = 0x1234, MESSAGES = 1000, PATIENCE_S = 120 };

static void phase(const char *name) {
  (void)syscall(SYS_write, -1, name, strlen(name));
}

/* Fails unless ok. */
static void must(int ok, const char *what) {
  if (!ok) {
    fprintf(stderr, "phases: %s: %s\n", what, llmp_last_error());
    exit(1);
  }
}

static void send_in_page(llmp_client *bus) {
  static const char data[64];
  void *payload;
  for (int i = 0; i < MESSAGES - 2; i++) {
    must(llmp_client_send(bus, TAG, data, sizeof data) == 0, "send");
  }
  const llmp_outgoing one = {.tag = TAG, .data = data, .len = sizeof data};
  must(llmp_client_send_many(bus, &one, 1) == 1, "send_many");
  must(llmp_client_alloc(bus, 100, &payload) == 0, "alloc");
  must(llmp_client_cancel(bus) == 0, "cancel");
  must(llmp_client_alloc(bus, 100, &payload) == 0, "alloc");
  must(llmp_client_shrink(bus, 80) == 0, "shrink");
  must(llmp_client_commit(bus, TAG, 0, 64) == 0, "commit");
}

/* Looks until n messages came, without ever waiting. */
static void receive(llmp_client *bus, int n) {
  llmp_msg m[16];
  while (n > 0) {
    const int got = llmp_client_recv_many(bus, m, n < 16 ? (size_t)n : 16);
    must(got >= 0, "recv_many");
    n -= got;
  }
}

/* A channel without a broker, where nobody sleeps: nothing but memory. */
static void within_a_page(void) {
  llmp_client *channel;
  phase("start"); /* the first call that needs the runtime: here one that fails at once */
  llmp_client_description none;
  (void)llmp_description_decode(&none, "", 0);
  phase("channel");
  must(llmp_client_new_p2p(&channel, 1, NULL) == 0, "new_p2p");
  phase("send");
  send_in_page(channel);
  phase("receive");
  receive(channel, MESSAGES);
  phase("close the channel"); /* nobody else reads it: there is nobody to wait for */
  must(llmp_client_mark_safe_to_unmap(channel) == 0, "mark_safe_to_unmap");
  must(llmp_client_close(channel) == 0, "close");
}

static void on_a_bus(uint16_t port) {
  static char large[64 << 10];
  llmp_client *bus;
  llmp_client_description description;
  llmp_msg m;
  phase("connect");
  must(llmp_client_connect(&bus, port, NULL) == 0, "connect");
  phase("first receive");
  must(llmp_client_recv(bus, &m) == 0, "recv");
  phase("sleep"); /* and so does the broker, after a while */
  must(llmp_client_recv_wait(bus, &m, 200) == 0, "recv_wait");
  phase("ring");
  must(llmp_client_send(bus, TAG, "x", 1) == 0, "send");
  phase("");
  receive(bus, 1);
  phase("describe");
  must(llmp_client_describe(bus, &description) == 0, "describe");
  phase("turn the page"); /* both pages, 1 MiB each, are full after so many */
  for (int i = 0; i < 20; i++) {
    must(llmp_client_send(bus, TAG, large, sizeof large) == 0, "send");
  }
  receive(bus, 20);
  phase("wait_fd");
  must(llmp_client_wait_fd(bus) >= 0, "wait_fd");
  phase("close");
  must(llmp_client_close(bus) == 0, "close");
}

int main(int argc, char **argv) {
  phase("main");
  alarm(PATIENCE_S);
  within_a_page();
  on_a_bus((uint16_t)atoi(argc > 1 ? argv[1] : "1337"));
  phase("exit");
  return 0;
}
