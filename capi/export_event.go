package main

// #include "event.h"
// #include "go_call.h"
// #include "llmp.h"
import "C"

import (
	"unsafe"

	"llmp/internal/format"
	"llmp/llmp"
	"llmp/llmp/event"
)

// Of LibAFL's events, C does all but DEFLATE. Each of the two exists twice: for
// the thread that calls, and, where it may take long, for a goroutine while
// that thread waits in C.

// A cBuffer writes to memory of C.
type cBuffer struct {
	to    *C.struct_event_buffer
	limit C.uint64_t
}

func (b cBuffer) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	// cgo knows &p[0]: it looks at the slice alone, not at the compressor that
	// the slice is a part of.
	switch C.event_buffer_add(b.to, unsafe.Pointer(&p[0]), C.size_t(len(p)), b.limit) {
	case 0:
		return len(p), nil
	case C.LLMP_E_TOOBIG:
		return 0, format.Errorf("%w: more than %d bytes, compressed", llmp.ErrTooBig, uint64(b.limit))
	}
	return 0, format.Errorf("%w: none for %d bytes of an event", llmp.ErrNoMemory, int(b.to.len)+len(p))
}

func deflate(data unsafe.Pointer, n C.size_t, to *C.struct_event_buffer) func() error {
	return func() error {
		return event.CompressTo(cBuffer{to, C.uint64_t(C.LLMP_MAX_PAYLOAD)}, bytesOf(data, n))
	}
}

func inflate(data unsafe.Pointer, n C.size_t, limit C.uint64_t, to *C.struct_event_buffer) func() error {
	return func() error {
		return event.Decoder{MaxSize: bounded(uint64(limit))}.DecompressTo(cBuffer{to, limit}, bytesOf(data, n))
	}
}

// go_event_deflate compresses an encoding into *to.
//
//export go_event_deflate
func go_event_deflate(data unsafe.Pointer, n C.size_t, to *C.struct_event_buffer, r *C.struct_go_result) {
	answer(r, deflate(data, n, to))
}

//export go_event_deflate_later
func go_event_deflate_later(data unsafe.Pointer, n C.size_t, to *C.struct_event_buffer, r *C.struct_go_result) {
	answerLater(r, deflate(data, n, to))
}

// go_event_inflate decompresses a payload into *to, which is empty. LLMP_E_TOOBIG:
// it has more than limit bytes; LLMP_E_CORRUPT: it does not decompress.
//
//export go_event_inflate
func go_event_inflate(data unsafe.Pointer, n C.size_t, limit C.uint64_t, to *C.struct_event_buffer, r *C.struct_go_result) {
	answer(r, inflate(data, n, limit, to))
}

//export go_event_inflate_later
func go_event_inflate_later(data unsafe.Pointer, n C.size_t, limit C.uint64_t, to *C.struct_event_buffer, r *C.struct_go_result) {
	answerLater(r, inflate(data, n, limit, to))
}
