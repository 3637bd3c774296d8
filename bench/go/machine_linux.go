package main

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// pin keeps this goroutine's thread on one core.
func pin(core int) {
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(core)
	_ = unix.SchedSetaffinity(0, &set) // a machine without that core measures all the same
}

// sharedClock is in nanoseconds on the clock that the C driver sends.
func sharedClock() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano()
}

// dieWithParent ends this process with the one that started it.
func dieWithParent() { _ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0) }
