#!/usr/bin/env bash
# Is what gets installed usable? Installs a CMake build into a scratch folder,
# moves that folder (so that no path of the build can be in it), and builds and
# runs tests/c/consumer against it.
#
#   scripts/check-install.sh BUILD_DIR shared|static|pkg-config|pkg-config-static|subdirectory
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=${1:?the folder of a CMake build}
way=${2:?shared, static, pkg-config, pkg-config-static or subdirectory}
CMAKE=${CMAKE:-cmake}
CC=${CC:-cc}
CXX=${CXX:-c++}
consumer=$ROOT/tests/c/consumer

scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmp.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out

install_package() {
  "$CMAKE" --install "$build" --prefix "$scratch/first" >/dev/null
  mv "$scratch/first" "$scratch/prefix"
}

# The program in C, and the one in C++.
run_consumers() {
  "$out/consumer"
  "$out/consumer_cpp"
}

# Configures, builds and runs the consumer; $@: what CMake needs to find llmp.
with_cmake() {
  if ! { "$CMAKE" -S "$consumer" -B "$out" "$@" && "$CMAKE" --build "$out"; } >"$scratch/log" 2>&1; then
    cat "$scratch/log"
    die "the consumer does not build ($way)"
  fi
  run_consumers
}

# Builds the consumer with what pkg-config says; $@: options of pkg-config.
with_pkg_config() {
  need pkg-config
  export PKG_CONFIG_PATH
  PKG_CONFIG_PATH=$(dirname "$(find "$scratch/prefix" -name llmp.pc)")
  local cflags libs
  read -r -a cflags <<<"$(pkg-config --cflags llmp)"
  read -r -a libs <<<"$(pkg-config --libs "$@" llmp)"
  mkdir "$out"
  "$CC" "${cflags[@]}" "$consumer/consumer.c" -o "$out/consumer" "${libs[@]}"
  "$CXX" -std=c++17 "${cflags[@]}" "$consumer/consumer.cpp" -o "$out/consumer_cpp" "${libs[@]}"
}

# They run with the library they were told of, and no other.
need_library() {
  readelf -d "$out/$1" | grep -q 'NEEDED.*\[libllmp\.so\.1\]'
}

case $way in
  shared | static)
    install_package
    target=llmp::llmp
    [ "$way" = shared ] || target=llmp::llmp_static
    with_cmake -DCMAKE_PREFIX_PATH="$scratch/prefix" -DLLMP_CONSUMER_TARGET=$target
    ;;
  subdirectory)
    with_cmake -DLLMP_CONSUMER_SUBDIRECTORY="$ROOT"
    ;;
  pkg-config)
    install_package
    with_pkg_config
    LD_LIBRARY_PATH=$(pkg-config --variable=libdir llmp) run_consumers
    ;;
  pkg-config-static)
    install_package
    # -lllmp prefers libllmp.so: without it beside the archive, there is no choice.
    find "$scratch/prefix" -name 'libllmp.so*' -delete
    with_pkg_config --static
    run_consumers
    ;;
  *) die "$way is not one of shared, static, pkg-config, pkg-config-static, subdirectory" ;;
esac

for program in consumer consumer_cpp; do
  case $way in
    *static) ! need_library $program || die "$program was to be linked with libllmp.a and needs libllmp.so" ;;
    *) need_library $program || die "$program was to be linked with libllmp.so.1 and is not" ;;
  esac
done
say "install/$way: the consumers build and run"
