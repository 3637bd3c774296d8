package llmp

import (
	"math/rand/v2"
	"os"
	"sync"
)

// identity tells processes apart, even when the system gives a pid out again.
type identity struct {
	pid       uint32
	namespace uint32 // of pids; 0: unknown
	start     uint64 // when the process started, in the system's ticks; 0: unknown
	nonce     uint64 // tells the program before an exec from the one after it
}

// self is the identity of this process.
var self = sync.OnceValue(func() identity {
	pid := os.Getpid()
	start, _ := processStart(pid)
	return identity{pid: uint32(pid), namespace: pidNamespace(), start: start, nonce: rand.Uint64() | 1}
})

// processLives says whether there is a process with this pid; where it cannot
// be known, there is.
func processLives(pid uint32) bool {
	_, alive := processStart(int(pid))
	return alive
}

// lives says whether the process is still there. One of another pid namespace
// cannot be seen from here and is taken to be.
func (p identity) lives() bool {
	if p.namespace != self().namespace {
		return true
	}
	start, alive := processStart(int(p.pid))
	return alive && (start == 0 || p.start == 0 || start == p.start)
}
