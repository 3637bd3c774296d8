#!/usr/bin/env bash
# Fuzzes every target for a while: Go's (func Fuzz…) and, where clang is there,
# libFuzzer's (tests/fuzz). What Go finds is saved below testdata/fuzz of the
# package, to be committed with its remedy; `go test` replays it from then on.
#
#   scripts/fuzz.sh [SECONDS]      a target; default 60
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need go

seconds=${1:-60}
passed=0
failed=0
skipped=0

# outcome STATUS
outcome() {
  if [ "$1" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
}

# Go's fuzzer now and then calls it a failure that the time was over in the
# middle of an input. It writes no failing input then, as it does for a real one.
only_late() {
  grep -q '^ *context deadline exceeded$' "$1" && ! grep -q -e 'Failing input' -e 'panic' "$1"
}

fuzz_go() {
  local folder=$1 target=$2 status=0 log
  log=$(mktemp)
  say "== $folder $target"
  # The last line of a run tells executions and new inputs; -fuzzminimizetime
  # keeps a finding from using up the time of the others.
  go test "./$folder" -run '^$' -fuzz "^$target\$" -fuzztime "${seconds}s" \
    -fuzzminimizetime 5s -parallel "$JOBS" >"$log" 2>&1 || status=$?
  grep -v -e '^PASS' -e 'gathering baseline' "$log" || true
  if [ "$status" -ne 0 ] && only_late "$log"; then
    status=0
  fi
  rm -f "$log"
  outcome "$status"
}

while IFS=: read -r file target; do
  fuzz_go "$(dirname "$file")" "$target"
done < <(git grep --untracked -o -E '^func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | sed 's/func //' | sort)

fuzz_c() {
  local target=$1 status=0 name
  name=$(basename "$target")
  say "== $name"
  local corpus=$BUILD/fuzz-corpus/$name seeds=tests/fuzz/corpus/${name#fuzz_}
  mkdir -p "$corpus"
  [ -d "$seeds" ] || seeds=
  # What was freed stays in memory for a while, to be found when it is used; pages
  # are aligned, and so take far more of it than is counted: libFuzzer ends at 2 GiB.
  local -x ASAN_OPTIONS="quarantine_size_mb=16${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
  # shellcheck disable=SC2086  # no word where there are no seeds
  "$target" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$BUILD/fuzz-corpus/" \
    "$corpus" $seeds >"$corpus.log" 2>&1 || status=$?
  if [ "$status" -eq 0 ]; then
    grep -E '^stat::(number_of_executed_units|new_units_added)' "$corpus.log" || true
  else
    tail -n 40 "$corpus.log"
  fi
  outcome "$status"
}

if [ -e tests/fuzz/CMakeLists.txt ]; then
  if have clang && have clang++; then
    cmake --preset fuzz >/dev/null
    cmake --build --preset fuzz >/dev/null
    for target in "$BUILD"/cmake-fuzz/tests/fuzz/fuzz_*; do
      if [ -f "$target" ] && [ -x "$target" ]; then
        fuzz_c "$target"
      fi
    done
  else
    skipped=$((skipped + 1))
    warn "the libFuzzer targets are skipped: clang is missing, run scripts/setup.sh"
  fi
fi

say "fuzz: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
