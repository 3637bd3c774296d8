/*
 * A harness that forks while it is on the bus.
 *
 *   forks SCENARIO COUNT
 *
 * The parent must go on undisturbed: what it sends comes back, whole and in
 * order. The child gets LLMP_E_FORKED from everything on the parent's handles,
 * at once. A child that execs, and one that was forked before the first use,
 * connects anew.
 */
#include <errno.h>
#include <llmp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { TAG = 0xF0F0, CHILD_SECONDS = 60 };

static const char *self;
static uint16_t port;
static llmp_client *bus;

static void must(int good, const char *what) {
  if (!good) {
    (void)printf("WRONG: %s: %s\n", what, llmp_last_error());
    (void)fflush(stdout);
    _exit(1);
  }
}

static llmp_client *join(void) {
  llmp_client_options opts = LLMP_CLIENT_OPTIONS_INIT;
  llmp_client *c = NULL;
  opts.page_size = 64 << 10; /* so that pages change all the time */
  must(llmp_client_connect(&c, port, &opts) == 0, "connect");
  return c;
}

/* ------------------------------------------------- the parent's traffic */

struct parcel {
  uint32_t pid;
  uint32_t number;
  uint32_t filling[250];
};

static atomic_int finished;
static uint32_t echoed;

static void fill(struct parcel *p, uint32_t number) {
  p->pid = (uint32_t)getpid();
  p->number = number;
  for (size_t i = 0; i < sizeof p->filling / sizeof p->filling[0]; i++) {
    p->filling[i] = number * 2654435761u + (uint32_t)i;
  }
}

/* Sends parcels and takes them back from the broker: a window of 16. */
static void *traffic(void *unused) {
  struct parcel out, expected;
  uint32_t sent = 0;
  (void)unused;
  while (!atomic_load(&finished) || echoed < sent) {
    if (!atomic_load(&finished) && sent - echoed < 16) {
      fill(&out, sent);
      must(llmp_client_send(bus, TAG, &out, sizeof out) == 0, "the parent sends");
      sent++;
    }
    llmp_msg m;
    const int got = llmp_client_recv_wait(bus, &m, sent - echoed < 16 ? 0 : 20000);
    must(got >= 0, "the parent receives");
    must(got == 1 || sent - echoed <= 16, "a parcel of the parent is lost");
    if (got != 1 || m.tag != TAG || m.sender != llmp_client_id(bus)) {
      continue;
    }
    fill(&expected, echoed);
    must(m.len == sizeof expected && memcmp(m.data, &expected, sizeof expected) == 0,
         "a parcel of the parent is damaged or out of order");
    echoed++;
  }
  return NULL;
}

/* ------------------------------------------------------------- children */

/* Every kind of call. None may hang: the alarm would kill. */
static void expect_forked(void) {
  llmp_client *other = NULL;
  llmp_client_description d;
  llmp_msg m;
  llmp_map map;
  void *p = NULL;
  (void)alarm(CHILD_SECONDS);
  must(llmp_client_send(bus, TAG, "x", 1) == LLMP_E_FORKED, "send in a child");
  must(llmp_client_alloc(bus, 8, &p) == LLMP_E_FORKED, "alloc in a child");
  must(llmp_client_commit(bus, TAG, 0, 8) == LLMP_E_FORKED, "commit in a child");
  must(llmp_client_recv(bus, &m) == LLMP_E_FORKED, "recv in a child");
  must(llmp_client_recv_wait(bus, &m, LLMP_WAIT_FOREVER) == LLMP_E_FORKED, "waiting in a child");
  must(llmp_client_wait_fd(bus) == LLMP_E_FORKED, "wait_fd in a child");
  must(llmp_client_map(bus, &map) == LLMP_E_FORKED, "map in a child");
  must(llmp_client_describe(bus, &d) == LLMP_E_FORKED, "describe in a child");
  must(llmp_client_connect(&other, port, NULL) == LLMP_E_FORKED, "connect in a child");
  must(other == NULL && *llmp_last_error() != '\0', "an error without words");
  must(llmp_client_close(bus) == LLMP_E_FORKED, "close in a child");
}

static void become_anew(void) {
  (void)execl(self, self, "anew", "1", (char *)NULL);
  _exit(127);
}

static pid_t spawn_anew(void) {
  char *const argv[] = {(char *)self, "anew", "1", NULL};
  pid_t child = -1;
  must(posix_spawn(&child, self, NULL, NULL, argv, environ) == 0, "posix_spawn");
  return child;
}

