#!/usr/bin/env bash
# Builds libllmp.so.VERSION with its links, and libllmp.a.
#
#   scripts/build-library.sh [OUT]      default: build/
#
#   GO, CC, AR, OBJCOPY      other tools than go, cc, ar and objcopy
#   CGO_CFLAGS, CGO_LDFLAGS  for the C part: sanitizers, for instance
#
# What comes out the same stays untouched. Two runs at the same time are safe,
# and a program that has the library loaded keeps the one it has.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=$(mkdir -p "${1:-$BUILD}" && cd "${1:-$BUILD}" && pwd)
GO=${GO:-go}
CC=${CC:-cc}
AR=${AR:-ar}
OBJCOPY=${OBJCOPY:-objcopy}
need "$GO" "$CC" "$AR" "$OBJCOPY" flock

export CGO_ENABLED=1 CC
version=$(awk '$2 == "LLMP_VERSION_STRING" { gsub("\"", "", $3); print $3 }' include/llmp.h)
soname=libllmp.so.1

# Intermediate results stay here, so that Go can tell what is up to date.
work=$out/library
mkdir -p "$work"
exec 9>"$work/lock"
flock 9

# The Go runtime as a guest has it (capi/guest_linux.c): its threads must leave
# each signal to the host's. Most they do not take anyway, as they start with
# all signals blocked; but these the runtime opens on each thread of its own,
# and a SIGCHLD that the host waits for with sigwait would end up there. So the
# runtime is compiled with a table of signals that differs in these lines:
# SIGSTKFLT, SIGCHLD, SIGPROF and the first realtime signal. What remains open
# are faults, which hit the thread that causes them, and glibc's own signals.
HOSTS_SIGNALS=(16 17 27 34)

# guest_runtime: writes the -overlay file for that.
guest_runtime() {
  local table signal
  table=$("$GO" env GOROOT)/src/runtime/sigtab_linux_generic.go
  for signal in "${HOSTS_SIGNALS[@]}"; do
    grep -q "^\s*/\* $signal \*/ {.*_SigUnblock" "$table" ||
      die "$("$GO" version): $table is not as expected at signal $signal; build with the Go version of go.mod"
  done
  sed -E "s@^(\s*/\* ($(IFS='|' && echo "${HOSTS_SIGNALS[*]}")) \*/ \{.*) \+ _SigUnblock@\1@" \
    "$table" >"$work/sigtab.go.new"
  cmp -s "$work/sigtab.go.new" "$work/sigtab.go" || mv -f "$work/sigtab.go.new" "$work/sigtab.go"
  rm -f "$work/sigtab.go.new"
  printf '{"Replace":{"%s":"%s"}}\n' "$table" "$work/sigtab.go" >"$work/overlay.json"
}

# Nor does it need a signal for itself: without this it would preempt
# goroutines by SIGURG. Ours make calls often enough.
GODEBUG_DEFAULT='-X=runtime.godebugDefault=asyncpreemptoff=1'

# place FILE: puts a finished file into OUT, at once or not at all.
place() {
  local to=$out/${1##*/}
  cmp -s "$1" "$to" && return
  cp "$1" "$to.new"
  mv -f "$to.new" "$to"
}

# link TO NAME: a relative symbolic link in OUT.
link() {
  [ "$(readlink "$out/$2")" = "$1" ] && return
  ln -sf "$1" "$out/$2.new"
  mv -Tf "$out/$2.new" "$out/$2"
}

guest_runtime
"$GO" build -buildmode=c-archive -buildvcs=false -trimpath -overlay="$work/overlay.json" \
  -ldflags="-s -w $GODEBUG_DEFAULT" -o "$work/archive.a" ./capi

# stale FILE: whether it is older than what it is made from.
stale() {
  local from
  for from in "$work/archive.a" scripts/build-library.sh capi/libllmp.map capi/exported.txt; do
    [ "$1" -nt "$from" ] || return 0
  done
  return 1
}

if stale "$work/libllmp.so.$version" || stale "$work/libllmp.a"; then
  rm -rf "$work/objects"
  mkdir "$work/objects"
  (cd "$work/objects" && "$AR" x ../archive.a)

  # The runtime starts with the first call that needs it, not when the library
  # is loaded: go.o's pointer to the function that starts it becomes data, and
  # gets a name by which guest_linux.c finds it.
  "$OBJCOPY" --add-symbol guest_runtime_start=.init_array:0,global,object "$work/objects/go.o"
  "$OBJCOPY" --rename-section .init_array=.data.rel.ro.llmp_start,alloc,load,data,contents \
    "$work/objects/go.o"
  mapfile -t objects < <(find "$work/objects" -name '*.o' | LC_ALL=C sort)

  # What a build with sanitizers needs beside (cmake/GoLibrary.cmake).
  read -r -a extra <<<"${CGO_LDFLAGS-}"

  # The Go runtime cannot be unloaded, hence nodelete. Two copies in a process
  # keep to themselves, hence Bsymbolic.
  "$CC" -shared -o "$work/libllmp.so.$version" "${objects[@]}" -Wl,-s -Wl,-Bsymbolic \
    -Wl,--version-script="$ROOT/capi/libllmp.map" -Wl,-soname,$soname \
    -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now -Wl,--no-undefined -lpthread -ldl -lrt "${extra[@]}"

  # The archive is one object in which all names but those of llmp.h are local,
  # so that it can sit in a program beside anything, another Go archive included.
  "$CC" -r -nostdlib -o "$work/objects/all.o" "${objects[@]}"
  "$OBJCOPY" --strip-unneeded --keep-global-symbols=capi/exported.txt \
    "$work/objects/all.o" "$work/objects/llmp.o"
  rm -f "$work/libllmp.a"
  "$AR" crD "$work/libllmp.a" "$work/objects/llmp.o"
  rm -rf "$work/objects"
fi

place "$work/libllmp.so.$version"
place "$work/libllmp.a"
link "libllmp.so.$version" "$soname"
link "$soname" libllmp.so
