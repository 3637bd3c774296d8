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
	"syscall"
)

// guestProcessors are two: one for the host's thread that is inside Go, one for
// what runs beside it (listeners, a broker's links to others). The collector
// takes a quarter of that at most. The runtime is a guest here: it should not
// spread over the host's cores. Nor does it keep much of the host's memory, as
// scripts/build-library.sh arranges.
const guestProcessors = 2

func init() {
	if value, _ := syscall.Getenv("GOMAXPROCS"); value == "" && runtime.NumCPU() > guestProcessors {
		runtime.GOMAXPROCS(guestProcessors)
	}
}

func main() {}
