/*
 * Runs a fuzz target over files, where there is no libFuzzer:
 *
 *   fuzz_page_read FILE-OR-FOLDER...
 *
 * A broken promise ends the process in the middle; the name of the file is the
 * last line of its output.
 */
#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#include "fuzz.h"

static unsigned long replayed;

static void replay_file(const char *path) {
  FILE *f = fopen(path, "rb");
  struct stat st;
  if (f == NULL || fstat(fileno(f), &st) != 0) {
    perror(path);
    exit(1);
  }
  /* Exactly as many bytes as the file has, so that reading beyond is noticed. */
  const size_t size = (size_t)st.st_size;
  uint8_t *data = malloc(size == 0 ? 1 : size);
  if (data == NULL || fread(data, 1, size, f) != size) {
    (void)fprintf(stderr, "%s: cannot be read\n", path);
    exit(1);
  }
  (void)fclose(f);
  (void)printf("%s\n", path);
  (void)fflush(stdout);
  (void)LLVMFuzzerTestOneInput(data, size);
  free(data);
  replayed++;
}

static void replay_folder(const char *path) {
  DIR *folder = opendir(path);
  if (folder == NULL) {
    perror(path);
    exit(1);
  }
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    char file[PATH_MAX];
    if (entry->d_name[0] != '.') {
      (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
      replay_file(file);
    }
  }
  (void)closedir(folder);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    struct stat st;
    if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
      replay_folder(argv[i]);
    } else {
      replay_file(argv[i]);
    }
  }
  (void)printf("replayed %lu inputs\n", replayed);
  return replayed == 0; /* nothing replayed is nothing tested */
}