/* The child of one round; each does something else. */
static pid_t one_child(int round) {
  if (round % 50 == 49) {
    return spawn_anew();
  }
  const pid_t child = fork();
  if (child != 0) {
    return child;
  }
  if (round % 50 == 24) {
    (void)alarm(CHILD_SECONDS);
    become_anew();
  }
  if (round % 10 == 3) { /* a grandchild */
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      expect_forked();
      _exit(0);
    }
    int status = -1;
    (void)waitpid(grandchild, &status, 0);
    must(status == 0, "a grandchild");
  }
  expect_forked();
  if (round % 10 == 7) {
    exit(0); /* with its exit handlers and destructors */
  }
  _exit(0);
}

static void reap(pid_t child) {
  int status = -1;
  must(child > 0 && waitpid(child, &status, 0) == child, "fork and wait");
  if (status != 0) {
    (void)printf("WRONG: a child ended with status %#x\n", (unsigned)status);
    exit(1);
  }
}

/* Forks while another thread sends and receives. */
static void hammer(int count) {
  pthread_t carrier;
  bus = join();
  must(pthread_create(&carrier, NULL, traffic, NULL) == 0, "a thread");
  for (int i = 0; i < count; i++) {
    reap(one_child(i));
  }
  atomic_store(&finished, 1);
  (void)pthread_join(carrier, NULL);
  must(echoed > 0, "no traffic");
  must(llmp_client_close(bus) == 0, "the parent closes");
  (void)printf("%d children\n", count);
}

/* One fork a test case, between sending and receiving, on one thread. */
static void each_case(int count) {
  bus = join();
  for (int i = 0; i < count; i++) {
    struct parcel p;
    llmp_msg m;
    fill(&p, (uint32_t)i);
    must(llmp_client_send(bus, TAG, &p, sizeof p) == 0, "send");
    reap(one_child(i));
    do {
      must(llmp_client_recv_wait(bus, &m, 20000) == 1, "the parent's parcel comes back");
    } while (m.tag != TAG || m.sender != llmp_client_id(bus));
    must(m.len == sizeof p && memcmp(m.data, &p, sizeof p) == 0, "the parent's parcel");
  }
  must(llmp_client_close(bus) == 0, "the parent closes");
  (void)printf("%d children\n", count);
}

static void anew(int count) {
  (void)count;
  (void)alarm(CHILD_SECONDS);
  bus = join();
  must(llmp_client_send(bus, TAG + 1, "anew", 4) == 0, "send");
  must(llmp_client_close(bus) == 0, "close");
}

/* What a fork server does: the library is linked, and was not used before. */
static void before_use(int count) {
  for (int i = 0; i < count; i++) {
    const pid_t child = fork();
    if (child == 0) {
      anew(1);
      _exit(0);
    }
    reap(child);
  }
  anew(1); /* and so can the parent, after all of them */
  (void)printf("%d children\n", count);
}

static void on_daemon(int count) {
  int ends[2];
  char word[16] = {0};
  (void)count;
  bus = join();
  must(pipe(ends) == 0, "pipe");
  (void)fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    must(daemon(1, 1) == 0, "daemon");
    expect_forked();
    must(write(ends[1], "forked", 6) == 6, "write");
    _exit(0);
  }
  reap(child);
  (void)close(ends[1]);
  must(read(ends[0], word, sizeof word) == 6, "the daemon's word");
  must(llmp_client_send(bus, TAG, "x", 1) == 0 && llmp_client_close(bus) == 0,
       "the parent goes on");
  (void)printf("the daemon is %s\n", word);
}

/* A daemon that uses the library only then. */
static void daemon_first(int count) {
  int ends[2];
  char word[16] = {0};
  (void)count;
  must(pipe(ends) == 0, "pipe");
  (void)fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    must(daemon(1, 1) == 0, "daemon");
    anew(1);
    must(write(ends[1], "joined", 6) == 6, "write");
    _exit(0);
  }
  reap(child);
  (void)close(ends[1]);
  must(read(ends[0], word, sizeof word) == 6, "the daemon's word");
  (void)printf("the daemon has %s\n", word);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(int);
  } scenarios[] = {
      {"hammer", hammer},         {"each-case", each_case}, {"anew", anew},
      {"before-use", before_use}, {"daemon", on_daemon},    {"daemon-first", daemon_first},
  };
  const char *text = getenv("GUEST_PORT");
  port = text == NULL ? 0 : (uint16_t)strtoul(text, NULL, 10);
  self = argv[0];
  (void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* daemons are waited for here, at the end */
  for (size_t i = 0; argc == 3 && i < sizeof scenarios / sizeof scenarios[0]; i++) {
    if (strcmp(argv[1], scenarios[i].name) == 0) {
      scenarios[i].run(atoi(argv[2]));
      while (wait(NULL) > 0) {
      }
      return 0;
    }
  }
  (void)fprintf(stderr, "usage: forks SCENARIO COUNT\n");
  return 2;
}
