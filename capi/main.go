// The C library: the Go side of llmp.h.
//
// The functions of llmp.h are C (client.c, broker.c, ...) and do what they can
// without Go. Where they need the core they call a go_* function of an
// export_*.go file, which looks up the object, converts the arguments and
// makes one call.
package main

// #cgo CFLAGS: -std=gnu11 -O2 -fvisibility=hidden -DLLMP_BUILDING -I${SRCDIR}/../include
// #cgo LDFLAGS: -lpthread -ldl -lrt
import "C"

import (
	"runtime"
	"runtime/debug"
	"syscall"
)

// The runtime is a guest here: it should not spread over the host's cores, nor
// keep much of its memory.
const (
	// Two processors: one for the host's thread that is inside Go, one for
	// what runs beside it (listeners, a broker's links to others). The
	// collector takes a quarter of that at most.
	guestProcessors = 2
	// What the library keeps on the Go heap is a few hundred kilobytes, the
	// messages lie in shared memory. So a collection is cheap, and it may
	// come at 2 MiB instead of the usual 4.
	guestHeapGrowth = 50
)

func init() {
	if !set("GOMAXPROCS") && runtime.NumCPU() > guestProcessors {
		runtime.GOMAXPROCS(guestProcessors)
	}
	if !set("GOGC") {
		debug.SetGCPercent(guestHeapGrowth)
	}
}

// set says whether a variable of the environment is set, and not empty.
func set(key string) bool {
	value, _ := syscall.Getenv(key)
	return value != ""
}

func main() {}
