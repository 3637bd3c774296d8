#!/usr/bin/env bash
# Builds what bench/ runs, into build/bench.
#
#   bench/build.sh DRIVER...
#
#   c, go       the measuring programs over the C library and over the Go core
#   peers       LibAFL's ll_mp, iceoryx2 and Tachyon, as published; needs cargo, and takes
#               minutes the first time
#   smoke-peers the same but Tachyon, compiled sooner and slower: to see that they run
#   count       what callgrind counts the instructions of: needs valgrind's headers
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

OUT=$BUILD/bench
CC=${CC:-cc}
mkdir -p "$OUT"

# c_program NAME SOURCES...: links the shared library, as users do.
c_program() {
  local name=$1
  shift
  # shellcheck disable=SC2016  # $ORIGIN is the loader's
  "$CC" -O2 -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude -o "$OUT/$name" "$@" \
    -L"$BUILD" -lllmp '-Wl,-rpath,$ORIGIN/..' -pthread
}

build_c() {
  need "$CC"
  scripts/build-library.sh
  c_program llmp-bench-c bench/c/*.c
}

build_go() {
  need go
  CGO_ENABLED=0 go build -trimpath -o "$OUT/llmp-bench-go" ./bench/go
}

# Tachyon needs a C++23 compiler with std::expected, and libclang for bindgen.
# Where it cannot be built, the other peers are.
build_peers() {
  need cargo
  local cargo=(cargo build --quiet --release --manifest-path bench/peers/Cargo.toml)
  export CARGO_TARGET_DIR=$OUT/peers
  if can_cxx23 "${CXX:-c++}"; then
    "${cargo[@]}" --features tachyon && return
  elif can_cxx23 bench/peers/cxx23.sh; then
    CXX=$ROOT/bench/peers/cxx23.sh CXXSTDLIB=c++ "${cargo[@]}" --features tachyon && return
  fi
  warn "going on without Tachyon: no C++ compiler here builds it (GCC 13 does, and clang-16 with libc++-16-dev)"
  "${cargo[@]}"
}

build_smoke-peers() {
  need cargo
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR=$OUT/peers \
    cargo build --quiet --manifest-path bench/peers/Cargo.toml
}

can_cxx23() {
  printf '#include <expected>\nclass __attribute__((visibility("default"))) alignas(64) X {};\n%s\n' \
    'std::expected<int, int> f() { return 0; }' |
    "$1" -std=c++23 -fno-exceptions -x c++ -fsyntax-only - 2>/dev/null
}

build_count() {
  need "$CC" go
  scripts/build-library.sh
  c_program llmp-count-c bench/instructions/count.c bench/c/bus.c bench/c/drive.c -Ibench/c
  CGO_ENABLED=0 go build -trimpath -o "$OUT/llmp-count-go" ./bench/instructions/gocount
}

[ $# -gt 0 ] || die "usage: bench/build.sh c|go|peers|count..."
for driver in "$@"; do
  declare -F "build_$driver" >/dev/null || die "no driver is called $driver"
  "build_$driver"
done
