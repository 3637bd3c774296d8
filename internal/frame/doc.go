// Package frame holds what LibAFL's brokers and clients say over TCP, and the
// description of a client.
//
// A frame is a big-endian u32 length and that many bytes of postcard. The
// types are those of the crate ll_mp 0.16.1 (src/lib.rs): TcpRequest,
// TcpResponse, TcpRemoteNewMessage and LlmpClientDescription. A frame does not
// say which of them it carries; who speaks when does, see docs/protocol.md.
//
// LibAFL decodes with postcard::from_bytes, which ignores bytes behind the
// value. So do the Decode functions for frames. A client description comes
// from a caller, not from a peer, and must end where its value ends.
//
// All functions may be called by several goroutines at once.
package frame

import (
	"errors"

	"llmp/internal/format"
	"llmp/internal/wire"
)

// Max is the longest body of a frame, in bytes. LibAFL itself knows no limit
// and makes room for whatever length it is told, up to 4 GiB.
const Max = wire.MaxFrame

// Errors, for errors.Is.
var (
	// ErrTooBig: the frame is longer than Max.
	ErrTooBig = errors.New("frame too long")
	// ErrMalformed: the bytes are not what they should be. The error also
	// wraps the reason, one of the errors of package postcard.
	ErrMalformed = errors.New("malformed")
)

func malformed(what string, err error) error {
	return format.Errorf("%w %s: %w", ErrMalformed, what, err)
}

func tooBig(n uint64) error {
	return format.Errorf("%w: %d bytes, at most %d are allowed", ErrTooBig, n, Max)
}
