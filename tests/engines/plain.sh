#!/usr/bin/env bash
# The fuzzers without an engine: the second one takes what the first has found.
set -euo pipefail
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
example=$2
start_bus "$1"
build_example "$example"
./plain 2000000 >"$scratch/first.log"
grep -q 'sent [1-9][0-9]* test cases, took 0' "$scratch/first.log" || die "the first found nothing"
./plain 1000 >"$scratch/second.log"
grep -q 'took [1-9][0-9]* of others' "$scratch/second.log" || die "the second took nothing"
