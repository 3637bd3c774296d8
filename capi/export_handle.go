package main

// #include "go_call.h"
// #include "handle.h"
import "C"

import (
	"unsafe"

	"llmp/internal/cursor"
	"llmp/llmp"
)

// The structs of internal/cursor are those of page.h: these lines do not
// compile when a size or an offset differs. handle.h has the same numbers.
type (
	cSend = C.struct_llmp_send_cursor
	cRecv = C.struct_llmp_recv_cursor
	cRing = C.struct_llmp_ring
)

var (
	_ [unsafe.Sizeof(cRing{})]byte             = [unsafe.Sizeof(cursor.Ring{})]byte{}
	_ [unsafe.Offsetof(cRing{}.sleeping)]byte  = [unsafe.Offsetof(cursor.Ring{}.Sleeping)]byte{}
	_ [unsafe.Offsetof(cRing{}.fence)]byte     = [unsafe.Offsetof(cursor.Ring{}.Fence)]byte{}
	_ [unsafe.Sizeof(cSend{})]byte             = [unsafe.Sizeof(cursor.Send{})]byte{}
	_ [unsafe.Offsetof(cSend{}.last_off)]byte  = [unsafe.Offsetof(cursor.Send{}.LastOff)]byte{}
	_ [unsafe.Offsetof(cSend{}.open_off)]byte  = [unsafe.Offsetof(cursor.Send{}.OpenOff)]byte{}
	_ [unsafe.Offsetof(cSend{}.sender_id)]byte = [unsafe.Offsetof(cursor.Send{}.SenderID)]byte{}
	_ [unsafe.Offsetof(cSend{}.state)]byte     = [unsafe.Offsetof(cursor.Send{}.State)]byte{}
	_ [unsafe.Offsetof(cSend{}.ring)]byte      = [unsafe.Offsetof(cursor.Send{}.Ring)]byte{}
	_ [unsafe.Sizeof(cRecv{})]byte             = [unsafe.Sizeof(cursor.Recv{})]byte{}
	_ [unsafe.Offsetof(cRecv{}.last_off)]byte  = [unsafe.Offsetof(cursor.Recv{}.LastOff)]byte{}
	_ [unsafe.Offsetof(cRecv{}.highest)]byte   = [unsafe.Offsetof(cursor.Recv{}.Highest)]byte{}
	_ [unsafe.Offsetof(cRecv{}.skip_id)]byte   = [unsafe.Offsetof(cursor.Recv{}.SkipID)]byte{}
	_ [unsafe.Offsetof(cRecv{}.state)]byte     = [unsafe.Offsetof(cursor.Recv{}.State)]byte{}
	_ [unsafe.Offsetof(cRecv{}.waiters)]byte   = [unsafe.Offsetof(cursor.Recv{}.Waiters)]byte{}
	_ [cursor.StateClosed]byte                 = [C.LLMP_STATE_CLOSED]byte{}
	_ [cursor.StateCorrupt]byte                = [C.LLMP_STATE_CORRUPT]byte{}
	_ [cursor.StateSkip]byte                   = [C.LLMP_STATE_SKIP]byte{}
)

// moveSend lets a sender keep its place in the C handle.
func moveSend(s *llmp.Sender, to *cSend) { s.MoveCursor((*cursor.Send)(unsafe.Pointer(to))) }

// moveRecv lets a receiver keep its place in the C handle.
func moveRecv(r *llmp.Receiver, to *cRecv) { r.MoveCursor((*cursor.Recv)(unsafe.Pointer(to))) }

// go_bind does nothing. The first call of a thread makes it known to the
// runtime, and the first call of all waits until the runtime is up.
//
//export go_bind
func go_bind() {}

// go_to_env sets the variables by which another process takes the handle over.
//
//export go_to_env
func go_to_env(token unsafe.Pointer, prefix *C.char, r *C.struct_go_result) {
	answer(r, func() error {
		n, err := name(prefix)
		if err != nil {
			return err
		}
		o, err := object[interface {
			EnvVars(string) ([][2]string, error)
		}](token)
		if err != nil {
			return err
		}
		return setenv(o.EnvVars(n))
	})
}

// go_close closes whatever it is and forgets it.
//
//export go_close
func go_close(token unsafe.Pointer, r *C.struct_go_result) {
	answerLater(r, func() error {
		defer release(token)
		o, err := object[interface{ Close() error }](token)
		if err != nil {
			return err
		}
		return o.Close()
	})
}

// go_make_room moves a sender on to a page with room for n bytes. It never
// waits: LLMP_E_FULL comes at once.
//
//export go_make_room
func go_make_room(token unsafe.Pointer, n C.size_t, r *C.struct_go_result) {
	answer(r, func() error {
		s, err := sendingHalf(token)
		if err != nil {
			return err
		}
		return s.MakeRoom(int(n))
	})
}

// go_reader_gone says whether nobody reads a sender's pages any more.
//
//export go_reader_gone
func go_reader_gone(token unsafe.Pointer) (gone C.int) {
	var ignored C.struct_go_result
	answer(&ignored, func() error {
		if s, err := sendingHalf(token); err == nil && s.ReaderGone() {
			gone = 1
		}
		return nil
	})
	return gone
}

// go_follow moves a receiver on from the end of its page.
//
//export go_follow
func go_follow(token unsafe.Pointer, r *C.struct_go_result) {
	answer(r, func() error {
		half, err := receivingHalf(token)
		if err != nil {
			return err
		}
		return half.Follow()
	})
}

// go_fail tells a receiver that its page is at an end or makes no sense.
//
//export go_fail
func go_fail(token unsafe.Pointer, r *C.struct_go_result) {
	answer(r, func() error {
		half, err := receivingHalf(token)
		if err != nil {
			return err
		}
		return half.Fail()
	})
}
