# shellcheck shell=bash disable=SC2034  # the variables are for who sources this
# Sourced by the other scripts: where things are, and how to speak.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
TOOLS=$ROOT/.tools/bin
VENV=$BUILD/venv
# Two by default: more only heats a small machine, and tests that wait on each
# other get slower, not faster.
JOBS=${JOBS:-2}
PATH=$TOOLS:$PATH
export JOBS PATH

cd "$ROOT" || exit 1

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() {
  warn "$@"
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# good, and bad WHY: count what a check has found in passed and failed, which it
# sets to 0 first.
good() { passed=$((passed + 1)); }
bad() {
  failed=$((failed + 1))
  warn "$@"
}

# need COMMAND...: stops with what to do when one is missing.
need() {
  local command
  for command in "$@"; do
    have "$command" || die "$command is missing: run scripts/setup.sh"
  done
}

# newest NAME VERSIONS...: the first of NAME-VERSION... and NAME that is there,
# so that Debian's versioned names work where the plain one is missing.
newest() {
  local name=$1 version
  shift
  for version in "$@"; do
    if have "$name-$version"; then
      echo "$name-$version"
      return
    fi
  done
  have "$name" && echo "$name"
}
