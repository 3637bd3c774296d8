#!/usr/bin/env bash
# Every static check of every language, one after the other; the outcome of all
# of them at the end. A check whose tool is missing is skipped, and said so.
#
#   scripts/lint.sh [CHECK...]      default: all; see the list at the end
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# files PATTERN...: the tracked and new files that match, NUL-separated.
files() {
  git ls-files -z -c -o --exclude-standard --deduplicate -- "$@" |
    while IFS= read -r -d '' file; do
      [ -e "$file" ] && printf '%s\0' "$file"
    done
}

check_gofmt() {
  local bad
  bad=$(files '*.go' | xargs -0 -r gofmt -l)
  [ -z "$bad" ] || {
    say "$bad"
    say "run: gofmt -w FILE"
    return 1
  }
}

# The tag makes format.Errorf and format.Sprintf those of fmt, which vet knows.
check_vet() { go vet ./... && go vet -tags=fmt ./...; }

check_staticcheck() {
  have staticcheck || return 77
  staticcheck ./...
}

# The Go packages without C build wherever Go does, the OS-specific files too.
check_cross() {
  local target
  export CGO_ENABLED=0 GOOS GOARCH
  for target in linux/amd64 linux/arm64 darwin/arm64 windows/amd64; do
    say "$target"
    GOOS=${target%/*} GOARCH=${target#*/}
    # Patterns, not names: they leave out packages that have no file for a system.
    go vet ./llmp/... ./shmem/... ./internal/... ./cmd/... || return 1
  done
}

check_clang_format() {
  local tool
  tool=$(newest clang-format 14) || return 77
  files '*.c' '*.h' '*.cpp' '*.hpp' '*.cc' | xargs -0 -r "$tool" --dry-run --Werror
}

# clang-tidy over the C library, which cgo compiles (so its flags are here), and
# over the C tests with the flags that CMake has for them.
check_clang_tidy() {
  local tool headers=$BUILD/lint/_cgo status=0 # "_": for go, no package
  tool=$(newest clang-tidy 14) || return 77
  rm -rf "$headers"
  mkdir -p "$headers"
  local -a exporting
  mapfile -t exporting < <(go list -f '{{join .CgoFiles "\n"}}' ./capi)
  (cd capi && CGO_CFLAGS="-I$ROOT/include" go tool cgo -objdir "$headers" \
    -exportheader "$headers/_cgo_export.h" -importpath llmp/capi \
    -- -I"$ROOT/include" -I. "${exporting[@]}") || return 1
  files 'capi/*.c' | xargs -0 -r -P "$JOBS" -I '{}' \
    "$tool" --quiet '{}' -- -std=c11 -D_GNU_SOURCE -Iinclude -Icapi -I"$headers" || status=1
  files 'bench/c/*.c' | xargs -0 -r -P "$JOBS" -I '{}' \
    "$tool" --quiet '{}' -- -std=c11 -D_GNU_SOURCE -Iinclude || status=1

  cmake --preset default -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null || return 1
  files 'tests/c/*.c' 'tests/fuzz/*.c' ':!tests/c/consumer' | xargs -0 -r -P "$JOBS" -I '{}' \
    "$tool" --quiet -p "$BUILD/cmake-default" '{}' || status=1
  return $status
}

check_shellcheck() {
  have shellcheck || return 77
  files '*.sh' .ci/run bench/run bench/instructions/run | xargs -0 -r shellcheck --external-sources
}

python_tool() {
  if [ -x "$VENV/bin/$1" ]; then
    echo "$VENV/bin/$1"
  else
    command -v "$1"
  fi
}

check_ruff() {
  local tool
  tool=$(python_tool ruff) || return 77
  (cd python && "$tool" check -q --output-format concise . && "$tool" format -q --check .) || return 1
  # The other scripts and examples are programs: their docstrings are up to them.
  local config=python/pyproject.toml
  files '*.py' ':!python' |
    xargs -0 -r "$tool" check -q --output-format concise --config $config --extend-ignore D1
  files '*.py' ':!python' | xargs -0 -r "$tool" format -q --check --config $config
}

check_mypy() {
  local tool
  tool=$(python_tool mypy) || return 77
  (cd python && "$tool" --strict) || return 1
  local cache=$BUILD/lint/mypy
  (cd bench && "$tool" --strict --cache-dir "$cache" -p report) || return 1
  MYPYPATH=python/src "$tool" --strict --cache-dir "$cache" bench/py/*.py bench/instructions/*.py
}

ALL=(gofmt vet staticcheck cross clang_format clang_tidy shellcheck ruff mypy)

passed=0
failed=()
skipped=()
for check in "${@:-${ALL[@]}}"; do
  declare -F "check_$check" >/dev/null || die "no check $check; there are: ${ALL[*]}"
  say "== $check"
  status=0
  # A subshell of its own, so that `set -e` works inside the check.
  (set -e; "check_$check") || status=$?
  case $status in
    0) passed=$((passed + 1)) ;;
    77)
      skipped+=("$check")
      warn "$check skipped: its tool is missing, run scripts/setup.sh"
      ;;
    *) failed+=("$check") ;;
  esac
done

[ ${#failed[@]} -eq 0 ] || say "failed: ${failed[*]}"
[ ${#skipped[@]} -eq 0 ] || say "skipped: ${skipped[*]}"
say "lint: $passed passed, ${#failed[@]} failed, ${#skipped[@]} skipped"
[ ${#failed[@]} -eq 0 ]
