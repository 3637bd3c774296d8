#!/usr/bin/env bash
# Are the generated files (capi/wire.h) what `go generate` makes today? Leaves
# the tree as it was: the generator works on a copy.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need go

scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmp.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/tree"

# Only what a generator reads or writes; files not yet committed included.
git ls-files -z -c -o --exclude-standard -- go.mod go.sum '*.go' '*.h' |
  tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null | tar -xf - -C "$scratch/tree"
[ -e "$scratch/tree/capi/wire.h" ] || die "capi/wire.h is missing: run go generate ./internal/..."
cp -r "$scratch/tree" "$scratch/fresh"
(cd "$scratch/fresh" && go generate ./internal/...)

if diff -r -u "$scratch/tree" "$scratch/fresh"; then
  say "check-generated: 1 passed, 0 failed"
else
  warn "generated files are stale: run go generate ./internal/... and commit"
  say "check-generated: 0 passed, 1 failed"
  exit 1
fi
