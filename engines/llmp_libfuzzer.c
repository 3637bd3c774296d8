/* See llmp_libfuzzer.h. */
#define _GNU_SOURCE
#include "llmp_libfuzzer.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "llmp_exchange.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* How often the corpus directory is looked at: a system call each time. */
#define LOOK_EVERY_MS 20

static struct {
  struct llmp_exchange bus;
  char corpus[PATH_MAX]; /* the first corpus directory */
  int temporary;         /* ... which is ours */
  int watch;             /* inotify on it */
  pid_t owner;
  uint64_t executions;
  uint64_t next_look_ms;
  int last_was_foreign;
  int said_end;
} fuzzer;

/* ------------------------------------------------------ finds go out */

static void send_file(const char *name) {
  char path[PATH_MAX + NAME_MAX + 2];
  snprintf(path, sizeof path, "%s/%s", fuzzer.corpus, name);
  llmp_exchange_send_file(&fuzzer.bus, LLMP_EVENT_TESTCASE, path);
}

/* Every file of the directory: at the start, and when events were lost. */
static void send_all(void) {
  DIR *dir = opendir(fuzzer.corpus);
  if (dir == NULL) {
    return;
  }
  for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
    if (e->d_name[0] != '.') {
      send_file(e->d_name);
    }
  }
  closedir(dir);
}

static void send_new(void) {
  _Alignas(struct inotify_event) char buf[16384];
  int lost = 0;
  ssize_t n;
  while ((n = read(fuzzer.watch, buf, sizeof buf)) > 0) {
    for (const char *at = buf; at < buf + n;) {
      const struct inotify_event *e = (const void *)at;
      if (e->mask & IN_Q_OVERFLOW) {
        lost = 1;
      } else if (e->len > 0) {
        send_file(e->name);
      }
      at += sizeof *e + e->len;
    }
  }
  if (lost) {
    send_all();
  }
}

/* ---------------------------------------------------- others' come in */

/* Others' test case that a mutation may not be long enough for yet: libFuzzer
 * starts with short ones. It finds it in its corpus directory instead. */
static void leave_in_corpus(const llmp_testcase *t) {
  char path[PATH_MAX + 32];
  char hidden[PATH_MAX + 32];
  const unsigned long n = (unsigned long)fuzzer.bus.received;
  snprintf(hidden, sizeof hidden, "%s/.llmp-%d-%lu", fuzzer.corpus, (int)fuzzer.owner, n);
  snprintf(path, sizeof path, "%s/llmp-%d-%lu", fuzzer.corpus, (int)fuzzer.owner, n);
  FILE *f = fopen(hidden, "wxe");
  if (f == NULL) {
    return;
  }
  const int written = fwrite(t->data, 1, t->len, f) == t->len;
  if (fclose(f) != 0 || !written || rename(hidden, path) != 0) {
    unlink(hidden);
  }
}

static size_t next_foreign(uint8_t *data, size_t max_size) {
  llmp_testcase t = LLMP_TESTCASE_INIT;
  while (llmp_exchange_next(&fuzzer.bus, &t) == 1) {
    if (t.len == 0) {
      continue; /* libFuzzer has tried the empty input long ago */
    }
    if (t.len <= max_size) {
      memcpy(data, t.data, t.len);
      return t.len;
    }
    leave_in_corpus(&t);
  }
  return 0;
}

size_t llmp_libfuzzer_mutate(uint8_t *data, size_t max_size) {
  if (fuzzer.bus.bus == NULL) {
    return 0;
  }
  fuzzer.executions++;
  const uint64_t now = now_ms();
  if (now >= fuzzer.next_look_ms) {
    fuzzer.next_look_ms = now + LOOK_EVERY_MS;
    send_new();
    llmp_exchange_alive(&fuzzer.bus, fuzzer.executions);
  }
  fuzzer.last_was_foreign = !fuzzer.last_was_foreign;
  const size_t n = fuzzer.last_was_foreign ? next_foreign(data, max_size) : 0;
  if (fuzzer.bus.bus == NULL && !fuzzer.said_end) {
    fuzzer.said_end = 1;
    fprintf(stderr, "INFO: llmp: the broker has ended; fuzzing goes on alone\n");
  }
  return n;
}

/* ------------------------------------------------------------- set-up */

static int is_set(const char *arg, const char *name) {
  const size_t n = strlen(name);
  return strncmp(arg, name, n) == 0 && arg[n] == '=' && strcmp(arg + n + 1, "0") != 0;
}

