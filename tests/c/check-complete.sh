#!/usr/bin/env bash
# Is the suite complete? Every function that the library exports is called by a
# test, and every macro of llmp.h is used by what header/ compiles.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

missing=()

while read -r function; do
  grep -q -w -F "$function" test_*.c || missing+=("$function is called by no test")
done < <(grep -v '^#' ../../capi/exported.txt)

while read -r macro; do
  grep -q -w -F "$macro" header/*.c header/*.h || missing+=("$macro is used nowhere in header/")
done < <(sed -n 's/^#define \(LLMP_[A-Z0-9_]*\).*/\1/p' ../../include/llmp.h |
  grep -v -x -e LLMP_H -e LLMP_ERROR_ENUM | sort -u) # the latter is undefined again

if [ ${#missing[@]} -ne 0 ]; then
  printf '%s\n' "${missing[@]}"
  exit 1
fi
