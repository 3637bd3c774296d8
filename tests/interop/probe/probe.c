/*
 * probe.c - the C side of these tests: the commands and the lines of the Rust
 * peer (USAGE in ../src/main.rs), on llmp.h. Single-threaded: it sends without
 * waiting and receives in between.
 */
#define _POSIX_C_SOURCE 200809L
#include <llmp.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

/* Waits so long for a message before it tries to send again, in milliseconds. */
enum { LOOK = 1, WAIT = 200 };

/* Ends the process with the library's sentence when a call has failed. */
static int must(const char *what, int result) {
  if (result < 0) {
    print_error(what, llmp_last_error());
    exit(1);
  }
  return result;
}

/* Sends message i, every other one without a copy. False: the bus is full. */
static bool send_one(llmp_sender *s, llmp_client *c, const series *out, uint64_t i) {
  size_t len = series_size(out, i);
  int result = 0;
  if (i % 2 == 0) {
    void *payload = NULL;
    result = c != NULL ? llmp_client_alloc(c, len, &payload) : llmp_sender_alloc(s, len, &payload);
    if (result == 0) {
      series_fill(out, i, (uint8_t *)payload);
      result = c != NULL ? llmp_client_commit(c, out->tag, out->flags, len)
                         : llmp_sender_commit(s, out->tag, out->flags, len);
    }
  } else {
    uint8_t *payload = (uint8_t *)malloc(len + 1);
    if (payload == NULL) exit(1);
    series_fill(out, i, payload);
    result = c != NULL ? llmp_client_send_flags(c, out->tag, out->flags, payload, len)
                       : llmp_sender_send_flags(s, out->tag, out->flags, payload, len);
    free(payload);
  }
  if (result == LLMP_E_FULL) return false;
  must("send", result);
  return true;
}

/* Sends out (on second, or else on c), reports what in wants, and waits until
 * the messages sent, from index back to below back_until, have come back. */
static void exchange(llmp_client *c, llmp_sender *second, const series *out, incoming *in,
                     uint64_t back, uint64_t back_until) {
  uint32_t own = second != NULL ? llmp_sender_id(second) : llmp_client_id(c);
  uint64_t next = out->start;
  while (next < out->end || back < back_until || in->got < in->limit) {
    bool sent = next < out->end && send_one(second, second != NULL ? NULL : c, out, next);
    if (sent) next++;
    if (back >= back_until && in->got >= in->limit) {
      const struct timespec look = {.tv_nsec = LOOK * 1000000};
      if (!sent) (void)nanosleep(&look, NULL);
      continue; /* what comes now is left unread */
    }
    llmp_msg m;
    int64_t patience = sent ? 0 : next < out->end ? LOOK : WAIT;
    int result = llmp_client_recv_wait(c, &m, patience);
    if (result == LLMP_E_CLOSED && in->limit == UINT64_MAX) {
      puts("{\"event\":\"closed\"}");
      return;
    }
    if (must("recv", result) == 0) continue;
    if (m.sender == own && m.tag == out->tag && back < back_until) {
      if (!series_matches(out, back, m.data, m.len)) {
        print_error("recv", "an own message came back changed");
        exit(1);
      }
      back++;
    }
    take(in, &m, m.sender == own);
  }
}

static llmp_client *connected(const options *o) {
  llmp_client *c = NULL;
  must("connect", llmp_client_connect(&c, o->port, &o->bus));
  print_joined(llmp_client_id(c));
  return c;
}

static int finish(llmp_client *c, uint64_t sent, uint64_t received) {
  must("close", llmp_client_close(c));
  print_done(sent, received);
  return 0;
}

static int converse(const options *o, const series *out, incoming in) {
  llmp_client *c = connected(o);
  exchange(c, NULL, out, &in, out->start, out->end);
  return finish(c, out->end - out->start, in.got);
}

static int run_send(const options *o) {
  incoming nothing = {0};
  return converse(o, &o->out, nothing);
}

static int run_recv(const options *o) {
  series nothing = {.size_count = 1};
  incoming in = {.limit = o->count > 0 ? o->count : UINT64_MAX,
                 .tag = o->out.tag,
                 .all_tags = o->all_tags,
                 .skip_own = o->skip_own};
  return converse(o, &nothing, in);
}

static int run_mixed(const options *o) {
  incoming in = {.limit = o->receive, .all_tags = true, .skip_own = true};
  return converse(o, &o->out, in);
}

/* Answers each message under another tag, straight from shared memory. */
static int run_echo(const options *o) {
  llmp_client_options waiting = o->bus;
  waiting.send_timeout_ms = LLMP_WAIT_FOREVER;
  llmp_client *c = NULL;
  must("connect", llmp_client_connect(&c, o->port, &waiting));
  print_joined(llmp_client_id(c));
  uint64_t seen = 0;
  for (uint64_t back = 0; back < o->count;) {
    llmp_msg m;
    if (must("recv", llmp_client_recv_wait(c, &m, WAIT)) == 0) continue;
    if (m.sender == llmp_client_id(c) && m.tag == o->reply_tag) {
      back++;
    } else if (m.tag == o->out.tag && seen < o->count) {
      must("send", llmp_client_send(c, o->reply_tag, m.data, m.len));
      seen++;
    }
  }
  return finish(c, seen, seen);
}