/* Whether this process fuzzes; *corpus: its first directory, or NULL. */
static int fuzzes(int argc, char **argv, const char **corpus) {
  static const char *const other[] = {
      "-fork", "-jobs", "-merge", "-minimize_crash", "-cleanse_crash", "-help", "-set_cover_merge"};
  *corpus = NULL;
  for (int i = 1; i < argc; i++) {
    struct stat st;
    for (size_t k = 0; k < sizeof other / sizeof *other; k++) {
      if (is_set(argv[i], other[k])) {
        return 0;
      }
    }
    if (argv[i][0] == '-' || *corpus != NULL) {
      continue;
    }
    if (stat(argv[i], &st) == 0 && S_ISREG(st.st_mode)) {
      return 0; /* single inputs are run, nothing is looked for */
    }
    *corpus = argv[i];
  }
  return 1;
}

/* Gives libFuzzer a directory for its finds, since the user has named none. */
static int add_directory(int *argc, char ***argv) {
  const char *tmp = getenv("TMPDIR");
  snprintf(fuzzer.corpus, sizeof fuzzer.corpus, "%s/llmp-corpus-XXXXXX",
           tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
  char **more = malloc(((size_t)*argc + 2) * sizeof *more);
  if (more == NULL || mkdtemp(fuzzer.corpus) == NULL) {
    free(more);
    return 0;
  }
  memcpy(more, *argv, (size_t)*argc * sizeof *more);
  more[*argc] = fuzzer.corpus;
  more[*argc + 1] = NULL;
  *argv = more; /* libFuzzer keeps it to the end */
  *argc += 1;
  fuzzer.temporary = 1;
  return 1;
}

static void remove_directory(void) {
  DIR *dir = opendir(fuzzer.corpus);
  if (dir == NULL) {
    return;
  }
  for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
    unlinkat(dirfd(dir), e->d_name, 0); /* "." and ".." refuse to go */
  }
  closedir(dir);
  rmdir(fuzzer.corpus);
}

/* At exit; a crash ends the process without it, and then a temporary directory
 * stays, which holds what was found. */
static void leave(void) {
  if (getpid() != fuzzer.owner) {
    return;
  }
  if (fuzzer.bus.bus != NULL) {
    send_new();
  }
  fprintf(stderr, "INFO: llmp: sent %llu test cases, received %llu\n",
          (unsigned long long)fuzzer.bus.sent, (unsigned long long)fuzzer.bus.received);
  llmp_exchange_close(&fuzzer.bus);
  if (fuzzer.temporary) {
    remove_directory();
  }
}

int llmp_libfuzzer_initialize(int *argc, char ***argv) {
  const char *corpus;
  if (fuzzer.bus.bus != NULL || !fuzzes(*argc, *argv, &corpus)) {
    return fuzzer.bus.bus != NULL;
  }
  if (llmp_exchange_open(&fuzzer.bus, 0) < 0) {
    fprintf(stderr, "INFO: llmp: fuzzing alone: %s\n", llmp_last_error());
    return 0;
  }
  if (corpus != NULL) {
    snprintf(fuzzer.corpus, sizeof fuzzer.corpus, "%s", corpus);
    mkdir(fuzzer.corpus, 0777); /* libFuzzer would stop without it */
  } else if (!add_directory(argc, argv)) {
    fprintf(stderr, "INFO: llmp: fuzzing alone: no temporary directory for finds: name one\n");
    llmp_exchange_close(&fuzzer.bus);
    return 0;
  }
  fuzzer.owner = getpid();
  fuzzer.watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fuzzer.watch < 0 ||
      inotify_add_watch(fuzzer.watch, fuzzer.corpus, IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
    fprintf(stderr, "INFO: llmp: %s cannot be watched: finds of this fuzzer stay here\n",
            fuzzer.corpus);
  }
  send_all();
  atexit(leave);
  fprintf(stderr, "INFO: llmp: on the bus as client %u, finds leave through %s\n",
          llmp_client_id(fuzzer.bus.bus), fuzzer.corpus);
  return 1;
}

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv) {
  llmp_libfuzzer_initialize(argc, argv);
  return 0;
}

__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                                                     unsigned seed) {
  (void)seed;
  const size_t n = llmp_libfuzzer_mutate(data, max_size);
  return n != 0 ? n : LLVMFuzzerMutate(data, size, max_size);
}
