/* A fuzzer in 60 lines, with a main() of its own and no engine: it mutates the
 * test cases it has and those of others on the bus, and sends what is new to it.
 * What counts as new here is the set of marks that the target leaves. */
#include <llmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LEN 64u
#define MAX_CORPUS 1024u

static struct {
  unsigned char data[MAX_LEN];
  size_t len;
} corpus[MAX_CORPUS];
static size_t corpus_size = 1; /* one empty test case */

/* The target: a parser of lines such as "k3=17;". Returns a mark for each state. */
static unsigned parse(const unsigned char *data, size_t len) {
  unsigned marks = 0, depth = 0;
  for (size_t i = 0; i < len && depth < 32; i++) {
    static const char line[] = "k3=17;k4=<xml>;k5={json};end.";
    if (data[i] != (unsigned char)line[depth % (sizeof line - 1)]) break;
    marks |= 1u << depth++;
  }
  return marks;
}

/* Runs a test case; keeps it, and says 1, if it reached something new. */
static int try_out(const unsigned char *data, size_t len) {
  static unsigned reached;
  const unsigned marks = parse(data, len);
  if (len > MAX_LEN || corpus_size == MAX_CORPUS || (marks & ~reached) == 0) return 0;
  reached |= marks;
  memcpy(corpus[corpus_size].data, data, len);
  corpus[corpus_size++].len = len;
  return 1;
}

int main(int argc, char **argv) {
  const unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000000;
  const char *port = getenv("LLMP_PORT");
  llmp_client_options opts = LLMP_CLIENT_OPTIONS_INIT;
  opts.skip_own = 1;
  llmp_client *bus;
  if (llmp_client_connect(&bus, port ? (uint16_t)atoi(port) : LLMP_DEFAULT_PORT, &opts) < 0) {
    fprintf(stderr, "%s\n", llmp_last_error());
    return 1;
  }
  unsigned long sent = 0, taken = 0;
  for (unsigned long run = 0; run < runs; run++) {
    llmp_testcase t = LLMP_TESTCASE_INIT;
    while (llmp_testcase_recv(bus, &t) == 1) taken += (unsigned long)try_out(t.data, t.len);
    unsigned char input[MAX_LEN + 1];
    const size_t from = (size_t)rand() % corpus_size;
    size_t len = corpus[from].len;
    memcpy(input, corpus[from].data, len);
    input[len] = (unsigned char)rand();
    len += len < MAX_LEN;
    if (!try_out(input, len)) continue;
    t = (llmp_testcase)LLMP_TESTCASE_INIT;
    t.data = input;
    t.len = len;
    t.corpus_size = corpus_size;
    t.executions = run + 1;
    sent += llmp_testcase_send(bus, &t) == 0;
  }
  printf("corpus %zu: sent %lu test cases, took %lu of others\n", corpus_size, sent, taken);
  return llmp_client_close(bus) < 0;
}
