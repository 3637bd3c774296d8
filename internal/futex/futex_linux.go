package futex

import (
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Shared futexes: FUTEX_PRIVATE_FLAG is not set, as the sleepers are in other
// processes.
const (
	opWait = 0 // FUTEX_WAIT
	opWake = 1 // FUTEX_WAKE
)

// Commands of membarrier(2).
const (
	globalExpedited         = 1 << 1 // MEMBARRIER_CMD_GLOBAL_EXPEDITED
	registerGlobalExpedited = 1 << 2 // MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED
)

// Wait sleeps while *addr is val, until Wake or for the time-out; a negative
// one means for ever. It returns nil when it was woken (or, seldom, for no
// reason), else ErrChanged, ErrTimeout or ErrInterrupted. It blocks a thread.
func Wait(addr *uint32, val uint32, timeout time.Duration) error {
	var limit *unix.Timespec
	if timeout >= 0 {
		ts := unix.NsecToTimespec(int64(timeout))
		limit = &ts
	}
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(addr)), opWait, uintptr(val),
		uintptr(unsafe.Pointer(limit)), 0, 0)
	if err := ended(errno); err != ErrUnsupported {
		return err
	}
	// A sandbox that forbids futexes; callers in a loop must not spin.
	return poll(addr, val, timeout)
}

// ended is how a wait has ended; ErrUnsupported where the call is not to be had.
func ended(errno unix.Errno) error {
	switch errno {
	case 0:
		return nil
	case unix.EAGAIN:
		return ErrChanged
	case unix.ETIMEDOUT:
		return ErrTimeout
	case unix.EINTR:
		return ErrInterrupted
	}
	return ErrUnsupported
}

// Wake wakes at most n of those who Wait on addr in any process, and returns
// how many there were. The word should have changed before.
func Wake(addr *uint32, n int) int {
	woken, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(addr)), opWake, uintptr(min(n, All)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(woken)
}

// RegisterBarrier lets the Barrier of every process order the memory of this
// one. Then a thread here that stores and loads needs no fence between the two
// against a thread elsewhere that stores, calls Barrier and loads: one of them
// sees the other's store. It acts once; false says that the system cannot, and
// that the fence is needed. It may take milliseconds the first time.
//
// The promise has a gap (seen on Linux 6.18, by counting interrupts): a
// processor that was idle after running this process when it registered is
// passed over until it has run some other process. So a sleeper must not trust
// it for long: whoever sleeps for the first time after saying so looks again
// within a millisecond, by when a store that was under way has arrived.
func RegisterBarrier() bool { return registered() }

var registered = sync.OnceValue(func() bool { return membarrier(registerGlobalExpedited) })

// Barrier is a full fence on all running threads of registered processes (but
// see RegisterBarrier), and for the caller; false says that the system cannot.
func Barrier() bool { return membarrier(globalExpedited) }

func membarrier(command uintptr) bool {
	_, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, command, 0, 0)
	return errno == 0
}
