// Package tcp is the little of TCP that the bus needs: connecting to and
// listening on a numeric address. It stands in for package net, which would
// more than double the size of the C library, and does on Linux without
// package os too.
package tcp

import "errors"

// An Ender ends waiting: what matters here of a context.
type Ender interface {
	Err() error
	AfterFunc(f func()) (stop func() bool)
}

// Errors, for errors.Is. What is returned wraps the system's error too, where
// there is one.
var (
	// ErrRefused: nobody listens there.
	ErrRefused = errors.New("connection refused")
	// ErrInUse: someone else listens there.
	ErrInUse = errors.New("address in use")
	// ErrAddress: not a numeric address with a port.
	ErrAddress = errors.New("malformed address")
	// ErrTimeout: the time is over.
	ErrTimeout = errors.New("i/o timeout")
	// ErrClosed: the connection or listener was closed on this side.
	ErrClosed = errors.New("use of a closed connection")
)
