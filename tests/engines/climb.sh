#!/usr/bin/env bash
# Three engines build on each other's finds: libFuzzer, AFL++ and a stock LibAFL
# fuzzer, each with keys in its dictionary that the others do not have. The last
# door of examples/targets/staged.c opens only if each has taken in what the one
# before found, and passed on its own.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
need_engine clang "Debian: clang libclang-rt-dev"
need_engine afl-fuzz "Debian: afl++"
libafl=$TREE/build/join-libafl/release/join-libafl # build_libafl.sh made it
need_engine "$libafl" "cargo builds it: https://rustup.rs"
target=$TREE/examples/targets/staged.c
start_bus "$1"
cd "$scratch"

printf 'a="north-1!"\nb="south-3!"\n' >afl.dict
echo 'a="east--2!"' >libafl.dict
echo 'a="west--4!"' >libfuzzer.dict

# shellcheck disable=SC2046  # one word a flag
clang -O1 -fsanitize=fuzzer "$target" -o staged $(pkg-config --cflags --libs llmp-libfuzzer)
AFL_QUIET=1 afl-clang-fast -O1 -fsanitize=fuzzer "$target" -o staged.afl
mkdir seeds
echo 12345678 >seeds/seed

in_background libafl "$libafl" "$LLMP_PORT" libafl.dict
in_background libfuzzer ./staged -dict=libfuzzer.dict -max_len=256 corpus
export AFL_CUSTOM_MUTATOR_LIBRARY=$scratch/prefix/lib/libllmp_afl.so
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1
in_background afl afl-fuzz -D -x afl.dict -i seeds -o out -V "$PATIENCE" -- ./staged.afl

# opened DOORS: whether a test case on the bus has the first keys in a row.
opened() { grep -l -a -q "^$1" seen/* 2>/dev/null; }
began=$SECONDS
for doors in north-1! north-1!east--2! north-1!east--2!south-3! north-1!east--2!south-3!west--4!; do
  wait_until opened "$doors"
  echo "opened after $((SECONDS - began)) s: $doors"
done
