#!/usr/bin/env bash
# libFuzzer takes in a test case of others, builds on it, and sends what it finds.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
need_engine clang "Debian: clang libclang-rt-dev"
need_stb
start_bus "$1"
build_example libfuzzer
write_png "$scratch/pixel.png"
publish "$scratch/pixel.png"
# What was taken in shall stay, even if something shorter does as much.
in_background fuzzer ./harness -reduce_inputs=0 -max_total_time="$PATIENCE" corpus
wait_until has_content corpus "$scratch/pixel.png"
wait_until others_on_bus "$scratch/pixel.png"

# Without a directory for its finds it makes one, and removes it.
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
./harness -runs=2000 >"$scratch/short.log" 2>&1
grep -q 'INFO: llmp: sent [0-9]* test cases, received [1-9]' "$scratch/short.log" ||
  die "a fuzzer that comes late received nothing"
[ -z "$(ls "$TMPDIR")" ] || die "left behind: $(ls "$TMPDIR")"

# Single inputs are run without the bus, and a broker that is not there is no error.
./harness "$scratch/pixel.png" >"$scratch/single.log" 2>&1
! grep -q 'INFO: llmp' "$scratch/single.log" || die "joined the bus to run a single input"
LLMP_PORT=1 ./harness -runs=100 >"$scratch/alone.log" 2>&1
grep -q 'INFO: llmp: fuzzing alone' "$scratch/alone.log" || die "does not say that it is alone"
