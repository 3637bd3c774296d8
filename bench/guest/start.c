/*
 * What the library adds to a process, step by step; prints one line of JSON.
 * With an argument it ends at once: what loading costs is measured from outside.
 */
#include <dirent.h>
#include <llmp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double milliseconds(clockid_t clock) {
  struct timespec t;
  (void)clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int threads(void) {
  int n = 0;
  DIR *tasks = opendir("/proc/self/task");
  while (tasks != NULL && readdir(tasks) != NULL) {
    n++;
  }
  if (tasks != NULL) {
    (void)closedir(tasks);
  }
  return n - 2;
}

/* Kilobytes that this process alone uses. */
static long own_memory(void) {
  char line[256];
  long total = 0, kb = 0;
  FILE *f = fopen("/proc/self/smaps_rollup", "r");
  while (f != NULL && fgets(line, sizeof line, f) != NULL) {
    if (sscanf(line, "Private_Dirty: %ld", &kb) == 1) {
      total += kb;
    }
  }
  if (f != NULL) {
    (void)fclose(f);
  }
  return total;
}

/* A channel with the smallest page: the runtime, and next to nothing else. */
static double make_channel(llmp_client **c) {
  llmp_client_options opts = LLMP_CLIENT_OPTIONS_INIT;
  opts.page_size = 4096;
  const double began = milliseconds(CLOCK_MONOTONIC);
  if (llmp_client_new_p2p(c, 1, &opts) < 0) {
    (void)fprintf(stderr, "%s\n", llmp_last_error());
  }
  return milliseconds(CLOCK_MONOTONIC) - began;
}

int main(int argc, char **argv) {
  llmp_client *first = NULL, *second = NULL;
  (void)argv;
  (void)llmp_version(); /* so that no linker leaves the library out */
  if (argc > 1) {
    return 0;
  }
  const int threads_before = threads();
  const long memory_before = own_memory();
  const double cpu_before = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
  const double starting = make_channel(&first);
  const double cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
  const double again = make_channel(&second);
  (void)printf(
      "{\"first_ms\": %.3f, \"first_cpu_ms\": %.3f, \"second_ms\": %.3f, \"threads_before\": %d, "
      "\"threads_after\": %d, \"memory_before_kb\": %ld, \"memory_after_kb\": %ld}\n",
      starting, cpu, again, threads_before, threads(), memory_before, own_memory());
  (void)llmp_client_close(first);
  (void)llmp_client_close(second);
  return 0;
}
