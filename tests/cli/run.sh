#!/usr/bin/env bash
# Tests of the llmp program, and of the examples that a README shows, by script.
#
#   tests/cli/run.sh [NAME...]      default: all; NAME as printed, e.g. send/file
#
# A test is TOPIC/NAME.sh. support.sh reads it in, under bash -eu, in a scratch
# folder of its own, with llmp on the PATH, for no more than LIMIT seconds. Beside
# it stands what is expected, and what is not there is expected to be empty, or 0:
#
#   NAME.stdout, NAME.stderr   each line is a glob; the line "..." stands for any lines
#   NAME.exit                  the exit code
#
# Exit code 77 means skipped; then the first line on stderr says why.
#
#   JOBS=n   how many tests at a time; default 2
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

HERE=$ROOT/tests/cli
LIMIT=120

# matches EXPECTED FOUND: compares two files, line by line.
matches() {
  local -a want=() got=()
  [ ! -e "$1" ] || mapfile -t want <"$1"
  mapfile -t got <"$2"
  match_from 0 0
}

# match_from I J: want from line I on against got from line J on.
match_from() {
  local i=$1 j=$2
  while [ "$i" -lt ${#want[@]} ]; do
    if [ "${want[i]}" = ... ]; then
      while ! match_from $((i + 1)) "$j"; do
        [ "$j" -lt ${#got[@]} ] || return 1
        j=$((j + 1))
      done
      return 0
    fi
    # shellcheck disable=SC2053  # a glob is what it is
    [ "$j" -lt ${#got[@]} ] && [[ ${got[j]} == ${want[i]} ]] || return 1
    i=$((i + 1))
    j=$((j + 1))
  done
  [ "$j" -eq ${#got[@]} ]
}

# differs WHAT EXPECTED FOUND
differs() {
  echo "  $1: expected"
  { [ -e "$2" ] && [ -s "$2" ] && sed 's/^/    /' "$2"; } || echo "    (nothing)"
  echo "  $1: found"
  { [ -s "$3" ] && head -n 60 "$3" | sed 's/^/    /'; } || echo "    (nothing)"
}

# one NAME: runs a test and prints a line, and more if it failed. What it
# says beside the line is told by a file, for the counts.
one() {
  local name=$1 base=$HERE/$1 scratch=$WORK/$1 status=0 expected=0 began=$SECONDS text=
  mkdir -p "$scratch/in"
  (cd "$scratch/in" && timeout -k 5 $LIMIT \
    bash -eu -- "$HERE/support.sh" "$base.sh" \
    </dev/null >"$scratch/stdout" 2>"$scratch/stderr") || status=$?
  if [ $status -eq 77 ]; then
    echo skipped >"$scratch/outcome"
    echo "skip $name: $(head -n 1 "$scratch/stderr")"
    return
  fi
  [ ! -e "$base.exit" ] || expected=$(<"$base.exit")
  if [ $status -eq 124 ]; then
    text="  it took more than $LIMIT s"$'\n'
  elif [ "$status" -ne "$expected" ]; then
    text="  exit code: expected $expected, found $status"$'\n'
  fi
  local stream
  for stream in stdout stderr; do
    matches "$base.$stream" "$scratch/$stream" || text+=$(differs $stream "$base.$stream" "$scratch/$stream")$'\n'
  done
  if [ -n "$text" ]; then
    echo failed >"$scratch/outcome"
    printf 'FAIL %s (%d s)\n%s' "$name" $((SECONDS - began)) "$text"
  else
    echo passed >"$scratch/outcome"
    echo "ok   $name"
  fi
}

if [ "${1-}" = --one ]; then
  one "$2"
  exit
fi

need go cc c++ python3
scripts/build-library.sh
CGO_ENABLED=0 go build -trimpath -o "$BUILD/llmp" ./cmd/llmp

WORK=$(mktemp -d "${TMPDIR:-/tmp}/llmp-cli.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
export ROOT BUILD WORK PATH="$BUILD:$PATH" LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
unset LLMP_LIBRARY PYTHONPATH

if [ $# -gt 0 ]; then
  names=("$@")
  for name in "${names[@]}"; do
    [ -e "$HERE/$name.sh" ] || die "no test $name; there are: $(cd "$HERE" && echo */*.sh)"
  done
else
  mapfile -t names < <(cd "$HERE" && find . -mindepth 2 -name '*.sh' -printf '%P\n' | sed 's/\.sh$//' | sort)
fi
printf '%s\0' "${names[@]}" | xargs -0 -P "$JOBS" -n 1 "$0" --one

# outcomes WORD: how many tests ended so.
outcomes() { { find "$WORK" -name outcome -exec grep -l -x "$1" {} + || true; } | wc -l; }
passed=$(outcomes passed)
skipped=$(outcomes skipped)
failed=$((${#names[@]} - passed - skipped))
say "cli: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
