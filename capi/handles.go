package main

import (
	"unsafe"

	"github.com/mattn/go-pointer"

	"llmp/internal/format"
	"llmp/llmp"
)

// C keeps Go objects by tokens: go-pointer gives them out, keeps the object
// alive and finds it again. A token is looked up when a page is full, not for
// each message. C makes sure that a token is not used after release (handle.h).

// keep returns the token of an object.
func keep(object any) unsafe.Pointer { return pointer.Save(object) }

// release forgets the object.
func release(token unsafe.Pointer) { pointer.Unref(token) }

// object is what a token stands for.
func object[T any](token unsafe.Pointer) (T, error) {
	found := pointer.Restore(token)
	if t, ok := found.(T); ok {
		return t, nil
	}
	var none T
	return none, format.Errorf("%w: what a handle holds is not of its kind", llmp.ErrInternal)
}

// sendingHalf is the sender of a client, or a sender.
func sendingHalf(token unsafe.Pointer) (*llmp.Sender, error) {
	if c, err := object[*llmp.Client](token); err == nil {
		return c.Sender(), nil
	}
	return object[*llmp.Sender](token)
}

// receivingHalf is the receiver of a client, or a receiver.
func receivingHalf(token unsafe.Pointer) (*llmp.Receiver, error) {
	if c, err := object[*llmp.Client](token); err == nil {
		return c.Receiver(), nil
	}
	return object[*llmp.Receiver](token)
}
