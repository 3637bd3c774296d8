package llmp

import (
	"math/rand/v2"
	"sync"
	"syscall"
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
	pid := syscall.Getpid()
	start, _ := processStart(pid)
	return identity{pid: uint32(pid), namespace: pidNamespace(), start: start, nonce: rand.Uint64() | 1}
})

// liveness is what can be known of a process.
type liveness int

const (
	processGone    liveness = iota // it is no more, or only waits for its parent to take note
	processUnclear                 // it may be on its way out, or cannot be seen
	processRuns                    // it has all its memory
)

// stillRuns says for sure that the process with this pid has all its memory.
func stillRuns(pid uint32) bool {
	_, how := processStart(int(pid))
	return how == processRuns
}

// lives says whether the process may still be there. One of another pid
// namespace cannot be seen from here and is taken to be.
func (p identity) lives() bool {
	if p.namespace != self().namespace {
		return true
	}
	start, how := processStart(int(p.pid))
	return how != processGone && (start == 0 || p.start == 0 || start == p.start)
}
