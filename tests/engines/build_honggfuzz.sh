#!/usr/bin/env bash
# Builds honggfuzz for the test honggfuzz, where it is not installed: Debian has
# no package, but a published crate carries its sources in C, and builds them.
# It is kept, as build/honggfuzz/bin and lib.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
have_honggfuzz && exit
need_engine cargo "https://rustup.rs"
need_engine gcc "Debian: gcc"
need_engine make "Debian: make"
crate=$TREE/tests/engines/honggfuzz
prefix=$TREE/build/honggfuzz
mkdir -p "$prefix/bin" "$prefix/lib" "$prefix/target"

# Its port for any POSIX system, which looks at signals and exit codes alone: the
# one for Linux wants ptrace and perf, which containers may deny, and libunwind
# and libbfd, whose packages do not get along with those of libc++. What it has
# to do with files is the same.
export OS=POSIX CC=gcc CFLAGS="-O2 -D_HF_LINUX_NO_BFD"
version=$(sed -n 's/^honggfuzz = .*"=\([0-9.]*\)".*/\1/p' "$crate/Cargo.toml")
# What the crate asks for to build it at all.
export CRATE_ROOT=$crate CARGO_HONGGFUZZ_TARGET_DIR=$prefix/target CARGO_HONGGFUZZ_BUILD_VERSION=$version
CARGO_TARGET_DIR=$prefix/target cargo build --quiet --release --message-format json \
  --manifest-path "$crate/Cargo.toml" >"$scratch/messages"
out=$(sed -n '/"build-script-executed"/s/.*honggfuzz@'"${version//./\\.}"'".*"out_dir":"\([^"]*\)".*/\1/p' "$scratch/messages")
[ -n "$out" ] || die "cargo does not tell where it has built honggfuzz"
install "$out/honggfuzz/honggfuzz" "$prefix/bin"
install -m 644 "$out/libhfuzz.a" "$out/libhfcommon.a" "$prefix/lib"
install "$crate/hfuzz-clang.sh" "$prefix/bin/hfuzz-clang"
