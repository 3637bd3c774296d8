#!/usr/bin/env bash
# Checks the models: every configuration must hold, and every mutation, a mistake
# made on purpose, must be found. Needs spin and a C compiler.
#
#   tests/model/run.sh [WORD]      only the runs with WORD in their name
#
#   MODEL_SECONDS=n   how long one run may take; default 600
#
# A counterexample is left in build/model/NAME; README.md says how to read it.
set -uo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
CC=${CC:-cc}
need spin "$CC"

only=${1-}
seconds=${MODEL_SECONDS:-600}
work=$BUILD/model
mkdir -p "$work"
passed=0
failed=0

# verify NAME MODEL DEFINES...: 0 holds, 1 violated, 2 neither (the log says why).
verify() {
  local folder=$work/$1 model=$2
  shift 2
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "tests/model/$model.pml" "$folder/"
  (
    cd "$folder" || exit 2
    printf 'spin %s -t -p -g -l %s.pml\n' "$*" "$model" >replay
    spin -a "$@" "$model.pml" >log 2>&1 &&
      "$CC" -O2 -w -DSAFETY -DNOFAIR -DMEMLIM=4096 -o pan pan.c >>log 2>&1 || exit 2
    timeout "$seconds" ./pan -m1000000 >>log 2>&1
    rm -f pan pan.[bcmpht]
    grep -q 'errors: 1' log && exit 1
    # Complete: nothing was cut short.
    grep -q 'errors: 0' log && ! grep -q -e 'Search not completed' -e 'max search depth' log || exit 2
  )
}

# run EXPECTED MODEL DEFINES...: EXPECTED is holds or violated.
run() {
  local expected=$1 model=$2 name status
  shift 2
  name=$model$(printf ',%s' "${@#-D}")
  case $name in
    *"$only"*) ;;
    *) return ;;
  esac
  verify "$name" "$model" "$@"
  status=$?
  case $expected:$status in
    holds:0)
      passed=$((passed + 1))
      say "ok    $name: holds ($(states "$name") states)"
      ;;
    violated:1)
      passed=$((passed + 1))
      say "ok    $name: found after $(states "$name") states"
      ;;
    *)
      failed=$((failed + 1))
      case $status in
        0) say "FAIL  $name: spin overlooks the mistake" ;;
        1) say "FAIL  $name: a counterexample; see $work/$name/replay" ;;
        *) say "FAIL  $name: not decided; see $work/$name/log" ;;
      esac
      ;;
  esac
}

states() { awk '/states, stored/ { print $1; exit }' "$work/$1/log"; }

holds() { run holds "$@"; }
mistake() { run violated "$@"; }

# shellcheck source=tests/model/runs.sh
. tests/model/runs.sh

say "model: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
