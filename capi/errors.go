package main

// #include "go_call.h"
// #include "llmp.h"
import "C"

import (
	"errors"
	"unicode/utf8"
	"unsafe"

	"llmp/internal/format"
	"llmp/llmp"
	"llmp/llmp/event"
)

// codes says which code of llmp.h an error of the core stands for.
var codes = []struct {
	err  *error
	code C.int32_t
}{
	{&llmp.ErrInvalid, C.LLMP_E_INVALID},
	{&llmp.ErrNoMemory, C.LLMP_E_NOMEM},
	{&llmp.ErrTimeout, C.LLMP_E_TIMEOUT},
	{&llmp.ErrFull, C.LLMP_E_FULL},
	{&llmp.ErrClosed, C.LLMP_E_CLOSED},
	{&llmp.ErrCorrupt, C.LLMP_E_CORRUPT},
	{&llmp.ErrForked, C.LLMP_E_FORKED},
	{&llmp.ErrPermission, C.LLMP_E_PERMISSION},
	{&llmp.ErrUnsupported, C.LLMP_E_UNSUPPORTED},
	{&llmp.ErrBusy, C.LLMP_E_BUSY},
	{&llmp.ErrNotFound, C.LLMP_E_NOTFOUND},
	{&llmp.ErrTooBig, C.LLMP_E_TOOBIG},
	{&llmp.ErrRefused, C.LLMP_E_REFUSED},
	{&llmp.ErrProtocol, C.LLMP_E_PROTOCOL},
	{&llmp.ErrIO, C.LLMP_E_IO},
	{&event.ErrTooBig, C.LLMP_E_TOOBIG},
	{&event.ErrMalformed, C.LLMP_E_CORRUPT},
}

func codeOf(err error) C.int32_t {
	for _, c := range codes {
		if errors.Is(err, *c.err) {
			return c.code
		}
	}
	return C.LLMP_E_INTERNAL
}

// answer makes the one call of an export and reports what became of it in *r.
// A panic is a bug of ours: it must not end the host's process.
func answer(r *C.struct_go_result, call func() error) {
	defer func() {
		if p := recover(); p != nil {
			report(r, format.Errorf("%w, please report it: %v", llmp.ErrInternal, p))
		}
	}()
	if err := call(); err != nil {
		report(r, err)
	}
}

// answerLater is answer for a call that may wait. The host's thread waits for
// it in C, with its signals (go_call.h).
func answerLater(r *C.struct_go_result, call func() error) {
	go func() {
		answer(r, call)
		C.go_finished(r)
	}()
}

// report fills in an error.
func report(r *C.struct_go_result, err error) {
	r.code = codeOf(err)
	room := unsafe.Slice((*byte)(unsafe.Pointer(&r.text)), len(r.text))
	n := copy(room, shortened(err.Error(), len(room)-1))
	room[n] = 0
}

// shortened is at most limit bytes of s, and no broken character at the end.
func shortened(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
