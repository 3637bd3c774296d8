#!/usr/bin/env bash
# A libFuzzer harness with an initializer and a mutator of its own keeps them.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
need_engine clang "Debian: clang libclang-rt-dev"
start_bus "$1"
cd "$scratch"
cat >own.c <<'END'
#include <llmp_libfuzzer.h>
#include <stdio.h>
#include <string.h>
static int mutations, runs;
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  fprintf(stderr, "own: joined %d\n", llmp_libfuzzer_initialize(argc, argv));
  return 0;
}
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  const size_t n = llmp_libfuzzer_mutate(data, max_size);
  mutations++;
  if (n != 0) return n;
  data[size % max_size] = (uint8_t)seed;
  return size % max_size + 1;
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 7 && memcmp(data, "foreign", 7) == 0) fprintf(stderr, "own: foreign after %d\n", mutations);
  return runs++ < 0;
}
END
# shellcheck disable=SC2046  # one word a flag
clang -fsanitize=fuzzer own.c -o own $(pkg-config --cflags --libs llmp-libfuzzer) >build.log 2>&1
printf foreign >foreign
publish foreign
./own -runs=1000 corpus >own.log 2>&1
grep -q 'own: joined 1' own.log || die "its initializer was not called"
grep -q 'own: foreign after [1-9]' own.log || die "the test case of others was not run"
