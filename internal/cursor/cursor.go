// Package cursor holds the two small structs in which a sender and a receiver
// keep their place on the current page.
//
// The C library's handles contain the very same structs (capi/handle.h checks
// sizes and offsets at compile time), so the C fast path and the Go core work
// on one state and nothing has to be copied between them. The core reaches
// them through a pointer: into the Go heap for Go programs, into the C handle
// for C programs. Pointers in here always point to mapped or C memory, never
// to the Go heap.
package cursor

import "unsafe"

// Send is the place of a sender. The sender is the only writer of its page, so
// these private copies are the truth and what a reader scribbles over the
// page header is never trusted. Owned by the sending thread.
type Send struct {
	Base     unsafe.Pointer // the map; nil: no page yet, or closed
	Total    uint64         // size total: bytes behind the page header
	Used     uint64         // size used
	LastID   uint64         // id of the message committed last
	LastOff  uint64         // its offset from Base; 0: none on this page
	OpenOff  uint64         // offset of the open allocation; 0: none
	MaxAlloc uint64         // largest allocation so far, header included
	SenderID uint32         // written into each message
	State    uint32         // see State*
	Ring     Ring           // whom to wake after a commit
}

// Recv is the place of a receiver. Owned by the receiving thread.
type Recv struct {
	Base    unsafe.Pointer // the map; nil: closed
	Size    uint64         // bytes that are really mapped, declared size at most
	Next    uint64         // offset of the next message to read
	LastOff uint64         // offset of the message read last; 0: none on this page
	SeenID  uint64         // id of the message read last
	Highest uint64         // newest id that was seen committed
	SkipID  uint32         // with StateSkip: messages of this sender are passed over
	State   uint32         // see State*
	Skipped uint64         // how many were passed over
	Waiters *uint32        // set to 1 before sleeping on this page; nil: the sender wakes nobody, poll
}

// Ring says whom a sender wakes: when *Want is not 0 after a commit, someone
// sleeps and has to be rung (see docs/concurrency.md).
type Ring struct {
	Want     *uint32 // nil: nobody can sleep on this page
	Futex    *uint32 // the word on which they sleep
	Rang     *uint64 // nil, or the word of the bell's bitmap in which Bit is set
	Sleeping *uint32 // nil, or not 0 while the owner of Futex sleeps
	Bit      uint64
	Fence    uint32 // not 0: no asymmetric barrier here, commit with a full fence
	_        uint32
}

// States of a cursor.
const (
	StateReady   = 0
	StateClosed  = 1 << 0 // closed, or the other side said EXITING
	StateCorrupt = 1 << 1 // what was read makes no sense; sticky
	StateSkip    = 1 << 2 // Recv: skip messages of SkipID
)
