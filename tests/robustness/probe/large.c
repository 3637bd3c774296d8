/*
 * large.c - sends or receives one message of the largest size. PORT send|recv: see
 * playLarge (large_test.go), which does the same in Go.
 */
#define _POSIX_C_SOURCE 200809L
#include <llmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG = 0x6000 };

static int failed(const char *what) {
  printf("%s: %s\n", what, llmp_last_error());
  return 1;
}

/* Word i of the message. */
static uint64_t word(uint64_t i) {
  return (i + 1) * 0x9e3779b97f4a7c15u;
}

static int send_it(llmp_client *bus) {
  char one = 0;
  void *data = NULL;
  uint64_t *words;
  /* Nothing of that is read: it is too much. */
  if (llmp_client_send(bus, TAG, &one, (size_t)LLMP_MAX_PAYLOAD + 1) != LLMP_E_TOOBIG ||
      llmp_client_alloc(bus, (size_t)LLMP_MAX_PAYLOAD + 1, &data) != LLMP_E_TOOBIG ||
      llmp_client_send(bus, TAG, &one, SIZE_MAX) != LLMP_E_TOOBIG) {
    return failed("one byte too many was not refused");
  }
  if (llmp_client_alloc(bus, (size_t)LLMP_MAX_PAYLOAD, &data) != 0) return failed("alloc");
  words = data;
  for (uint64_t i = 0; i < LLMP_MAX_PAYLOAD / 8; i++) words[i] = word(i);
  if (llmp_client_commit(bus, TAG, 0, (size_t)LLMP_MAX_PAYLOAD) != 0) return failed("commit");
  if (llmp_client_send(bus, TAG, "small", 5) != 0) return failed("send");
  puts("sent");
  return 0;
}

static int receive_it(llmp_client *bus) {
  llmp_msg m;
  const uint64_t *words;
  if (llmp_client_recv_wait(bus, &m, LLMP_WAIT_FOREVER) != 1) return failed("recv");
  if (m.tag != TAG || m.len != LLMP_MAX_PAYLOAD) {
    printf("%zu bytes came under tag %#x\n", m.len, m.tag);
    return 1;
  }
  words = (const uint64_t *)m.data;
  for (uint64_t i = 0; i < LLMP_MAX_PAYLOAD / 8; i++) {
    if (words[i] != word(i)) {
      printf("byte %llu is wrong\n", (unsigned long long)i * 8);
      return 1;
    }
  }
  if (llmp_client_recv_wait(bus, &m, LLMP_WAIT_FOREVER) != 1) return failed("recv");
  if (m.len != 5 || memcmp(m.data, "small", 5) != 0) {
    puts("the next message is wrong");
    return 1;
  }
  puts("received");
  return 0;
}

int main(int argc, char **argv) {
  int status;
  llmp_client *bus = NULL;
  llmp_client_options opts = LLMP_CLIENT_OPTIONS_INIT;
  if (argc != 3) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  opts.skip_own = 1;
  if (llmp_client_connect(&bus, (uint16_t)atoi(argv[1]), &opts) < 0) return failed("connect");
  puts("joined");
  (void)getchar(); /* the test says when */
  status = strcmp(argv[2], "send") == 0 ? send_it(bus) : receive_it(bus);
  (void)getchar();
  llmp_client_close(bus);
  return status;
}
