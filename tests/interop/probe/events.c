/*
 * events.c PORT N - sends the test cases that every party of the test of events
 * sends (../libafl/src/main.rs), reports N test cases of the others.
 */
#include <llmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "sha256.h"

static const size_t lengths[] = {0, 5, 1000, 1003, 1004, 1005, 4096, 300000, 1};

/* Ends the program when a call has failed. */
static int check(int result) {
  if (result < 0) {
    printf("{\"event\": \"error\", \"error\": \"%s: %s\"}\n", llmp_strerror(result),
           llmp_last_error());
    exit(1);
  }
  return result;
}

static void send_all(llmp_client *bus) {
  static unsigned char data[300000];
  llmp_testcase t = LLMP_TESTCASE_INIT;
  t.data = data;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    t.len = lengths[i];
    for (size_t k = 0; k < t.len; k++) {
      data[k] = (unsigned char)(k * 7 + k / 256 + i * 13);
    }
    t.exit_kind = (uint32_t)i % 4;
    t.corpus_size = i + 1;
    t.executions = 1000 + i;
    check(llmp_testcase_send(bus, &t));
  }
  t.kind = LLMP_EVENT_OBJECTIVE;
  t.data = "boom";
  t.len = 4;
  t.corpus_size = 3;
  t.executions = 2000;
  check(llmp_testcase_send(bus, &t));
  check(llmp_heartbeat_send(bus, 2000));
  llmp_user_stat s = LLMP_USER_STAT_INIT;
  s.name = "edges";
  s.value = LLMP_STAT_RATIO;
  s.aggregate = LLMP_AGGREGATE_AVG;
  s.number = 12;
  s.whole = 400;
  s.executions = 2000;
  check(llmp_user_stat_send(bus, &s));
}

int main(int argc, char **argv) {
  llmp_client *bus;
  llmp_client_options o = LLMP_CLIENT_OPTIONS_INIT;
  if (argc != 3) {
    return 2;
  }
  o.skip_own = 1;
  setvbuf(stdout, NULL, _IOLBF, 0);
  check(llmp_client_connect(&bus, (uint16_t)atoi(argv[1]), &o));
  printf("{\"event\": \"joined\", \"client_id\": %u}\n", llmp_client_id(bus));
  send_all(bus);
  for (int left = atoi(argv[2]); left > 0; left--) {
    llmp_testcase t = LLMP_TESTCASE_INIT;
    char sum[SHA256_TEXT];
    if (check(llmp_testcase_recv_wait(bus, &t, 80000)) == 0) {
      puts("{\"event\": \"error\", \"error\": \"the others keep quiet\"}");
      return 1;
    }
    sha256(t.data, t.len, sum);
    printf(
        "{\"event\": \"testcase\", \"sender\": %u, \"len\": %zu, \"sha256\": \"%s\", \"exit\": %u, "
        "\"corpus\": %llu, \"executions\": %llu}\n",
        t.sender, t.len, sum, t.exit_kind, (unsigned long long)t.corpus_size,
        (unsigned long long)t.executions);
  }
  check(llmp_client_close(bus));
  printf("{\"event\": \"done\", \"received\": %s}\n", argv[2]);
  return 0;
}