/* Tells the broker to forget a client. */
static int run_detach(const options *o) {
  must("detach", llmp_client_detach(o->port, o->as_id));
  print_done(0, 0);
  return 0;
}

/* ---------------------------------------------------------- hand-over */

static llmp_client *begin(const options *o) {
  llmp_client *c = connected(o);
  incoming nothing = {0};
  exchange(c, NULL, &o->out, &nothing, o->out.start, o->out.end - o->leave_unread);
  return c;
}

static int resume(const options *o, llmp_client *c) {
  print_joined(llmp_client_id(c));
  incoming in = {.limit = o->receive, .all_tags = true};
  exchange(c, NULL, &o->out, &in, o->out.start - o->unread, o->out.end);
  return finish(c, o->count, in.got);
}

static int run_to_env(const options *o) {
  llmp_client *c = begin(o);
  must("to_env", llmp_client_to_env(c, o->name));
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    execvp(o->rest[0], o->rest);
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
    print_error("to-env", "the command that took over failed");
    return 1;
  }
  /* No close: it would say EXITING at a place that is the other's by now. */
  print_done(o->count, 0);
  return 0;
}

static int run_from_env(const options *o) {
  llmp_client *c = NULL;
  must("attach_env", llmp_client_attach_env(&c, o->name, &o->bus));
  return resume(o, c);
}

static void describe(const llmp_client *c) {
  llmp_client_description d;
  uint8_t postcard[LLMP_DESCRIPTION_MAX];
  must("describe", llmp_client_describe(c, &d));
  int len = must("encode", llmp_description_encode(&d, postcard, sizeof postcard));
  print_description(postcard, (size_t)len);
}

static void until_stdin_closes(void) {
  while (getchar() != EOF) {
  }
}

static int run_describe(const options *o) {
  describe(begin(o));
  until_stdin_closes();
  print_done(o->count, 0); /* no close, as in run_to_env */
  return 0;
}

static llmp_client_description described(const options *o) {
  uint8_t postcard[LLMP_DESCRIPTION_MAX];
  size_t len = parse_hex(o->description, postcard, sizeof postcard);
  llmp_client_description d;
  must("decode", llmp_description_decode(&d, postcard, len));
  return d;
}

static int run_from_description(const options *o) {
  llmp_client_description d = described(o);
  llmp_client *c = NULL;
  must("attach_description", llmp_client_attach_description(&c, &d, &o->bus));
  return resume(o, c);
}

/* ----------------------------------------------- announce, p2p and main */

static void announce(llmp_client *c, const char *id, size_t size) {
  must("announce", llmp_client_announce(c, id, size));
  printf("{\"event\":\"announced\",\"id\":\"%s\",\"size\":%zu}\n", id, size);
}

static int run_announce(const options *o) {
  llmp_client *c = connected(o);
  if (o->map_id != NULL) {
    announce(c, o->map_id, o->map_size);
    return finish(c, 0, 0);
  }
  llmp_sender *second = NULL;
  llmp_map page;
  must("sender_new", llmp_sender_new(&second, o->as_id, &o->bus));
  must("sender_map", llmp_sender_map(second, &page));
  announce(c, page.id, (size_t)page.size);
  incoming nothing = {0};
  exchange(c, second, &o->out, &nothing, o->out.start, o->out.end);
  must("sender_close", llmp_sender_close(second));
  return finish(c, o->count, 0);
}

static int run_p2p_send(const options *o) {
  llmp_client_options waiting = o->bus;
  waiting.send_timeout_ms = LLMP_WAIT_FOREVER;
  llmp_client *c = NULL;
  must("new_p2p", llmp_client_new_p2p(&c, o->as_id, &waiting));
  describe(c);
  for (uint64_t i = o->out.start; i < o->out.end; i++) send_one(NULL, c, &o->out, i);
  until_stdin_closes();
  return finish(c, o->count, 0);
}

static int run_p2p_recv(const options *o) {
  llmp_client_description d = described(o);
  llmp_receiver *r = NULL;
  must("receiver_attach_map", llmp_receiver_attach_map(&r, &d.receiver, &o->bus));
  for (uint64_t got = 0; got < o->count;) {
    llmp_msg batch[16];
    llmp_msg *m = batch;
    int n = must("recv_many", llmp_receiver_recv_many(r, batch, sizeof batch / sizeof batch[0]));
    if (n == 0) n = must("recv_wait", llmp_receiver_recv_wait(r, batch, WAIT));
    for (; n > 0 && got < o->count; n--) print_message(got++, m++);
  }
  must("receiver_close", llmp_receiver_close(r));
  print_done(0, o->count);
  return 0;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int (*run)(const options *o);
  } commands[] = {
      {"send", run_send},         {"recv", run_recv},
      {"mixed", run_mixed},       {"echo", run_echo},
      {"to-env", run_to_env},     {"from-env", run_from_env},
      {"describe", run_describe}, {"from-description", run_from_description},
      {"announce", run_announce}, {"p2p-send", run_p2p_send},
      {"p2p-recv", run_p2p_recv}, {"detach", run_detach},
  };
  setvbuf(stdout, NULL, _IOLBF, 0);
  options o;
  parse_options(&o, argc, argv);
  o.bus.send_timeout_ms = LLMP_DONT_WAIT;
  alarm(o.timeout); /* SIGALRM ends the process */
  for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(&o);
  }
  print_error("probe", "no such command");
  return 2;
}
