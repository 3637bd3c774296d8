/*
 * Runs the tests of one file (check.h), each in a process of its own:
 *
 *     c_send               all, one after the other, and how many passed
 *     c_send NAME          that test alone, in this process: what ctest does
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static struct test *tests, *programs;

static void append(struct test **list, struct test *t) {
  while (*list != NULL) {
    list = &(*list)->next;
  }
  *list = t;
}

void test_register(struct test *t) {
  append(&tests, t);
}

void program_register(struct test *t) {
  append(&programs, t);
}

static const struct test *find(const struct test *list, const char *name) {
  while (list != NULL && strcmp(list->name, name) != 0) {
    list = list->next;
  }
  return list;
}

/* ------------------------------------------------------ other processes */

int program_start(const char *name) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  CHECK_SYS(pid);
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) {
      (void)execl("/proc/self/exe", "llmp-test", name, (char *)NULL);
    }
    _exit(127);
  }
  return pid;
}

static bool ended_well(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void program_join(int pid) {
  int status = -1;
  CHECK_EQ(waitpid(pid, &status, 0), pid);
  if (!ended_well(status)) {
    CHECK_FAIL("the other process ended with status %#x", (unsigned)status);
  }
}

/* ----------------------------------------------------------- one process */

static void too_long(int sig) {
  static const char text[] = "the test takes longer than its limit\n";
  (void)sig;
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
  _exit(124);
}

/* A segment that this process made and nobody is attached to outlives it. */
static void check_leftovers(void) {
  char line[512];
  FILE *f = fopen("/proc/sysvipc/shm", "r");
  while (f != NULL && fgets(line, sizeof line, f) != NULL) {
    char *field[8];
    char *rest = line;
    for (int i = 0; i < 8; i++) { /* key shmid perms size cpid lpid nattch ... */
      field[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest);
    }
    if (field[7] != NULL && atoi(field[4]) == getpid() && strcmp(field[6], "0") == 0) {
      CHECK_FAIL("segment %s of %s bytes is left behind", field[1], field[3]);
    }
  }
  if (f != NULL) {
    (void)fclose(f);
  }
}

static int run_here(const struct test *t) {
  (void)signal(SIGALRM, too_long);
  (void)alarm(TEST_LIMIT_S);
  t->run();
  check_leftovers();
  return 0;
}

static int run_all(void) {
  int passed = 0, failed = 0;
  for (const struct test *t = tests; t != NULL; t = t->next) {
    int status = -1;
    CHECK_EQ(waitpid(program_start(t->name), &status, 0) > 0, true);
    if (ended_well(status)) {
      passed++;
    } else {
      failed++;
      (void)printf("FAILED: %s\n", t->name);
    }
  }
  (void)printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  if (argc == 1) {
    return run_all();
  }
  const struct test *t = find(tests, argv[1]);
  if (t == NULL) {
    t = find(programs, argv[1]);
  }
  if (argc != 2 || t == NULL) {
    (void)fprintf(stderr, "usage: %s [TEST]; there are:\n", argv[0]);
    for (t = tests; t != NULL; t = t->next) {
      (void)fprintf(stderr, "  %s\n", t->name);
    }
    return 2;
  }
  return run_here(t);
}
