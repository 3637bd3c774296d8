/* A message there and back between two processes that spin, a core each. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive.h"

#define WARM_UP 2000u

/* One end of two one-way channels between two processes. */
struct end {
  llmp_sender *out;
  llmp_receiver *in;
};

static void say_place(const llmp_sender *out, int fd) {
  llmp_map m;
  char line[128];
  (void)must(llmp_sender_map(out, &m), "describing a page");
  const int n = snprintf(line, sizeof line, "%.20s %" PRIu64 "\n", m.id, m.size);
  if (n <= 0 || write(fd, line, (size_t)n) != n) {
    fail("the other process is gone");
  }
}

static llmp_receiver *join_place(int fd) {
  llmp_map m = {.offset = LLMP_NO_OFFSET};
  llmp_receiver *in;
  char line[128];
  read_line(fd, line, sizeof line);
  char *space = strchr(line, ' ');
  if (space == NULL || space - line >= LLMP_MAP_ID_LEN) {
    fail("\"%s\" is no page", line);
  }
  memcpy(m.id, line, (size_t)(space - line));
  m.size = strtoull(space, NULL, 10);
  (void)must(llmp_receiver_attach_map(&in, &m, NULL), "joining a page");
  return in;
}

static struct end make_end(unsigned id, int from, int to) {
  struct end e;
  (void)must(llmp_sender_new(&e.out, id, NULL), "making a sender");
  say_place(e.out, to);
  e.in = join_place(from);
  return e;
}

static inline void take(const struct end *e, size_t size) {
  llmp_msg m;
  for (;;) {
    const int rc = llmp_receiver_recv(e->in, &m);
    if (__builtin_expect(rc == 1, 1)) {
      break;
    }
    (void)must(rc, "receiving");
    spin_pause();
  }
  if (m.len != size) {
    fail("%zu bytes came, not %zu", m.len, size);
  }
}

static void leave(struct end *e) {
  (void)must(llmp_receiver_close(e->in), "closing a receiver");
  (void)must(llmp_sender_close(e->out), "closing a sender");
}

/* The other process, with a pipe each way. */
struct partner {
  pid_t pid;
  int from, to;
};

static struct partner start_partner(char *self, size_t size, uint64_t rounds) {
  int down[2], up[2];
  char size_text[24], rounds_text[24];
  (void)snprintf(size_text, sizeof size_text, "%zu", size);
  (void)snprintf(rounds_text, sizeof rounds_text, "%" PRIu64, rounds);
  if (pipe(down) != 0 || pipe(up) != 0) {
    fail("no pipe: %s", strerror(errno));
  }
  const pid_t pid = fork();
  if (pid < 0) {
    fail("no process: %s", strerror(errno));
  }
  if (pid == 0) {
    char *const words[] = {
        self, (char *)"reply", (char *)"--size", size_text, (char *)"--rounds", rounds_text, NULL};
    (void)dup2(down[0], STDIN_FILENO);
    (void)dup2(up[1], STDOUT_FILENO);
    (void)close(down[1]);
    (void)close(up[0]);
    (void)execv("/proc/self/exe", words);
    _exit(127);
  }
  (void)close(down[0]);
  (void)close(up[1]);
  return (struct partner){pid, up[0], down[1]};
}

static void end_partner(struct partner *p) {
  int status;
  (void)close(p->to);
  while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
  }
  (void)close(p->from);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fail("the other process ended with status %#x", (unsigned)status);
  }
}

static void lead(char *self, size_t size, uint64_t rounds, uint64_t turn) {
  struct partner p = start_partner(self, size, rounds);
  struct end e = make_end(1, p.from, p.to);
  char line[16];
  unsigned char *payload = must_alloc(size + 1);
  struct samples samples = samples_new((size_t)rounds);
  memset(payload, 0x5a, size);
  read_line(p.from, line, sizeof line); /* it has joined, too */
  for (uint64_t i = 0; i < WARM_UP + rounds; i++) {
    const uint64_t start = now_ns();
    (void)must(llmp_sender_send(e.out, TAG, payload, size), "sending");
    take(&e, size);
    const uint64_t end = now_ns();
    if (i >= WARM_UP) {
      samples_add(&samples, (double)(end - start));
    }
  }
  leave(&e);
  end_partner(&p);
  free(payload);
  samples_report(&samples, PEER, "ns",
                 "\"bench\":\"round trip\",\"size\":%zu,\"turn\":%" PRIu64 ",\"clock_ns\":%.0f",
                 size, turn, clock_cost());
}

int reply(struct options *o) {
  const size_t size = (size_t)option_number(o, "size", 64);
  const uint64_t rounds = option_number(o, "rounds", 0);
  options_finish(o);
  (void)pin(1);
  struct end e = make_end(2, STDIN_FILENO, STDOUT_FILENO);
  unsigned char *payload = must_alloc(size + 1);
  memset(payload, 0xa5, size);
  say_line("go");
  for (uint64_t i = 0; i < WARM_UP + rounds; i++) {
    take(&e, size);
    (void)must(llmp_sender_send(e.out, TAG, payload, size), "sending");
  }
  /* The other side closes the pipe once it has read the last message. */
  char rest;
  while (read(STDIN_FILENO, &rest, 1) > 0) {
  }
  free(payload);
  leave(&e);
  return 0;
}

int round_trip(struct options *o, char *self) {
  uint64_t sizes[SIZES_MAX];
  const size_t count = option_numbers(o, "sizes", "64", sizes);
  const uint64_t rounds = option_number(o, "rounds", 100000);
  const uint64_t turns = option_number(o, "turns", 5);
  options_finish(o);
  if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
    fail("two processes that spin need two cores");
  }
  (void)pin(0);
  for (uint64_t turn = 0; turn < turns; turn++) {
    for (size_t i = 0; i < count; i++) {
      lead(self, (size_t)sizes[i], rounds, turn);
    }
  }
  return 0;
}
