#!/usr/bin/env bash
# What libllmp.so shows to the world: the names in capi/exported.txt, each under
# the version node LLMP_1, and nothing else; its soname; that it stays loaded.
#
#   scripts/check-symbols.sh [LIBRARY]      default: build/libllmp.so
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need nm readelf

library=${1:-$BUILD/libllmp.so}
[ -e "$library" ] || die "$library is missing: run make build"

passed=0
failed=0
# same WHAT EXPECTED FOUND
same() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    warn "$1 (< expected, > found):"
    diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | grep '^[<>]' >&2 || true
  fi
}

export LC_ALL=C
listed=$(grep -v -e '^#' -e '^$' capi/exported.txt | sort)

exported=$(nm -D --defined-only --with-symbol-versions "$library" | awk '$2 != "A" { print $3 }')
same "exported by $library" "$listed" "$(printf '%s\n' "$exported" | sed 's/@.*//' | sort)"
same "exported under another version than LLMP_1" "" \
  "$(grep -v '@@LLMP_1$' <<<"$exported" || true)"
same "version nodes of $library" "LLMP_1" \
  "$(nm -D --defined-only "$library" | awk '$2 == "A" { print $3 }' | sed 's/@.*//' | sort)"

# The header declares the same names: with LLMP_API in front, up to the first "(".
declared=$(sed -e '/^ *#/d' include/llmp.h | tr '\n' ' ' | tr ';' '\n' |
  grep -o 'LLMP_API [^(]*\bllmp_[a-z0-9_]*(' | sed 's/.*\(llmp_[a-z0-9_]*\)($/\1/' | sort)
same "declared in llmp.h and exported" "$declared" "$listed"

dynamic=$(readelf -d "$library")
same "soname" "libllmp.so.1" "$(sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p' <<<"$dynamic")"
same "flag NODELETE (a Go runtime cannot be unloaded)" "NODELETE" \
  "$(grep -o -m1 NODELETE <<<"$dynamic" || true)"

say "check-symbols: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
