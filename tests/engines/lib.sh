# shellcheck shell=bash
# Sourced by the tests in this folder. Each takes the folder of a CMake build,
# installs it into a scratch folder, starts a broker, builds an example by the
# first command of its README, and lets a real engine run it. Exit code 77: the
# engine is not here.
set -euo pipefail

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATIENCE=${LLMP_ENGINE_PATIENCE:-300} # seconds for what takes a few on an idle machine

scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmp.XXXXXX")
started=()

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

need_engine() {
  command -v "$1" >/dev/null || {
    echo "skipped: $1 is not here ($2)"
    exit 77
  }
}

need_stb() {
  [ -e /usr/include/stb/stb_image.h ] || {
    echo "skipped: stb/stb_image.h is not here (Debian: libstb-dev)"
    exit 77
  }
}

# have_honggfuzz: whether honggfuzz is installed, with its compiler.
have_honggfuzz() { command -v honggfuzz && command -v hfuzz-clang; } >/dev/null

# end PID: interrupts a process that this test started, and waits for its end. One
# that does not follow is killed; of ours that is a failure. libFuzzer's handler
# of the signal allocates, and waits for ever if it came in the middle of malloc.
end() {
  local last=$((SECONDS + 60)) name
  kill -INT "$1" 2>/dev/null || true
  while kill -0 "$1" 2>/dev/null && [ $SECONDS -lt $last ]; do sleep 0.05; done
  name=$(cat "/proc/$1/comm" 2>/dev/null) || name=
  kill -KILL "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
  [ "$name" != llmp ] || echo "$(basename "$0"): llmp, process $1, does not end when interrupted" >&2
  [ "$name" != llmp ]
}

cleanup() {
  local pid status=$?
  for pid in "${started[@]}"; do
    end "$pid" || status=1
  done
  [ $status = 0 ] || [ $status = 77 ] || tail -n 40 "$scratch"/*.log 2>/dev/null || true
  rm -rf "$scratch"
  exit $status
}
trap cleanup EXIT

# in_background NAME COMMAND...: its output goes to NAME.log; ended with the test.
in_background() {
  local name=$1
  shift
  "$@" >"$scratch/$name.log" 2>&1 &
  started+=($!)
}

# wait_until COMMAND...: until it succeeds.
wait_until() {
  local end=$((SECONDS + PATIENCE))
  until "$@"; do
    [ $SECONDS -lt $end ] || die "waited $PATIENCE s in vain for: $*"
    sleep 0.1
  done
}

# start_bus BUILD: installs that build, starts a broker of it, sets LLMP_PORT. All
# test cases on the bus appear in the folder `seen`.
start_bus() {
  cmake --install "$1" --prefix "$scratch/prefix" >/dev/null
  export PATH=$scratch/prefix/bin:$PATH LD_LIBRARY_PATH=$scratch/prefix/lib
  export PKG_CONFIG_PATH=$scratch/prefix/lib/pkgconfig
  in_background broker llmp broker --port 0 --json
  wait_until test -s "$scratch/broker.log"
  LLMP_PORT=$(sed -n 's/.*"port":\([0-9]*\).*/\1/p' "$scratch/broker.log")
  [ -n "$LLMP_PORT" ] || die "the broker does not tell its port"
  export LLMP_PORT
  in_background seen llmp sync --port "$LLMP_PORT" --import "$scratch/seen"
}

# build_example FOLDER: a copy of the example, built as its README says; goes there.
build_example() {
  cp -r "$TREE/examples/$1" "$scratch/example"
  cd "$scratch/example"
  local command
  # shellcheck disable=SC2016  # backticks of Markdown
  command=$(sed -n '/^```sh$/,/^```$/p' README.md | sed -n 2p)
  [ -n "$command" ] || die "the README of $1 has no commands"
  bash -euc "$command" >"$scratch/build.log" 2>&1 || die "does not build: $command"
}

# A PNG of one pixel: no fuzzer without a dictionary comes upon it.
write_png() {
  base64 -d >"$1" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
END
}

# publish FILE...: sends files as test cases of another fuzzer.
publish() {
  local dir=$scratch/published
  mkdir -p "$dir"
  cp "$@" "$dir"
  llmp sync --port "$LLMP_PORT" --once --quiet --finds "$dir"
}

# has_content FOLDER FILE: whether a file of the folder equals this one.
has_content() {
  local file
  for file in "$1"/*; do
    cmp -s "$file" "$2" && return 0
  done
  return 1
}

# others_on_bus FILE...: whether there is a test case on the bus that is none of these.
others_on_bus() {
  local file known
  for file in "$scratch/seen"/*; do
    [ -s "$file" ] || continue
    for known in "$@"; do
      ! cmp -s "$file" "$known" || continue 2
    done
    return 0
  done
  return 1
}
