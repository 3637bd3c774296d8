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

# For clang-tidy: the headers that cgo writes for capi ("_": for go, no package)
# and CMake's commands for what it builds.
CGO_HEADERS=$BUILD/lint/_cgo
CMAKE_COMMANDS=$BUILD/lint/cmake

# The most that the analyzer does for a function of C++: a third of the usual,
# for a quarter less time with all of it.
LESS_EFFORT=(-Xclang -analyzer-config -Xclang max-nodes=75000)

# command_line WORD...: the words as a line for bash.
command_line() {
  printf '%q ' "$@"
  echo
}

# tidy FILE FLAG...: checks FILE as it compiles with these flags.
tidy() { command_line "$TIDY" --quiet "$1" -- "${@:2}"; }

# tidy_as_built FILE: checks FILE as it compiles with CMake's flags.
tidy_as_built() {
  local -a more=()
  case $1 in *.c) ;; *) more=("${LESS_EFFORT[@]/#/--extra-arg=}") ;; esac
  command_line "$TIDY" --quiet -p "$CMAKE_COMMANDS" "${more[@]}" "$1"
}

# tidy_commands FILE: a line for each way of compiling FILE that shows other code.
tidy_commands() {
  local -a flags=(-std=c11 -D_GNU_SOURCE -Iinclude)
  case $1 in *.c) ;; *) flags=(-std=c++17 -Iinclude "${LESS_EFFORT[@]}") ;; esac
  # What afl-clang-fast defines, in short.
  local -a afl=(
    '-D__AFL_FUZZ_INIT()=unsigned char *afl_data; int afl_size; void afl_start(void); int afl_more(int)'
    '-D__AFL_INIT()=afl_start()' '-D__AFL_LOOP(runs)=afl_more(runs)'
    -D__AFL_FUZZ_TESTCASE_BUF=afl_data -D__AFL_FUZZ_TESTCASE_LEN=afl_size
  )
  # These files contain all of stb_image, which the analyzer shall not follow.
  local -a stb=(-Xclang -analyzer-config -Xclang ipa=none)
  case $1 in
    tests/c/consumer/*) tidy "$1" "${flags[@]}" ;;
    engines/* | tests/c/* | tests/fuzz/*) tidy_as_built "$1" ;;
    capi/*) tidy "$1" "${flags[@]}" -Icapi -I"$CGO_HEADERS" ;;
    bench/guest/harness.c)
      tidy "$1" "${flags[@]}"
      tidy "$1" "${flags[@]}" -DCONNECTED -DBUSY
      ;;
    bench/instructions/*) tidy "$1" "${flags[@]}" -Ibench/c ;;
    examples/afl/*) tidy "$1" "${flags[@]}" "${afl[@]}" "${stb[@]}" ;;
    examples/honggfuzz/* | examples/libfuzzer/*) tidy "$1" "${flags[@]}" "${stb[@]}" ;;
    tests/guest/src/afl.c)
      tidy "$1" "${flags[@]}" "${afl[@]}"
      tidy "$1" "${flags[@]}" -DPLAIN
      ;;
    tests/guest/src/bus.c)
      tidy "$1" "${flags[@]}"
      tidy "$1" "${flags[@]}" -DBUS_NONE
      tidy "$1" "${flags[@]}" '-DBUS_DLOPEN="libllmp.so"'
      ;;
    tests/guest/src/copies.c) tidy "$1" "${flags[@]}" -DLINKED ;;
    tests/guest/src/exceptions.cpp)
      tidy "$1" "${flags[@]}"
      tidy "$1" "${flags[@]}" -DBUS_NONE
      ;;
    *) tidy "$1" "${flags[@]}" ;;
  esac
}

# Every C and C++ file there is; headers are checked where they are included.
check_clang_tidy() {
  TIDY=$(newest clang-tidy 14) || return 77
  rm -rf "$CGO_HEADERS"
  mkdir -p "$CGO_HEADERS"
  local -a exporting without=()
  mapfile -t exporting < <(go list -f '{{join .CgoFiles "\n"}}' ./capi)
  (cd capi && CGO_CFLAGS="-I$ROOT/include" go tool cgo -objdir "$CGO_HEADERS" \
    -exportheader "$CGO_HEADERS/_cgo_export.h" -importpath llmp/capi \
    -- -I"$ROOT/include" -I. "${exporting[@]}") || return 1
  # llmp.hpp is no system header here: its own findings count.
  cmake --preset default -B "$CMAKE_COMMANDS" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON \
    -DCMAKE_NO_SYSTEM_FROM_IMPORTED=ON >/dev/null || return 1
  if [ ! -e /usr/include/stb/stb_image.h ]; then
    without=(':!examples/afl' ':!examples/honggfuzz' ':!examples/libfuzzer')
    warn "without the harnesses for stb_image, which is missing: run scripts/setup.sh"
  fi
  # C++ first, as it takes longest: at the end all processors still have work.
  { files '*.cpp' '*.cc' "${without[@]}" && files '*.c' "${without[@]}"; } |
    while IFS= read -r -d '' file; do tidy_commands "$file"; done |
    xargs -r -d '\n' -n 1 -P "$JOBS" bash -c 2>&1 |
    sed '/^[0-9]* warnings\{0,1\} generated\.$/d' # in system headers, which do not count
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
