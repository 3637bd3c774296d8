#!/usr/bin/env bash
# AFL++ takes a test case of others into its queue, and sends what it finds.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
need_engine afl-fuzz "Debian: afl++"
need_stb
start_bus "$1"
build_example afl
write_png "$scratch/pixel.png"
publish "$scratch/pixel.png"
export AFL_CUSTOM_MUTATOR_LIBRARY=$scratch/prefix/lib/libllmp_afl.so
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1
in_background fuzzer afl-fuzz -i seeds -o out -V "$PATIENCE" -- ./persistent
wait_until has_content out/default/queue "$scratch/pixel.png"
wait_until others_on_bus "$scratch/pixel.png"
