#!/usr/bin/env bash
# Does a test leave something behind? Shared memory (System V and /dev/shm),
# processes and the ports they listen on, temporary files.
#
#   scripts/check-leftovers.sh COMMAND...        runs it, then looks; fails if either failed
#   scripts/check-leftovers.sh --save FILE       notes the shared memory that is there
#   scripts/check-leftovers.sh --compare FILE    fails on shared memory that came since
#
# With a command it also gives it a TMPDIR of its own, which must be empty at
# the end, and marks its processes, so that what others do on the machine at
# the same time is not taken for a leftover. Shared memory has no such mark:
# a segment counts if it outlives the command by LLMP_LEFTOVERS_GRACE seconds
# (default 10) and nobody is attached to it or its maker is dead.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

GRACE=${LLMP_LEFTOVERS_GRACE:-10}

# One line a piece of shared memory: "sysv ID", "shm NAME".
list_memory() {
  # shmid perms size cpid lpid nattch: a segment in use by a living maker is no leftover
  awk 'NR > 1 { print $2, $5, $7 }' /proc/sysvipc/shm | while read -r id maker attached; do
    if [ "$attached" = 0 ] || ! [ -d "/proc/$maker" ]; then
      echo "sysv $id"
    fi
  done
  find /dev/shm -mindepth 1 -maxdepth 1 -printf 'shm %f\n' 2>/dev/null
}

# Shared memory that is there now and is not in the file $1. Waits a little for it to go.
new_memory() {
  local waited=0 found
  while :; do
    found=$(list_memory | sort | comm -13 "$1" -)
    if [ -z "$found" ] || [ "$waited" -ge "$GRACE" ]; then
      break
    fi
    sleep 1
    waited=$((waited + 1))
  done
  if [ -n "$found" ]; then
    echo "$found"
  fi
}

# Living processes (zombies are not) that carry the mark $1, but for this script.
marked_processes() {
  local file pid
  for file in /proc/[0-9]*/environ; do
    pid=${file#/proc/}
    pid=${pid%/environ}
    [ "$pid" = $$ ] && continue
    if tr '\0' '\n' <"$file" 2>/dev/null | grep -q -x "LLMP_LEFTOVERS_MARK=$1"; then
      echo "$pid"
    fi
  done 2>/dev/null
}

# "PID command line, ports" for one process.
describe_process() {
  local command inodes ports
  command=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null) || return 0
  inodes=$(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | tr -dc '0-9\n')
  ports=$(awk 'NR == FNR { own[$1]; next } $4 == "0A" && ($10 in own) { print $2 }' \
    <(echo "$inodes") <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null) | sed 's/.*://' |
    while read -r hex; do printf ' %d' "0x$hex"; done)
  echo "process $1 ${command}${ports:+(listens on$ports)}"
}

leftover_processes() {
  local waited=0 pids
  while :; do
    pids=$(marked_processes "$1")
    if [ -z "$pids" ] || [ "$waited" -ge "$GRACE" ]; then
      break
    fi
    sleep 1
    waited=$((waited + 1))
  done
  local pid
  for pid in $pids; do
    describe_process "$pid"
  done
}

# What is in the folder $1, but for what test runners and compilers keep there on purpose.
leftover_files() {
  find "$1" -mindepth 1 -maxdepth 1 ! -name 'pytest-of-*' ! -name 'go-build*' ! -name 'rustc*' \
    -printf 'file %f\n'
}

report() {
  [ -z "$1" ] && return 0
  warn "left behind:"
  printf '  %s\n' "${1//$'\n'/$'\n'  }" >&2
  return 1
}

run() {
  local scratch mark status=0 left
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmp.XXXXXX")
  mark=$$-$RANDOM$RANDOM
  mkdir "$scratch/tmp"
  list_memory | sort >"$scratch/before"
  LLMP_LEFTOVERS_MARK=$mark TMPDIR=$scratch/tmp "$@" || status=$?
  left=$(
    leftover_processes "$mark"
    new_memory "$scratch/before"
    leftover_files "$scratch/tmp"
  )
  rm -rf "$scratch"
  report "$left" || [ "$status" -ne 0 ] || status=1
  return "$status"
}

case "${1-}" in
  --save) list_memory | sort >"$2" ;;
  --compare) report "$(new_memory "$2")" ;;
  "" | -*) die "usage: check-leftovers.sh COMMAND... | --save FILE | --compare FILE" ;;
  *) run "$@" ;;
esac
