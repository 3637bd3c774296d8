#!/usr/bin/env bash
# Removes what was built. The Python environment stays: it holds nothing of
# this tree, and making it takes a network (scripts/clean.sh --all takes it too).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ "${1-}" = --all ]; then
  rm -rf "$BUILD" "$ROOT/.tools"
elif [ -d "$BUILD" ]; then
  find "$BUILD" -mindepth 1 -maxdepth 1 ! -path "$VENV" -exec rm -rf {} +
fi
rm -rf tests/interop/target bench/peers/target
