// Package futex lets a thread sleep until a 32-bit word of shared memory
// changes, across processes, and orders memory between a process that does not
// want to pay for it and one that does not mind.
//
// The words lie in memory that others write to. Whatever is there, the worst
// that happens is waking too early or sleeping to the end of the time-out.
package futex

import (
	"errors"
	"math"
	"sync/atomic"
	"time"
)

// All as number of sleepers to wake.
const All = math.MaxInt32

// What Wait returns when nobody called Wake. In each case the caller looks at
// the word again, as it does when Wait returns nil.
var (
	ErrChanged     = errors.New("the word has another value")
	ErrTimeout     = errors.New("time-out")
	ErrInterrupted = errors.New("interrupted by a signal")
)

// The pauses of poll.
const (
	firstPause = 50 * time.Microsecond
	lastPause  = time.Millisecond
)

// poll is Wait where the system has no futexes. It does not notice a Wake that
// came without a change.
func poll(addr *uint32, val uint32, timeout time.Duration) error {
	end := time.Now().Add(timeout)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if atomic.LoadUint32(addr) != val {
			return ErrChanged
		}
		if timeout >= 0 {
			left := time.Until(end)
			if left <= 0 {
				return ErrTimeout
			}
			pause = min(pause, left)
		}
		time.Sleep(pause)
	}
}
