package shmem

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// prefault backs mapped memory with pages. Memory that cannot be had is left
// alone: this only saves time later.
func prefault(mem []byte) {
	if len(mem) == 0 {
		return
	}
	for {
		switch unix.Madvise(mem, unix.MADV_POPULATE_WRITE) {
		case unix.EINTR, unix.EAGAIN:
		case unix.EINVAL, unix.ENOSYS: // before Linux 5.14
			touch(mem)
			return
		default:
			return
		}
	}
}

// touch writes to every page of a page-aligned mapping without changing what
// is there, not even what another process writes at the same moment.
func touch(mem []byte) {
	for off := 0; off < len(mem); off += unix.Getpagesize() {
		// A mapping consists of whole pages, so a word is there even if
		// the slice ends within it.
		atomic.AddUint32((*uint32)(unsafe.Pointer(&mem[off])), 0)
	}
}
