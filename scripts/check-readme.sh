#!/usr/bin/env bash
# Does README.md work? Installs into a scratch folder and runs the README's own
# commands on its own programs (examples/hello), in every language, each against
# a broker that is started as the README says.
#
#   scripts/check-readme.sh
#
# Without cargo the LibAFL part is skipped, and said so.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need go cc c++ cmake python3 pkg-config

passed=0
failed=0
skipped=0
PATIENCE=60 # seconds for what takes milliseconds

scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmp.XXXXXX")
broker=
listener=
cleanup() {
  local pid
  for pid in $listener $broker; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$scratch"
}
trap cleanup EXIT

scripts/install.sh "$scratch/prefix" >"$scratch/install.log" 2>&1 || {
  cat "$scratch/install.log"
  die "make install fails"
}
export PATH=$scratch/prefix/bin:$PATH
export PKG_CONFIG_PATH=$scratch/prefix/lib/pkgconfig LD_LIBRARY_PATH=$scratch/prefix/lib
# As if ./python were installed; python/tests/test_install.py installs it.
export PYTHONPATH=$ROOT/python/src LLMP_LIBRARY=$scratch/prefix/lib/libllmp.so.1 PYTHONDONTWRITEBYTECODE=1
# `go mod tidy` needs nothing that building this tree has not fetched.
export LLMP=$ROOT GOFLAGS=-mod=mod GOPROXY=off GOSUMDB=off

# wait_for COMMAND...: until it succeeds.
wait_for() {
  local end=$((SECONDS + PATIENCE))
  until "$@"; do
    [ $SECONDS -lt $end ] || die "waited $PATIENCE s in vain for: $*"
    sleep 0.05
  done
}

# A fresh bus, on a free port: others may use the one that the README's programs
# use. $@: options.
start_broker() {
  llmp broker --port 0 --json "$@" >"$scratch/broker.json" &
  broker=$!
  wait_for test -s "$scratch/broker.json"
  port=$(python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["port"])' <"$scratch/broker.json")
}

stop_broker() {
  kill -INT "$broker"
  wait "$broker" || die "the broker ended with $?"
  broker=
  : >"$scratch/broker.json"
}

# commands NAME: the block of README.md, with the port behind the program it starts.
commands() {
  python3 scripts/check_docs.py --runs README.md "$1" |
    sed -E "s#^(\./[a-z]+|go run \.|python3 harness.py|cargo run .*Cargo.toml)\$#\1 PORT#; s#(Cargo.toml) PORT#\1 -- PORT#; s# PORT\$# $port#"
}

# outcome NAME STATUS
outcome() {
  if [ "$2" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    warn "$1 of README.md does not do what it says"
  fi
}

# same WHAT EXPECTED-FILE FOUND-FILE
same() {
  local status=0
  diff "$2" "$3" >&2 || status=1
  outcome "$1" "$status"
}

# hello NAME FILE AS [EXPECTED]: runs block NAME in a folder that has FILE under
# the name AS, and compares what it prints with EXPECTED.
hello() {
  mkdir "$scratch/$1"
  sed '1{/^\/\/go:build ignore$/d}' "examples/hello/$2" >"$scratch/$1/$3"
  commands "$1" >"$scratch/$1.commands"
  run_in "$1" "$scratch/$1" "${4:-examples/hello/expected.txt}" sh -eu "$scratch/$1.commands"
}

# run_in NAME FOLDER EXPECTED COMMAND...
run_in() {
  local name=$1 folder=$2 expected=$3 status=0
  shift 3
  (cd "$folder" && "$@") >"$scratch/$name.out" 2>"$scratch/$name.err" || status=$?
  [ $status -eq 0 ] || tail -n 20 "$scratch/$name.err" >&2
  same "$name" "$expected" "$scratch/$name.out"
}

# C, and a client of LibAFL's crate whose message a C program receives.
start_broker
hello c main.c harness.c
mkdir "$scratch/listen"
cp examples/hello/listen.c "$scratch/listen/"
commands listen >"$scratch/listen.commands"
sed -i 's#^\./listen#exec ./listen#' "$scratch/listen.commands"
(cd "$scratch/listen" && exec sh -eu "$scratch/listen.commands") >"$scratch/listen.out" 2>/dev/null &
listener=$!
echo "from client 1, tag 0x1234: 5 bytes" >"$scratch/listen.expected" # the first program's, from the history
wait_for test -s "$scratch/listen.out"
if have cargo; then
  commands libafl >"$scratch/libafl.commands"
  run_in libafl . examples/hello/expected.txt \
    env CARGO_TARGET_DIR="$BUILD/demo/libafl" sh -eu "$scratch/libafl.commands"
  echo "from client 3, tag 0x1234: 5 bytes" >>"$scratch/listen.expected"
else
  skipped=$((skipped + 1))
  warn "LibAFL's part is skipped: cargo is missing (https://rustup.rs)"
fi
stop_broker # which ends the listener
wait "$listener" || die "examples/hello/listen.c ended with $?"
listener=
same listen "$scratch/listen.expected" "$scratch/listen.out"

start_broker --only-events
echo "test case of 14 bytes: GET / HTTP/1.0" >"$scratch/testcase.expected"
hello testcase testcase.c testcase.c "$scratch/testcase.expected"
stop_broker

start_broker
hello cpp main.cpp harness.cpp
stop_broker
start_broker
hello go main.go harness.go
stop_broker
start_broker
hello python main.py harness.py
stop_broker
start_broker
run_in shell . examples/hello/expected.txt sh examples/hello/main.sh "$port"
stop_broker

say "check-readme: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
