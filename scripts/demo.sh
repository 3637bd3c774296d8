#!/usr/bin/env bash
# The demo: a broker and, on its bus, programs in C, C++, Go, Python and (with
# cargo) LibAFL's own crate. They exchange the Go toolchain's test images,
# archives and compressed files, and compare what they got.
#
#   scripts/demo.sh
#
#   DEMO_FILES=folder   exchange the files of this folder instead (those below 20 MiB)
#   DEMO_LIBAFL=no      leave LibAFL out; the first build of its crate takes a while
#
# Exit code: 0 if every program received every file, 1 if not. It leaves nothing
# behind but build/.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DEMO=$BUILD/demo
need go cc c++ python3
mkdir -p "$DEMO"

# built WHAT COMMAND...: runs it and shows its output only if it fails.
built() {
  local what=$1 log=$DEMO/build.log
  shift
  say "building $what"
  "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    return 1
  }
}

built "the C library" scripts/build-library.sh
built "llmp and the Go member" go build -o "$DEMO/" ./cmd/llmp ./examples/demo/gomember ./examples/demo/driver
link=(-L "$BUILD" "-Wl,-rpath,$BUILD" -lllmp)
built "the C member" cc -O2 -Wall -Wextra -I include examples/demo/member.c -o "$DEMO/c-member" "${link[@]}"
built "the C++ member" c++ -std=c++17 -O2 -Wall -Wextra -I include examples/demo/member.cpp -o "$DEMO/cpp-member" "${link[@]}"

members=(
  -member "C=$DEMO/c-member"
  -member "C++=$DEMO/cpp-member"
  -member "Go=$DEMO/gomember"
  -member "Python=python3 -B $ROOT/examples/demo/member.py"
)
export LLMP_LIBRARY=$BUILD/libllmp.so
export PYTHONPATH=$ROOT/python/src

if [ "${DEMO_LIBAFL-}" = no ]; then
  say "LibAFL is left out, as DEMO_LIBAFL=no asks"
elif ! have cargo; then
  say "LibAFL is left out: cargo is missing (https://rustup.rs)"
elif built "the LibAFL member" env CARGO_TARGET_DIR="$DEMO/libafl" \
  cargo build --release --manifest-path examples/demo/libafl/Cargo.toml; then
  members+=(-member "LibAFL=$DEMO/libafl/release/libafl-member")
else
  warn "LibAFL is left out: its crate could not be built (see above)"
fi

if [ -n "${DEMO_FILES-}" ]; then
  what=(-everything "$DEMO_FILES")
else
  what=("$(go env GOROOT)/src")
fi

say
"$DEMO/driver" -llmp "$DEMO/llmp" "${members[@]}" "${what[@]}"

cat <<END

What to try next:
  DEMO_FILES=~/Pictures make demo     the same with files of yours
  build/demo/llmp broker              a bus to play with; in other terminals:
  build/demo/llmp recv --follow         show what is sent
  build/demo/llmp send --tag 7 FILE     send something
  build/demo/llmp stat                  see who is there
  examples/hello/                     the smallest program that joins, in five languages
END
