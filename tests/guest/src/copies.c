/*
 * Several copies of the library in one process, loaded from the paths given;
 * with -DLINKED one more is linked with the program. Each has its own runtime
 * and must work beside the others, on one bus.
 *
 *   copies PATH...
 */
#include <dlfcn.h>
#include <llmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 4, TAG = 0xC0C0 };

struct copy {
  __typeof__(&llmp_client_connect) connect;
  __typeof__(&llmp_client_send) send;
  __typeof__(&llmp_client_recv_wait) recv_wait;
  __typeof__(&llmp_client_close) close;
  __typeof__(&llmp_last_error) last_error;
  llmp_client *bus;
};

static struct copy copies[MOST];
static size_t count;

static void must(int good, const struct copy *c, const char *what) {
  if (!good) {
    (void)printf("WRONG: copy %td: %s: %s\n", c - copies, what, c->last_error());
    exit(1);
  }
}

static void load(const char *path) {
  void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  struct copy *c = &copies[count++];
  if (lib == NULL) {
    (void)printf("WRONG: %s\n", dlerror());
    exit(1);
  }
  *(void **)&c->connect = dlsym(lib, "llmp_client_connect");
  *(void **)&c->send = dlsym(lib, "llmp_client_send");
  *(void **)&c->recv_wait = dlsym(lib, "llmp_client_recv_wait");
  *(void **)&c->close = dlsym(lib, "llmp_client_close");
  *(void **)&c->last_error = dlsym(lib, "llmp_last_error");
}

/* What `from` sends arrives at all the others. */
static void spread(size_t from) {
  char word[48]; /* others may say the same on this bus */
  (void)snprintf(word, sizeof word, "from %zu of %d", from, (int)getpid());
  must(copies[from].send(copies[from].bus, TAG, word, strlen(word)) == 0, &copies[from], "send");
  for (size_t i = 0; i < count; i++) {
    llmp_msg m;
    do {
      must(copies[i].recv_wait(copies[i].bus, &m, 20000) == 1, &copies[i], "receive");
    } while (m.tag != TAG || m.len != strlen(word) || memcmp(m.data, word, m.len) != 0);
  }
}

int main(int argc, char **argv) {
  const char *text = getenv("GUEST_PORT");
  const uint16_t port = text == NULL ? 0 : (uint16_t)strtoul(text, NULL, 10);
#ifdef LINKED
  copies[count++] = (struct copy){llmp_client_connect, llmp_client_send, llmp_client_recv_wait,
                                  llmp_client_close,   llmp_last_error,  NULL};
#endif
  for (int i = 1; i < argc; i++) {
    load(argv[i]);
  }
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < i; j++) {
      must(copies[i].connect != copies[j].connect, &copies[i], "is another copy");
    }
    must(copies[i].connect(&copies[i].bus, port, NULL) == 0, &copies[i], "connect");
  }
  for (size_t i = 0; i < count; i++) {
    spread(i);
  }
  /* One copy's handle is no other's: refused, not used. */
  must(copies[0].send(copies[1].bus, TAG, "x", 1) == LLMP_E_INVALID, &copies[0],
       "a strange handle");
  for (size_t i = 0; i < count; i++) {
    must(copies[i].close(copies[i].bus) == 0, &copies[i], "close");
  }
  (void)printf("%zu copies on one bus\n", count);
  return 0;
}
