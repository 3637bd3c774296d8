#!/usr/bin/env bash
# honggfuzz takes in a test case of others, and what it finds reaches the bus.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
need_engine hfuzz-clang "honggfuzz, built from its sources"
need_engine honggfuzz "built from its sources"
need_stb
start_bus "$1"
build_example honggfuzz
mkdir in out
printf GIF89a >in/gif
write_png "$scratch/pixel.png"
publish "$scratch/pixel.png"
in_background sync llmp sync --port "$LLMP_PORT" --finds out --import in
in_background fuzzer honggfuzz --input in --output out --dynamic_input in -- ./harness
wait_until has_content out "$scratch/pixel.png"
wait_until others_on_bus "$scratch/pixel.png"
