#!/usr/bin/env bash
# hfuzz-clang for the tests, installed beside the honggfuzz that they build: the
# published crate has honggfuzz and its libraries, but not its compilers. Clang
# with the coverage that libhfuzz counts; in programs, also libhfuzz, which has
# HF_ITER, in front of the comparisons of strings that it watches.
set -euo pipefail
lib=$(cd "$(dirname "$0")/../lib" && pwd)

coverage=trace-pc-guard,trace-cmp,trace-div,indirect-calls,trace-gep,stack-depth
flags=("-fsanitize-coverage=$coverage" -fno-builtin -fno-omit-frame-pointer -D__NO_STRING_INLINES)
for argument in "$@"; do
  case $argument in
    -c | -E | -S) exec clang "${flags[@]}" "$@" ;;
  esac
done
mapfile -t wrapped < <(nm "$lib/libhfuzz.a" 2>/dev/null | sed -n 's/.* T __wrap_//p')
exec clang "${flags[@]}" "${wrapped[@]/#/-Wl,--wrap=}" "$@" -x none \
  -Wl,--whole-archive "$lib/libhfuzz.a" -Wl,--no-whole-archive "$lib/libhfcommon.a" -pthread -ldl -lrt
