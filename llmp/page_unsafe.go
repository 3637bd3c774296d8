package llmp

import (
	"sync/atomic"
	"unsafe"

	"llmp/internal/cursor"
	"llmp/internal/wire"
)

// This file turns mapped bytes into words and slices; no other file of the
// package casts pointers. Every caller has checked that the offset lies in the
// map, and that the map is aligned (openPage).

func baseOf(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func u32(base unsafe.Pointer, off uint64) *uint32 { return (*uint32)(unsafe.Add(base, off)) }
func u64(base unsafe.Pointer, off uint64) *uint64 { return (*uint64)(unsafe.Add(base, off)) }

// bytesAt is n bytes of the map as a slice with no room to append.
func bytesAt(base unsafe.Pointer, off, n uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(base, off)), n)
}

// payloadAt is bytesAt for at most MaxPayload bytes, which is cheaper to check.
func payloadAt(base unsafe.Pointer, off, n uint64) []byte {
	return (*[MaxPayload]byte)(unsafe.Add(base, off))[:n:n]
}

// putPayload copies a payload, of at most MaxPayload bytes, to where it belongs.
// What is short goes without a call, for which all registers were to be saved: 16
// bytes at a time, the last 16 of them maybe for the second time.
func putPayload(base unsafe.Pointer, off uint64, data []byte) {
	n := uint64(len(data))
	if n-16 > 128-16 {
		copy(payloadAt(base, off, n), data)
		return
	}
	to, from := unsafe.Add(base, off), unsafe.Pointer(unsafe.SliceData(data))
	for i := uint64(0); i < n-16; i += 16 {
		*(*[16]byte)(unsafe.Add(to, i)) = *(*[16]byte)(unsafe.Add(from, i))
	}
	*(*[16]byte)(unsafe.Add(to, n-16)) = *(*[16]byte)(unsafe.Add(from, n-16))
}

// offsetOf is where the header of a message lies whose payload is data.
func offsetOf(base unsafe.Pointer, data []byte) uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(data)))-uintptr(base)) - wire.MsgHeader
}

// currentID is the word by which a sender commits: stored with release
// (storeRelease), loaded with acquire by every reader.
func currentID(base unsafe.Pointer) *uint64 { return u64(base, wire.PageOffCurrentID) }

// counters is the word that holds two u16: receivers joined (low) and left
// (high). Go has no 16-bit atomics; on the little-endian machines that the
// format is for, a 32-bit compare-and-swap on both is just as atomic for peers
// that add to one half.
func counters(base unsafe.Pointer) *uint32 { return u32(base, wire.PageOffJoined) }

func loadCounters(base unsafe.Pointer) (joined, left uint16) {
	w := atomic.LoadUint32(counters(base))
	return uint16(w), uint16(w >> 16)
}

func addJoined(base unsafe.Pointer) { addCounter(base, 0) }
func addLeft(base unsafe.Pointer)   { addCounter(base, 16) }

// addCounter adds 1 to one half, without a carry into the other.
func addCounter(base unsafe.Pointer, shift uint) {
	w := counters(base)
	for {
		old := atomic.LoadUint32(w)
		half := uint16(old>>shift) + 1
		if atomic.CompareAndSwapUint32(w, old, old&^(0xffff<<shift)|uint32(half)<<shift) {
			return
		}
	}
}

// futexWord is the half of the message id that changes with each commit.
func futexWord(base unsafe.Pointer) *uint32 { return u32(base, wire.PageOffCurrentID) }

// msgHeader is the header of a message, every field read exactly once. Sender
// and tag lie the other way round than in Message: else the compiler copies two
// fields with one load, which waits for the two stores that wrote them.
type msgHeader struct {
	sender, tag, flags uint32
	id, len, padded    uint64
}

func (h *msgHeader) read(base unsafe.Pointer, off uint64) {
	at := unsafe.Add(base, off)
	h.tag = *(*uint32)(unsafe.Add(at, wire.MsgOffTag))
	h.sender = *(*uint32)(unsafe.Add(at, wire.MsgOffSender))
	h.flags = *(*uint32)(unsafe.Add(at, wire.MsgOffFlags))
	h.id = *(*uint64)(unsafe.Add(at, wire.MsgOffID))
	h.len = *(*uint64)(unsafe.Add(at, wire.MsgOffLen))
	h.padded = *(*uint64)(unsafe.Add(at, wire.MsgOffPadded))
}

// readHeader is msgHeader.read into variables, which stay in registers.
func readHeader(base unsafe.Pointer, off uint64) (tag, sender, flags uint32, id, length, padded uint64) {
	at := unsafe.Add(base, off)
	tag = *(*uint32)(unsafe.Add(at, wire.MsgOffTag))
	sender = *(*uint32)(unsafe.Add(at, wire.MsgOffSender))
	flags = *(*uint32)(unsafe.Add(at, wire.MsgOffFlags))
	id = *(*uint64)(unsafe.Add(at, wire.MsgOffID))
	length = *(*uint64)(unsafe.Add(at, wire.MsgOffLen))
	padded = *(*uint64)(unsafe.Add(at, wire.MsgOffPadded))
	return tag, sender, flags, id, length, padded
}

// putHeader writes the header of a finished message. Two fields at a time, as
// they lie in the little-endian format: the broker's field between sender and
// flags is 0.
func putHeader(base unsafe.Pointer, off uint64, tag, sender, flags uint32, id, length, padded uint64) {
	h := (*[wire.MsgHeader / 8]uint64)(unsafe.Add(base, off))
	h[wire.MsgOffTag/8] = uint64(tag) | uint64(sender)<<32
	h[wire.MsgOffBroker/8] = uint64(flags) << 32
	h[wire.MsgOffID/8] = id
	h[wire.MsgOffLen/8] = length
	h[wire.MsgOffPadded/8] = padded
}

// MoveCursor makes the sender keep its place in *to from now on, where the C
// fast path finds it too. For the C library.
func (s *Sender) MoveCursor(to *cursor.Send) {
	*to = *s.cur
	s.cur = to
}

// MoveCursor makes the receiver keep its place in *to from now on. For the C library.
func (r *Receiver) MoveCursor(to *cursor.Recv) {
	r.ahead.putBack(r.cur)
	*to = *r.cur
	r.cur = to
}
