package postcard

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// AppendU16 appends v as a varint, at most 3 bytes.
func AppendU16(dst []byte, v uint16) []byte { return binary.AppendUvarint(dst, uint64(v)) }

// AppendU32 appends v as a varint, at most 5 bytes. Indices of enums are
// written like this too.
func AppendU32(dst []byte, v uint32) []byte { return binary.AppendUvarint(dst, uint64(v)) }

// AppendU64 appends v as a varint, at most 10 bytes. A usize of a 64 bit peer
// is written like this too.
func AppendU64(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

// AppendBool appends one byte, 0 or 1. The mark of an option, in front of its
// value if there is one, is the same byte.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendF64 appends the eight little-endian bytes of v.
func AppendF64(dst []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
}

// AppendBytes appends a byte vector: its length, then its bytes.
func AppendBytes(dst, v []byte) []byte {
	return append(AppendU64(dst, uint64(len(v))), v...)
}

// AppendString appends a string: its length in bytes, then its bytes. Each run
// of bytes that is not UTF-8 becomes one U+FFFD, because a reader refuses the
// whole value otherwise.
func AppendString(dst []byte, v string) []byte {
	if !utf8.ValidString(v) {
		v = validUTF8(v)
	}
	return append(AppendU64(dst, uint64(len(v))), v...)
}

// validUTF8 is strings.ToValidUTF8 with U+FFFD.
func validUTF8(s string) string {
	valid := make([]byte, 0, len(s))
	bad := false
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		was := bad
		bad = r == utf8.RuneError && n == 1
		if !bad || !was {
			valid = utf8.AppendRune(valid, r)
		}
		s = s[n:]
	}
	return string(valid)
}
