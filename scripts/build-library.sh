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
need "$GO" "$CC" "$AR" "$OBJCOPY" readelf diff flock

export CGO_ENABLED=1 CC
version=$(awk '$2 == "LLMP_VERSION_STRING" { gsub("\"", "", $3); print $3 }' include/llmp.h)
soname=libllmp.so.1

# Intermediate results stay here, so that Go can tell what is up to date.
work=$out/library
mkdir -p "$work"
exec 9>"$work/lock"
flock 9

# The Go runtime as a guest has it (capi/guest_linux.c): some files of Go's own
# sources are compiled with a few lines changed, by go's -overlay.
overlaid=()

# overlay FILE LINES SED...: FILE as sed changes it, which must be as many lines;
# false if they are not, and then nothing is changed.
overlay() {
  local file lines=$2 changed name=${1//\//-}
  file=$("$GO" env GOROOT)/src/$1
  shift 2
  sed -E "$@" "$file" >"$work/$name.new"
  changed=$(diff "$file" "$work/$name.new" | grep -c '^<' || true)
  if [ "$changed" -ne "$lines" ]; then
    rm -f "$work/$name.new"
    return 1
  fi
  cmp -s "$work/$name.new" "$work/$name" || mv -f "$work/$name.new" "$work/$name"
  rm -f "$work/$name.new"
  overlaid+=("\"$file\":\"$work/$name\"")
}

# smaller FILE LINES SED...: overlay for what the library is as good without, but
# larger.
smaller() {
  overlay "$@" ||
    warn "$("$GO" version): $1 is not as expected, so the library gets larger; the Go version of go.mod is the one that fits"
}

# Its threads must leave each signal to the host's. Most they do not take anyway,
# as they start with all signals blocked; but these the runtime opens on each
# thread of its own, and a SIGCHLD that the host waits for with sigwait would end
# up there. So the table of signals differs in these lines: SIGSTKFLT, SIGCHLD,
# SIGPROF and the first realtime signal. What remains open are faults, which hit
# the thread that causes them, and glibc's own signals.
HOSTS_SIGNALS=(16 17 27 34)
overlay runtime/sigtab_linux_generic.go ${#HOSTS_SIGNALS[@]} \
  -e "s@^(\s*/\* ($(IFS='|' && echo "${HOSTS_SIGNALS[*]}")) \*/ \{.*) \+ _SigUnblock@\1@" ||
  die "$("$GO" version): the table of signals is not as expected; build with the Go version of go.mod"

# What the library keeps on the Go heap is a few hundred kilobytes, the messages
# lie in shared memory. So a collection is cheap, and where the environment has
# no GOGC it may come at 2 MiB instead of the usual 4. (To say so by runtime/debug
# would bring fmt and os.)
smaller runtime/mgcpacer.go 1 -e 's/^\treturn 100$/\treturn 50/'

# The rest is for size, and takes away what cannot be used here.
#
# DEFLATE is used at level 1 alone; and for the error about other levels it needs
# fmt, a tenth of the library.
smaller compress/flate/deflate.go 10 -e '/^\t"fmt"$/d' \
  -e 's/fmt\.Errorf\("(flate: invalid compression level) .*/errors.New("\1")/' \
  -e '/^\tcase level == DefaultCompression:/,/^\tdefault:/{/^\tdefault:/!d}'
# Nobody gives the packages beside the runtime settings by GODEBUG, so they need
# not be able to read any.
smaller internal/godebug/godebug.go 2 -e '/^\tset(Update|NewIncNonDefault)\(/d'
# Nobody can switch on the tracer, so it is off for good.
smaller runtime/traceruntime.go 4 \
  -e 's/^\treturn (trace\.(enabled|enabledWithAllocFree|shutdown\.Load\(\))|tl\.gen != 0)$/\treturn false/'
# What a control group allows is never taken for less than two processors, and
# more are not used (capi/main.go): it need not be looked up.
smaller runtime/cgroup_linux.go 2 \
  -e 's/^(\tc, err :=) cgroup\.OpenCPU\(cgroupScratch\[:\]\)$/\1 cgroup.CPU{}, cgroup.ErrNoCgroup/' \
  -e 's/^(\tlimit, ok, err :=) cgroup\.ReadCPULimit\(cpu\)$/\1 0.0, false, cgroup.ErrNoCgroup/'

printf '{"Replace":{%s}}\n' "$(IFS=, && echo "${overlaid[*]}")" >"$work/overlay.json"

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

"$GO" build -buildmode=c-archive -buildvcs=false -trimpath -overlay="$work/overlay.json" \
  -ldflags="-s -w -funcalign=16 $GODEBUG_DEFAULT" -o "$work/archive.a" ./capi

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

  # Most of what the dynamic linker has to adjust are pointers into the library
  # itself: packed (DT_RELR), their list is a fortieth as long. glibc reads that
  # since 2.36, so where it is older the list stays as it is.
  packed=()
  cat >"$work/packed.c" <<'END'
#include <features.h>
#if !__GLIBC_PREREQ(2, 36)
#error "not to be had"
#endif
static int there;
int *const here = &there;
END
  if "$CC" -shared -fPIC -o "$work/packed.so" "$work/packed.c" -Wl,-z,pack-relative-relocs 2>/dev/null &&
    readelf -d "$work/packed.so" | grep -q RELR; then
    packed=("-Wl,-z,pack-relative-relocs")
  fi

  # What a build with sanitizers needs beside (cmake/GoLibrary.cmake).
  read -r -a extra <<<"${CGO_LDFLAGS-}"

  # The Go runtime cannot be unloaded, hence nodelete. Two copies in a process
  # keep to themselves, hence Bsymbolic.
  "$CC" -shared -o "$work/libllmp.so.$version" "${objects[@]}" -Wl,-s -Wl,-Bsymbolic \
    -Wl,--version-script="$ROOT/capi/libllmp.map" -Wl,-soname,$soname \
    -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now -Wl,--no-undefined -lpthread -ldl -lrt "${packed[@]}" "${extra[@]}"

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
