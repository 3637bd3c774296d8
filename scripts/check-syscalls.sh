#!/usr/bin/env bash
# Which system calls does the library make, and does docs/syscalls.md say so?
#
#   scripts/check-syscalls.sh [--show]      --show: prints them, by phase
#
# Skipped, and said so, where strace is missing or may not trace.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need go cc python3

skip() {
  warn "skipped: $*"
  say "check-syscalls: 0 passed, 0 failed, 1 skipped"
  exit 0
}
have strace || skip "strace is missing: run scripts/setup.sh"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmp.XXXXXX")
broker=
cleanup() {
  if [ -n "$broker" ]; then
    kill "$broker" 2>/dev/null || true
    wait "$broker" 2>/dev/null || true
  fi
  rm -rf "$scratch"
}
trap cleanup EXIT
strace -o "$scratch/true" true 2>"$scratch/why" || skip "strace may not trace here: $(head -n 1 "$scratch/why")"

scripts/build-library.sh
CGO_ENABLED=0 go build -o "$scratch/llmp" ./cmd/llmp
cc -O2 -Wall -Wextra -Iinclude tests/syscalls/phases.c -o "$scratch/phases" \
  -L"$BUILD" -lllmp -Wl,-rpath,"$BUILD"

"$scratch/llmp" broker --port 0 --json >"$scratch/broker.json" &
broker=$!
for ((i = 0; i < 600; i++)); do
  [ -s "$scratch/broker.json" ] && break
  sleep 0.05
done
port=$(python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["port"])' <"$scratch/broker.json")

strace -f -o "$scratch/calls" "$scratch/phases" "$port"
python3 scripts/syscalls_report.py "$scratch/calls" "$@"
