#!/usr/bin/env bash
# Installs what building, testing and checking llmp needs and what is not there
# yet. Run again at any time: what is there is left alone.
#
#   scripts/setup.sh            as root: apt-get installs; otherwise it prints what to install
#   scripts/setup.sh --build    only what building the library, `make demo` and `make bench` need
#   scripts/setup.sh --check    changes nothing, only says what is missing
#
# Required: Go (go.mod says which), a C and C++ compiler, make, CMake,
# pkg-config, Python 3, and for tests its venv. Optional, and the checks that use
# them say when they are missing: linters for C and shell, clang with libFuzzer, strace,
# spin, and cargo, for the tests against real LibAFL and honggfuzz.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STATICCHECK_VERSION=v0.8.2
mapfile -t CRATES < <(git ls-files 'tests/*Cargo.toml' 'examples/*Cargo.toml')

check_only=no
build_only=no
case "${1-}" in
  "") ;;
  --build) build_only=yes ;;
  --check) check_only=yes ;;
  *) die "unknown argument $1; there are --build and --check" ;;
esac

required=()
optional=()

# Words of Debian packages for what is missing.
look_for_packages() {
  have cc || have gcc || required+=(gcc libc6-dev)
  have c++ || have g++ || required+=(g++)
  have make || required+=(make)
  have cmake || required+=(cmake)
  have pkg-config || required+=(pkg-config)
  have readelf || required+=(binutils)
  have ipcs || required+=(util-linux)
  have python3 || required+=(python3)
  [ $build_only = no ] || return 0
  if have python3 && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    required+=(python3-venv)
  fi
  [ -n "$(newest clang 14)" ] || optional+=(clang)
  have llvm-symbolizer || optional+=(llvm) # which sanitizers' reports are written with
  [ -n "$(newest clang-format 14)" ] || optional+=(clang-format)
  [ -n "$(newest clang-tidy 14)" ] || optional+=(clang-tidy)
  have_libfuzzer || optional+=(libclang-rt-dev)
  have afl-fuzz || optional+=(afl++)
  [ -e /usr/include/stb/stb_image.h ] || optional+=(libstb-dev)
  have shellcheck || optional+=(shellcheck)
  have strace || optional+=(strace)
  have gdb || optional+=(gdb)
  [ -e /usr/include/valgrind/callgrind.h ] || optional+=(valgrind)
  have spin || optional+=(spin)
}

have_libfuzzer() {
  local clang
  clang=$(newest clang 14)
  [ -n "$clang" ] || return 1
  echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d == 0 && n == 1; }' |
    "$clang" -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null
}

# Runs apt-get for the packages given; none is installed whose installation would
# remove another. Without a network `update` fails, and what the lists already
# know may install all the same.
apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  [ -n "${updated-}" ] || apt-get update -qq || warn "apt-get update failed; going on with the lists that are there"
  updated=yes
  apt-get install -qq -y --no-remove -o Dpkg::Use-Pty=0 --no-install-recommends "$@"
}

install_packages() {
  look_for_packages
  if [ ${#required[@]} -eq 0 ] && [ ${#optional[@]} -eq 0 ]; then
    return
  fi
  if [ "$check_only" = no ] && [ "$(id -u)" = 0 ] && have apt-get; then
    say "installing: ${required[*]-} ${optional[*]-}"
    if [ ${#required[@]} -gt 0 ]; then
      apt_install "${required[@]}" || die "could not install: ${required[*]}"
    fi
    if [ ${#optional[@]} -gt 0 ]; then
      # One by one: a name that this release does not have costs only itself.
      local package
      for package in "${optional[@]}"; do
        apt_install "$package" || warn "could not install (optional): $package"
      done
    fi
    return
  fi
  if [ ${#optional[@]} -gt 0 ]; then
    say "optional, and missing: ${optional[*]}"
    say "  sudo apt-get install ${optional[*]}"
  fi
  if [ ${#required[@]} -gt 0 ]; then
    say "required, and missing: ${required[*]}"
    say "  sudo apt-get install ${required[*]}"
    say "then run scripts/setup.sh again."
    exit 1
  fi
}

check_go() {
  local wanted
  wanted=$(awk '$1 == "go" { print $2 }' go.mod)
  have go || die "Go $wanted or newer is missing: install it from https://go.dev/dl and put its bin folder on PATH"
  # Go itself fetches a newer toolchain where it is allowed to, and says so where it is not.
  go version >/dev/null || die "Go $wanted or newer is needed: install it from https://go.dev/dl"
  [ "$check_only" = yes ] || go mod download
}

install_staticcheck() {
  if have staticcheck && staticcheck -version | grep -q -w "${STATICCHECK_VERSION#v}"; then
    return
  fi
  if [ "$check_only" = yes ]; then
    say "missing: staticcheck $STATICCHECK_VERSION (scripts/setup.sh installs it into .tools)"
    return
  fi
  say "installing staticcheck $STATICCHECK_VERSION into .tools"
  GOBIN=$TOOLS go install "honnef.co/go/tools/cmd/staticcheck@$STATICCHECK_VERSION" ||
    warn "could not install staticcheck; scripts/lint.sh will say so"
}

# A venv that has what scripts/requirements.txt says; the copy beside it tells
# whether that is still so.
install_venv() {
  local stamp=$VENV/requirements.txt
  if [ -x "$VENV/bin/python" ] && cmp -s scripts/requirements.txt "$stamp"; then
    return
  fi
  if [ "$check_only" = yes ]; then
    say "missing: build/venv (scripts/setup.sh makes it)"
    return
  fi
  say "making build/venv"
  if ! { [ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"; } ||
    ! "$VENV/bin/python" -m pip install -q --disable-pip-version-check -r scripts/requirements.txt; then
    warn "could not install what scripts/requirements.txt lists; what needs it will say so"
    return
  fi
  cp scripts/requirements.txt "$stamp"
}

# The crates of everything that the tests and the demo build, so that these
# need no network.
fetch_crates() {
  local manifest
  if ! have cargo; then
    say "optional, and missing: cargo (the tests against real LibAFL and honggfuzz need it: https://rustup.rs)"
    return
  fi
  [ "$check_only" = no ] || return 0
  for manifest in "${CRATES[@]}"; do
    cargo fetch -q --manifest-path "$manifest" ||
      warn "could not fetch the crates of $manifest; what builds it will try again"
  done
}

install_packages
check_go
if [ $build_only = no ]; then
  install_staticcheck
  install_venv
  fetch_crates
fi
say "setup: ready"
