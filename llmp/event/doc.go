// Package event reads and writes what LibAFL's fuzzers put into their messages:
// the events of LibAFL 0.16.1, built with default features, on 64 bit.
//
// The bus itself neither knows nor needs this package. It is for programs that
// feed testcases to LibAFL's fuzzers, read theirs, or watch them.
//
//	payload, flags, err := event.Encode(event.NewTestcase{Input: data, CorpusSize: n}, event.Now(execs))
//	...
//	client.SendFlags(event.Tag, llmp.Flags(flags), payload)
//
// # Format
//
// A message with an event carries tag Tag. Its payload is the postcard encoding
// of LibAFL's EventWithStats<BytesInput> (crate libafl, src/events/mod.rs): the
// variant's index, its fields, then the time and the executions. An encoding of
// CompressFrom bytes or more is compressed to raw DEFLATE (RFC 1951, without
// zlib's or gzip's header) and the message gets flag FlagCompressed (crate
// libafl_bolts, src/compress.rs). The types in here name the LibAFL type that
// they stand for.
//
// What Encode writes equals LibAFL's bytes, with two exceptions: the choice
// among the many DEFLATE streams of the same data is Go's, not that of the
// crate miniz_oxide, and the entries of a UserStatsMap are sorted by name,
// where LibAFL's order is random. Both decode to the same event.
//
// What Decode accepts is what LibAFL accepts, which includes bytes behind the
// event; but it has limits where LibAFL has none, see Decoder.
//
// # Before you send
//
// A LibAFL fuzzer decodes every message of others as an event, whatever its
// tag, and ends with an error when it cannot. Send no other messages on a bus
// with such fuzzers. Leave NewTestcase.Observers nil: observers that a fuzzer
// cannot decode are an error to it as well, and without them it runs the input
// itself. Other features of LibAFL move things: "introspection" puts a variant
// in front of Objective, "multi_machine" adds a field to NewTestcase.
//
// All functions may be called by several goroutines at once.
package event

import (
	"errors"

	"llmp/internal/format"
	"llmp/internal/wire"
)

// Tag is the tag of messages that carry an event (LLMP_TAG_EVENT_TO_BOTH).
const Tag uint32 = wire.TagLibAFLEvent

// FlagCompressed marks a payload as compressed (LLMP_FLAG_COMPRESSED).
const FlagCompressed uint32 = wire.FlagCompressed

// CompressFrom is the length in bytes from which encodings are compressed
// (COMPRESS_THRESHOLD).
const CompressFrom = 1024

// Errors, for errors.Is.
var (
	// ErrUnknownEvent: the variant's index is beyond those of LibAFL 0.16.1.
	// Nothing can be said about the bytes; skip and count such messages.
	ErrUnknownEvent = errors.New("unknown event")
	// ErrMalformed: the payload is not an event, or does not decompress.
	ErrMalformed = errors.New("malformed event")
	// ErrTooBig: the event exceeds a limit of the Decoder.
	ErrTooBig = errors.New("event exceeds limit")
	// ErrInvalid: the event to encode holds a value that has no encoding,
	// such as an exit kind that does not exist. The message says which.
	ErrInvalid = errors.New("event cannot be encoded")
)

func invalid(text string, operands ...any) error {
	return format.Errorf("%w: %s", ErrInvalid, format.Sprintf(text, operands...))
}
