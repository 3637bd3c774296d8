/* The bus in four ways: BUS_NONE, BUS_DLOPEN or linked. See bus.h. */
#include "bus.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void pass_time(int milliseconds) {
  struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  while (nanosleep(&left, &left) != 0) {
  }
}

#ifdef BUS_NONE

void bus_join(void) {}
void bus_turn(const void *data, size_t len) {
  (void)data;
  (void)len;
}
void bus_wait(int milliseconds) {
  pass_time(milliseconds);
}
void bus_knock(int milliseconds) {
  pass_time(milliseconds);
}
void bus_visit(void) {}
void bus_leave(void) {}

#else

#include <llmp.h>

enum { TAG = 0x6E57 };

static llmp_client *bus;

#ifdef BUS_DLOPEN
#include <dlfcn.h>

static struct {
  __typeof__(&llmp_client_connect) connect;
  __typeof__(&llmp_client_send) send;
  __typeof__(&llmp_client_recv) recv;
  __typeof__(&llmp_client_recv_wait) recv_wait;
  __typeof__(&llmp_client_close) close;
  __typeof__(&llmp_last_error) last_error;
} api;

static void load(void) {
  if (api.connect != NULL) {
    return;
  }
  void *lib = dlopen(BUS_DLOPEN, RTLD_NOW | RTLD_LOCAL);
  if (lib == NULL) {
    (void)fprintf(stderr, "%s\n", dlerror());
    _exit(99);
  }
  *(void **)&api.connect = dlsym(lib, "llmp_client_connect");
  *(void **)&api.send = dlsym(lib, "llmp_client_send");
  *(void **)&api.recv = dlsym(lib, "llmp_client_recv");
  *(void **)&api.recv_wait = dlsym(lib, "llmp_client_recv_wait");
  *(void **)&api.close = dlsym(lib, "llmp_client_close");
  *(void **)&api.last_error = dlsym(lib, "llmp_last_error");
}

#define llmp_client_connect api.connect
#define llmp_client_send api.send
#define llmp_client_recv api.recv
#define llmp_client_recv_wait api.recv_wait
#define llmp_client_close api.close
#define llmp_last_error api.last_error
#else
static void load(void) {}
#endif

/* Another exit code than any crash has. */
static void must(int rc, const char *what) {
  if (rc < 0) {
    (void)fprintf(stderr, "bus: %s: %s\n", what, llmp_last_error());
    if (getenv("GUEST_STRICT") != NULL) { /* an engine may overlook an exit code */
      abort();
    }
    _exit(98);
  }
}

static uint16_t port(void) {
  const char *text = getenv("GUEST_PORT");
  return text == NULL ? 0 : (uint16_t)strtoul(text, NULL, 10);
}

void bus_join(void) {
  llmp_client_options opts = LLMP_CLIENT_OPTIONS_INIT;
  opts.connect_timeout_ms = 3000;
  load();
  must(llmp_client_connect(&bus, port(), &opts), "connect");
  bus_turn("hello", 5);
}

void bus_turn(const void *data, size_t len) {
  llmp_msg m;
  must(llmp_client_send(bus, TAG, data, len), "send");
  while (llmp_client_recv(bus, &m) == 1) {
  }
}

void bus_wait(int milliseconds) {
  struct timespec begin, now;
  llmp_msg m;
  (void)clock_gettime(CLOCK_MONOTONIC, &begin);
  int left = milliseconds;
  do {
    must(llmp_client_recv_wait(bus, &m, left), "recv_wait");
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    left = milliseconds -
           (int)((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000);
  } while (left > 0);
}

void bus_knock(int milliseconds) {
  llmp_client_options opts = LLMP_CLIENT_OPTIONS_INIT;
  llmp_client *nobody = NULL;
  opts.connect_timeout_ms = milliseconds;
  if (llmp_client_connect(&nobody, 1, &opts) != LLMP_E_REFUSED) {
    (void)fprintf(stderr, "bus: somebody listens on port 1, or: %s\n", llmp_last_error());
    _exit(98);
  }
  (void)pass_time;
}

void bus_visit(void) {
  llmp_client *second = NULL;
  must(llmp_client_connect(&second, port(), NULL), "connect again");
  must(llmp_client_send(second, TAG, "visit", 5), "send");
  must(llmp_client_close(second), "close");
}

void bus_leave(void) {
  must(llmp_client_close(bus), "close");
  bus = NULL;
}

#endif
