#!/usr/bin/env bash
# How large libllmp.so is, and that nothing is linked that would make it larger.
#
#   scripts/check-size.sh [LIBRARY]      default: build/libllmp.so
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need go nm readelf

# The library has fewer bytes than this, as it is loaded into every harness.
limit=2000000

library=${1:-$BUILD/libllmp.so}
archive=$BUILD/library/archive.a # what it is linked from, with all names
overlay=$BUILD/library/overlay.json
for file in "$library" "$archive" "$overlay"; do
  [ -e "$file" ] || die "$file is missing: run make build"
done

passed=0
failed=0

# Where the system is too old to pack relocations (scripts/build-library.sh).
readelf -d "$library" | grep -q RELR || limit=2200000
size=$(stat -L -c %s "$library")
say "$library has $size bytes of $limit"
if [ "$size" -lt "$limit" ]; then
  good
else
  bad "$library has $size bytes, must have fewer than $limit: see CONTRIBUTING.md, The library's size"
fi

# Packages of Go's that the library may be made of. What others initialise is
# linked even if none of their functions is called.
PACKAGES=(
  bufio bytes cmp compress/flate context encoding/binary errors io io/fs iter maps math math/bits math/rand/v2 path
  reflect runtime runtime/cgo slices sort strconv strings sync sync/atomic syscall time unicode unicode/utf8 unsafe
)
# instead PACKAGE: what to use in its place.
instead() {
  case $1 in
    fmt) echo "internal/format for error texts, strconv for numbers" ;;
    os | path/filepath | internal/poll) echo "internal/sys for files, syscall for the environment and process ids" ;;
    net | net/*) echo "internal/tcp" ;;
    runtime/debug) echo "a line in scripts/build-library.sh" ;;
    *) echo "less; or, if it is small, add it to PACKAGES of scripts/check-size.sh" ;;
  esac
}
deps=$(go list -overlay "$overlay" -deps -f '{{.ImportPath}} {{join .Imports " "}} ' ./capi)
while read -r package; do
  case " ${PACKAGES[*]} " in
    *" $package "*) good ;;
    *)
      bad "the library is made of package $package, imported by $(awk -v p=" $package " 'index($0, p) > 1 { print $1 }' <<<"$deps" |
        paste -s -d ' '): use $(instead "$package")"
      ;;
  esac
done < <(go list -overlay "$overlay" -deps -f '{{if .Standard}}{{.ImportPath}}{{end}}' ./capi | grep -v -e '^internal/' -e '^$')

# never PATTERN WHY: nothing of that name is linked.
names=$(nm "$archive" 2>/dev/null | awk 'tolower($2) == "t" { print $3 }')
never() {
  local found
  found=$(grep -E -m 3 "^($1)" <<<"$names" | paste -s -d ' ') || true
  if [ -z "$found" ]; then
    good
  else
    bad "the library links $found: $2"
  fi
}
never 'time\.(Time\.(Format|AppendFormat|String)|LoadLocation|\(\*Location\))' \
  "a time.Time or context.Context is part of something that becomes an interface value; use clock.Moment, and an ender (llmp/ending.go)"
never 'context\.(With|AfterFunc|\(\*cancelCtx\))' "it has no contexts; use an ender (llmp/ending.go)"
never 'internal/godebug\.' "time.After, time.NewTimer and time.Tick ask for settings; use time.AfterFunc or time.Sleep"
never 'runtime\.selectgo' "a select with several cases; wait for one thing that all ends tell"
never 'reflect\.(Value|\(\*rtype\)|TypeOf|ValueOf)' "reflection keeps all methods alive; use a type switch"
never 'fmt\.|os\.|net\.' "a package that it should not be made of"
never 'runtime\.traceAdvance' "the tracer is back; see scripts/build-library.sh"
[ "$(wc -l <<<"$names")" -gt 1000 ] || bad "$archive has no names: the checks above could not fail"

say "check-size: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
