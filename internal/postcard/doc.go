// Package postcard reads and writes the parts of the postcard 1.x encoding that
// LibAFL 0.16.1 uses on its TCP connections and in its events.
//
// Postcard (https://postcard.jamesmunns.com/wire-format.html) is not
// self-describing: fields follow each other without names or tags. Numbers of
// more than one byte are varints (little-endian groups of seven bits, the high
// bit set on all but the last byte), byte vectors, strings and sequences carry
// their length as a varint in front, options one byte 0 or 1, enums the index
// of the variant as a varint u32, and structs, tuples and arrays nothing.
//
// What is accepted and refused is what the crate postcard 1.1.3 accepts and
// refuses on a 64 bit machine:
//   - A varint may be longer than needed (0x80 0x00 is zero). It is refused
//     when it runs past the longest form of its type or when its last byte
//     holds bits the type has no room for.
//   - Strings are UTF-8 as Rust and Go both define it.
//   - postcard::from_bytes ignores bytes behind the value. A Reader leaves them
//     alone too; Finish is for those who want them refused.
//
// Nothing here does I/O, and nothing allocates more than the input is long.
package postcard
