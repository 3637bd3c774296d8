#!/usr/bin/env bash
# Builds examples/join-libafl for the test climb. It is kept: a first build of
# LibAFL takes minutes.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
need_engine cargo "https://rustup.rs"
need_engine clang "Debian: clang libclang-rt-dev"
HARNESS=$TREE/examples/targets/staged.c CC=clang CARGO_TARGET_DIR=$TREE/build/join-libafl \
  cargo build --quiet --release --manifest-path "$TREE/examples/join-libafl/Cargo.toml"
