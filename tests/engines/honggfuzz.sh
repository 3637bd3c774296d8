#!/usr/bin/env bash
# honggfuzz takes in a test case of others, and what it finds reaches the bus.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
have_honggfuzz || PATH=$TREE/build/honggfuzz/bin:$PATH # build_honggfuzz.sh made it
need_engine hfuzz-clang "cargo builds honggfuzz: https://rustup.rs"
need_engine honggfuzz "cargo builds it: https://rustup.rs"
need_engine clang "Debian: clang"
need_stb
start_bus "$1"
build_example honggfuzz
mkdir in out new
printf GIF89a >in/gif
write_png "$scratch/pixel.png"
publish "$scratch/pixel.png"
in_background sync llmp sync --port "$LLMP_PORT" --finds out --import new
# --verbose: a log instead of a screen; --timeout: the machine may be busy.
in_background fuzzer honggfuzz --verbose --timeout 60 \
  --input in --output out --dynamic_input new -- ./harness
# The file is in `out` from the moment that it is read. It stays if it was of use.
wait_until grep -q "File imported" "$scratch/fuzzer.log"
has_content out "$scratch/pixel.png" || die "honggfuzz does not keep the test case of others"
wait_until others_on_bus "$scratch/pixel.png" in/gif
