package cevent

// #include <stdlib.h>
// #include "event_codec.h"
import "C"

import "unsafe"

// Stats is struct event_stats.
type Stats struct {
	Seconds    uint64
	Nanos      uint32
	Executions uint64
}

// Input is struct event_input, of a NewTestcase or an Objective.
type Input struct {
	Data     []byte // nil: none
	Count    uint64
	ExitKind uint32
}

// Figure is struct event_figure.
type Figure struct {
	Name             string
	Tag              uint64
	Value, Aggregate uint32
	Number, Whole    uint64
	Real             float64
	Text             string
}

// What Decode may find: enum event_found.
const (
	FoundInput     = C.EVENT_FOUND_INPUT
	FoundOther     = C.EVENT_FOUND_OTHER
	FoundUnknown   = C.EVENT_FOUND_UNKNOWN
	FoundMalformed = C.EVENT_FOUND_MALFORMED
)

// Kinds of events that have an input.
const (
	NewTestcase = C.EVENT_NEW_TESTCASE
	Objective   = C.EVENT_OBJECTIVE
)

// Decode is event_decode. Input and Stats mean something with FoundInput only.
func Decode(payload []byte) (found int, kind uint32, in Input, stats Stats) {
	var (
		cKind  C.uint32_t
		cIn    C.struct_event_input
		cStats C.struct_event_stats
	)
	// A copy that C may point into, of exactly this length: a sanitizer or a
	// guard would notice what is read beyond.
	p := C.CBytes(payload)
	defer C.free(p)
	found = int(C.event_decode((*C.uchar)(p), C.size_t(len(payload)), &cKind, &cIn, &cStats))
	if found == FoundInput {
		in = Input{Count: uint64(cIn.count), ExitKind: uint32(cIn.exit_kind)}
		if cIn.data != nil {
			in.Data = append([]byte{}, unsafe.Slice((*byte)(cIn.data), int(cIn.len))...)
		}
		stats = Stats{uint64(cStats.seconds), uint32(cStats.nanos), uint64(cStats.executions)}
	}
	return found, uint32(cKind), in, stats
}

// EncodeInput is event_put_testcase or event_put_objective, with the stats.
func EncodeInput(kind uint32, in Input, stats Stats) []byte {
	data := C.CBytes(in.Data)
	defer C.free(data)
	c := C.struct_event_input{len: C.size_t(len(in.Data)), count: C.uint64_t(in.Count), exit_kind: C.uint32_t(in.ExitKind)}
	if in.Data != nil {
		c.data = (*C.uchar)(data)
	}
	return encode(stats, func(w *C.struct_event_writer) {
		if kind == Objective {
			C.event_put_objective(w, &c)
		} else {
			C.event_put_testcase(w, &c)
		}
	})
}

// EncodeFigure is event_put_figure, with the stats.
func EncodeFigure(f Figure, stats Stats) []byte {
	name, text := C.CString(f.Name), C.CString(f.Text)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(text))
	c := C.struct_event_figure{
		name: name, name_len: C.size_t(len(f.Name)), tag: C.uint64_t(f.Tag),
		value: C.uint32_t(f.Value), aggregate: C.uint32_t(f.Aggregate),
		number: C.uint64_t(f.Number), whole: C.uint64_t(f.Whole), real: C.double(f.Real),
		text: text, text_len: C.size_t(len(f.Text)),
	}
	return encode(stats, func(w *C.struct_event_writer) { C.event_put_figure(w, &c) })
}

// EncodeHeartbeat is the event that has no fields, with the stats.
func EncodeHeartbeat(stats Stats) []byte {
	return encode(stats, func(w *C.struct_event_writer) { C.event_put(w, C.EVENT_HEARTBEAT) })
}

// encode measures, then writes: both passes must agree.
func encode(stats Stats, put func(*C.struct_event_writer)) []byte {
	s := C.struct_event_stats{C.uint64_t(stats.Seconds), C.uint32_t(stats.Nanos), C.uint64_t(stats.Executions)}
	w := (*C.struct_event_writer)(C.calloc(1, C.sizeof_struct_event_writer))
	defer C.free(unsafe.Pointer(w))
	put(w)
	C.event_put_stats(w, &s)
	n := w.len
	w.to, w.len = (*C.uchar)(C.malloc(n)), 0
	defer C.free(unsafe.Pointer(w.to))
	put(w)
	C.event_put_stats(w, &s)
	if w.len != n {
		panic("cevent: an encoding was measured wrongly")
	}
	return C.GoBytes(unsafe.Pointer(w.to), C.int(n))
}
