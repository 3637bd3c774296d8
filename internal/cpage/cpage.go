package cpage

/*
#include <stdlib.h>
#include "page.h"

_Static_assert(sizeof(struct llmp_send_cursor) == 112, "internal/cursor.Send");
_Static_assert(sizeof(struct llmp_recv_cursor) == 72, "internal/cursor.Recv");
*/
import "C"

import (
	"unsafe"

	"llmp/internal/cursor"
)

// The cursors are the same memory to C and to Go, or this does not compile.
var (
	_ [C.sizeof_struct_llmp_send_cursor]byte = [unsafe.Sizeof(cursor.Send{})]byte{}
	_ [C.sizeof_struct_llmp_recv_cursor]byte = [unsafe.Sizeof(cursor.Recv{})]byte{}
)

func send(c *cursor.Send) *C.struct_llmp_send_cursor {
	return (*C.struct_llmp_send_cursor)(unsafe.Pointer(c))
}

// NewMap returns size bytes of C's memory, all zero and aligned as a map is. It
// lies outside of the Go heap, as cursors that C gets to see demand.
func NewMap(size int) []byte {
	const alignment = 4096
	p := C.aligned_alloc(alignment, C.size_t((size+alignment-1)&^(alignment-1)))
	if p == nil {
		panic("cpage: out of memory")
	}
	b := unsafe.Slice((*byte)(p), size)
	clear(b)
	return b
}

// FreeMap gives back what NewMap returned.
func FreeMap(b []byte) { C.free(unsafe.Pointer(unsafe.SliceData(b))) }

// Alloc is page_alloc. It returns the offset of the payload; false: the page is full.
func Alloc(c *cursor.Send, n uint64) (uint64, bool) {
	payload := C.page_alloc(send(c), C.uint64_t(n))
	if payload == nil {
		return 0, false
	}
	return uint64(uintptr(unsafe.Pointer(payload)) - uintptr(c.Base)), true
}

// Shrink is page_shrink.
func Shrink(c *cursor.Send, n uint64) { C.page_shrink(send(c), C.uint64_t(n)) }

// Cancel is page_cancel.
func Cancel(c *cursor.Send) { C.page_cancel(send(c)) }

// Finish is page_finish.
func Finish(c *cursor.Send, tag, flags, sender uint32) {
	C.page_finish(send(c), C.uint32_t(tag), C.uint32_t(flags), C.uint32_t(sender))
}

// Put is page_put. False: the page is full.
func Put(c *cursor.Send, tag, flags, sender uint32, data []byte) bool {
	at := unsafe.Pointer(unsafe.SliceData(data))
	return bool(C.page_put(send(c), C.uint32_t(tag), C.uint32_t(flags), C.uint32_t(sender), at, C.uint64_t(len(data))))
}

// Publish is page_publish. True: somebody sleeps, and has to be rung.
func Publish(c *cursor.Send) bool { return bool(C.page_publish(send(c))) }

// OpenLen is page_open_len.
func OpenLen(c *cursor.Send) uint64 { return uint64(C.page_open_len(send(c))) }

// Padded is page_padded.
func Padded(off, n uint64) uint64 {
	return uint64(C.page_padded(C.uint64_t(off), C.uint64_t(n)))
}

// Reserved is page_reserved_tag.
func Reserved(tag uint32) bool { return bool(C.page_reserved_tag(C.uint32_t(tag))) }

// Found is enum page_found.
type Found int

// What Next came upon.
const (
	Nothing   Found = C.PAGE_NOTHING
	Message   Found = C.PAGE_MESSAGE
	EndOfPage Found = C.PAGE_END
	Exiting   Found = C.PAGE_EXITING
	Corrupt   Found = C.PAGE_CORRUPT
)

// Header is struct page_message, with the payload as an offset.
type Header struct {
	Tag, Sender, Flags       uint32
	ID, Len, Padded, Payload uint64
}

// Next is page_next. The header is filled in for a message, a link and a goodbye.
func Next(c *cursor.Recv) (Header, Found) {
	var m C.struct_page_message
	found := Found(C.page_next((*C.struct_llmp_recv_cursor)(unsafe.Pointer(c)), &m))
	if found == Nothing || found == Corrupt {
		return Header{}, found
	}
	return Header{
		Tag: uint32(m.tag), Sender: uint32(m.sender), Flags: uint32(m.flags),
		ID: uint64(m.id), Len: uint64(m.len), Padded: uint64(m.padded),
		Payload: uint64(uintptr(unsafe.Pointer(m.payload)) - uintptr(c.Base)),
	}, found
}
