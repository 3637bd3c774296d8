#!/usr/bin/env bash
# What the library may depend on, and which package may import which.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need go

passed=0
failed=0

# modules PACKAGE: the modules other than this one that PACKAGE is built from.
modules() {
  go list -deps -f '{{with .Module}}{{.Path}}{{end}}' "$1" | sort -u | grep -v -x -e llmp -e ''
}

# only PACKAGE MODULE...: PACKAGE is built from no other module.
only() {
  local package=$1 module
  shift
  local found
  found=$(modules "$package" || true)
  for module in $found; do
    case " $* " in
      *" $module "*) ;;
      *)
        bad "$package depends on $module; allowed: $*"
        return
        ;;
    esac
  done
  good
}

# never PACKAGES IMPORT: none of PACKAGES reaches IMPORT.
never() {
  if go list -deps "$1" | grep -q -x "$2"; then
    bad "$1 reaches $2 and must not"
  else
    good
  fi
}

only ./capi golang.org/x/sys github.com/mattn/go-pointer
only ./llmp golang.org/x/sys
only ./shmem golang.org/x/sys
never ./llmp C
never ./shmem C
never ./llmp runtime/cgo
never ./shmem runtime/cgo
never ./shmem llmp/llmp
never ./llmp llmp/llmp/event
never ./capi llmp/internal/cpage

importers=$(git grep -l '"github.com/mattn/go-pointer"' -- '*.go' || true)
if [ "$importers" = capi/handles.go ]; then
  good
else
  bad "go-pointer may be imported by capi/handles.go alone; imported by: ${importers:-nobody}"
fi

say "check-deps: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
