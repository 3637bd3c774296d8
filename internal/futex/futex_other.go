//go:build !linux

package futex

import "time"

// Wait looks at the word again and again, with pauses of at most 1 ms, until it
// is not val or the time-out is over; a negative one means for ever. It returns
// ErrChanged or ErrTimeout.
func Wait(addr *uint32, val uint32, timeout time.Duration) error { return poll(addr, val, timeout) }

// Wake does nothing and returns 0: sleepers see that the word has changed.
func Wake(addr *uint32, n int) int { return 0 }

// RegisterBarrier returns false: a fence is needed after each store.
func RegisterBarrier() bool { return false }

// Barrier returns false.
func Barrier() bool { return false }
