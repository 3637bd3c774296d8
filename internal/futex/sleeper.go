package futex

import (
	"runtime"
	"time"
)

// A Sleeper is for a goroutine that waits again and again: it has the Go
// runtime wake no thread but this one when what it waits for comes often. The
// zero value is ready; it is for one goroutine at a time.
//
// A thread that blocks in a system call keeps its P (one of the runtime's
// processors) until the runtime's monitor takes it away. When all Ps are idle
// the monitor thread sleeps too, and whoever comes back from a system call
// wakes it before anything else: a call more, and a thread more that stands in
// the way of those whom we are about to wake. That made a message's way through
// a sleeping broker twice as long (docs/performance.md).
//
// The monitor leaves a P that nobody else needs where it is for 10 ms, but not
// if one time slice of a goroutine has lasted for 10 ms, and ours lasts for ever
// when all that interrupts it is system calls. So we begin a new slice before we
// sleep, if the last is not quite new: what comes within 10 ms finds us with our
// P. What comes less often does not, and is better off: until the monitor has
// the P it looks for it again and again.
type Sleeper struct {
	slice time.Duration // when the time slice began, after start
	slept time.Duration // when the last sleep began
}

var start = time.Now()

const (
	// leftAlone is how long the monitor leaves a P in a system call.
	leftAlone = 10 * time.Millisecond
	// sliceLasts is how old a time slice may be when we sleep; for as long again
	// we may sleep. A new one is not free: it may wake a thread that looks for
	// work in vain.
	sliceLasts = leftAlone / 2
)

// Wait is the function Wait.
func (s *Sleeper) Wait(addr *uint32, val uint32, timeout time.Duration) error {
	s.Prepare()
	return Wait(addr, val, timeout)
}

// Prepare is the half of Wait that does not sleep: for who then does so in
// another way, outside Go for instance.
func (s *Sleeper) Prepare() {
	now := time.Since(start)
	often := now-s.slept < leftAlone
	s.slept = now
	if often && now-s.slice >= sliceLasts {
		s.slice = now
		runtime.Gosched()
	}
}
