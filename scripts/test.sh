#!/usr/bin/env bash
# Runs the tests, stage by stage, and ends with a table of all stages.
#
#   scripts/test.sh [--no-skips] [STAGE...]
#
# Without a stage: all of ALL below, which is `make test`. Each stage can run
# alone, prints the closing counts of its own runner, keeps its output in
# build/logs/STAGE.log, and fails if it leaves shared memory, processes or
# temporary files behind. A stage whose tool is missing is skipped, and the
# table says so; --no-skips makes that a failure.
#
#   FUZZ_SECONDS=n   seconds a fuzz target; default 3
#   JOBS=n           how many tests at a time; default 2
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ALL=(checks lint go race c asan tsan python interop robustness model cli guest fuzz instructions bench)
FUZZ_SECONDS=${FUZZ_SECONDS:-3}
LOGS=$BUILD/logs
SKIP=77

# skip WHY: leaves the stage, skipped.
skip() {
  say "skipped: $*"
  exit $SKIP
}

build_library() { scripts/build-library.sh; }

# ---------------------------------------------------------------- stages

# What must hold of the tree and of the built library.
stage_checks() {
  build_library || return 1
  local status=0
  scripts/check-deps.sh || status=1
  scripts/check-generated.sh || status=1
  scripts/check-symbols.sh || status=1
  scripts/check-size.sh || status=1
  python3 scripts/abi.py check || status=1
  python3 scripts/check_docs.py || status=1
  scripts/check-readme.sh || status=1
  scripts/check-syscalls.sh || status=1
  return $status
}

stage_lint() { scripts/lint.sh; }

# go test, shortened to the failures, the packages and the counts.
go_test() { go test -p "$JOBS" -json "$@" 2>&1 | python3 scripts/go_summary.py; }

# shellcheck disable=SC2046  # one word a package
stage_go() { go_test $(go list ./... | grep -v -e /tests/interop -e /tests/robustness); }

# The packages where goroutines meet: the core, and what it stands on.
stage_race() { go_test -race -short ./llmp/... ./shmem/... ./internal/...; }

# cmake_test PRESET: configures, builds and runs the C tests of CMakePresets.json.
cmake_test() {
  cmake --preset "$1" >"$LOGS/cmake-$1.log" 2>&1 || {
    cat "$LOGS/cmake-$1.log"
    return 1
  }
  cmake --build --preset "$1" >>"$LOGS/cmake-$1.log" 2>&1 || {
    cat "$LOGS/cmake-$1.log"
    return 1
  }
  ctest --preset "$1" -j "$JOBS"
}

stage_c() { cmake_test default; }
stage_asan() { cmake_test asan; }
stage_ubsan() { cmake_test ubsan; }
stage_tsan() { cmake_test tsan; }

stage_python() {
  [ -x "$VENV/bin/python" ] || skip "build/venv is missing: run scripts/setup.sh"
  build_library || return 1
  PYTHONPATH=$ROOT/python/src "$VENV/bin/python" -m pytest -q -p no:cacheprovider python
}

stage_interop() {
  have cargo || skip "cargo is missing: https://rustup.rs"
  build_library || return 1
  go_test -timeout 30m ./tests/interop/... # the first build of a LibAFL fuzzer takes minutes
}

# Killed, stopped, late and hostile processes; LLMP_ROUNDS=n for more of it.
stage_robustness() {
  build_library || return 1
  go_test ./tests/robustness
}

stage_model() {
  have spin || skip "spin is missing: run scripts/setup.sh"
  tests/model/run.sh
}

stage_cli() { tests/cli/run.sh; }

# The library inside other people's harnesses: with it and without it, the same.
stage_guest() {
  build_library || return 1
  CGO_ENABLED=0 go build -trimpath -o build/llmp ./cmd/llmp || return 1
  tests/engines/build_honggfuzz.sh || [ $? -eq $SKIP ] || return 1
  tests/guest/run.py
}

# How many instructions a message costs in each step: bench/instructions/run.
stage_instructions() {
  have valgrind || skip "valgrind is missing: run scripts/setup.sh"
  [ -e /usr/include/valgrind/callgrind.h ] || skip "valgrind's headers are missing: run scripts/setup.sh"
  build_library || return 1
  bench/instructions/run
}

# That everything runs that measures; how fast it is proves nothing here.
stage_bench() {
  have cargo || skip "cargo is missing: https://rustup.rs"
  build_library || return 1
  bench/run --smoke
}

stage_fuzz() { scripts/fuzz.sh "$FUZZ_SECONDS"; }

# ------------------------------------------------------------------- run

no_skips=no
if [ "${1-}" = --no-skips ]; then
  no_skips=yes
  shift
fi
stages=("${@:-${ALL[@]}}")
for stage in "${stages[@]}"; do
  declare -F "stage_$stage" >/dev/null ||
    die "no stage $stage; there are: $(declare -F | sed -n 's/.* stage_//p' | tr '\n' ' ')"
done
need go cmake python3
mkdir -p "$LOGS"

# The one line of a log that says how many passed.
counts() {
  grep -E -e '^[a-z-]+: [0-9]+ passed, [0-9]+ failed' -e 'tests passed, .* out of' \
    -e '[0-9]+ (passed|failed).* in [0-9.]+s' -e '^test result:' -e '^skipped:' "$1" |
    tail -n 6 | sed 's/=//g; s/^ *//; s/ *$//' | paste -s -d ';' | sed 's/;/; /g'
}

# A stage runs as a process of its own, so that what it leaves behind is seen.
if [ -n "${LLMP_STAGE-}" ]; then
  "stage_$LLMP_STAGE"
  exit $?
fi

table=()
failed=0
passed=0
skipped=0
for stage in "${stages[@]}"; do
  say "=== $stage"
  began=$SECONDS
  LLMP_STAGE=$stage scripts/check-leftovers.sh "$0" "$stage" 2>&1 | tee "$LOGS/$stage.log"
  status=${PIPESTATUS[0]}
  case $status in
    0)
      word=ok
      passed=$((passed + 1))
      ;;
    "$SKIP")
      word=skipped
      skipped=$((skipped + 1))
      ;;
    *)
      word=FAILED
      failed=$((failed + 1))
      ;;
  esac
  table+=("$(printf '%-8s %-8s %4ds  %s' "$stage" $word $((SECONDS - began)) "$(counts "$LOGS/$stage.log")")")
done

say
say "stage    result   time  counts"
printf '%s\n' "${table[@]}"
say "stages: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && { [ $no_skips = no ] || [ $skipped -eq 0 ]; }
