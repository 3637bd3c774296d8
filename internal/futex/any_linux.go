package futex

import (
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Of linux/futex.h, since Linux 5.16; golang.org/x/sys has the number of the
// call alone.
const futex32 = 0x02 // FUTEX2_SIZE_U32, and not private

// waitv is struct futex_waitv.
type waitv struct {
	val   uint64
	addr  uint64
	flags uint32
	_     uint32
}

func waitAny(words []Word, timeout time.Duration) error {
	if len(words) == 0 || len(words) > MaxAny {
		return ErrUnsupported
	}
	var v [MaxAny]waitv
	for i, w := range words {
		v[i] = waitv{val: uint64(w.Val), addr: uint64(uintptr(unsafe.Pointer(w.Addr))), flags: futex32}
	}
	var limit *unix.Timespec
	if timeout >= 0 { // the call wants a moment, not a time
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
			return err
		}
		ts := unix.NsecToTimespec(now.Nano() + int64(timeout))
		limit = &ts
	}
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX_WAITV, uintptr(unsafe.Pointer(&v)), uintptr(len(words)), 0,
		uintptr(unsafe.Pointer(limit)), unix.CLOCK_MONOTONIC, 0)
	runtime.KeepAlive(words)
	return ended(errno)
}
