package postcard

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"

	"llmp/internal/format"
)

// Errors of a Reader, for errors.Is. The error that is returned wraps one of
// these and says at which byte.
var (
	ErrEnd      = errors.New("input ends inside a value")
	ErrVarint   = errors.New("varint does not fit its type")
	ErrBool     = errors.New("boolean is neither 0 nor 1")
	ErrOption   = errors.New("mark of an option is neither 0 nor 1")
	ErrUTF8     = errors.New("string is not UTF-8")
	ErrVariant  = errors.New("no such variant")
	ErrTrailing = errors.New("bytes behind the value")
)

// A Reader takes values off the front of a byte slice. The first error sticks:
// every later call returns a zero value, so a decoder may read all its fields
// and ask Err once. A Reader is not safe for use by several goroutines.
type Reader struct {
	in  []byte
	off int
	err error
}

// NewReader returns a Reader of in, which it neither copies nor changes.
func NewReader(in []byte) *Reader { return &Reader{in: in} }

// Err returns the first error, or nil.
func (r *Reader) Err() error { return r.err }

// Offset returns how many bytes were consumed.
func (r *Reader) Offset() int { return r.off }

// Remaining returns how many bytes are left.
func (r *Reader) Remaining() int { return len(r.in) - r.off }

// Finish returns Err, or ErrTrailing when bytes are left.
func (r *Reader) Finish() error {
	if r.err == nil && r.Remaining() != 0 {
		r.fail(ErrTrailing, r.off)
	}
	return r.err
}

// Refuse makes err the Reader's error, if it has none yet. It is for decoders
// that know more about a value than its encoding says.
func (r *Reader) Refuse(err error) { r.fail(err, r.off) }

// fail is not inlined, as it is called from everywhere and seldom.
//
//go:noinline
func (r *Reader) fail(err error, at int) {
	if r.err == nil {
		r.err = format.Errorf("%w (byte %d of %d)", err, at, len(r.in))
	}
}

// U8 reads one byte.
func (r *Reader) U8() uint8 {
	if r.err != nil {
		return 0
	}
	if r.off >= len(r.in) {
		r.fail(ErrEnd, r.off)
		return 0
	}
	b := r.in[r.off]
	r.off++
	return b
}

// varint reads a varint of at most bits bits. The crate goes byte by byte and
// so notices a missing byte before an overlong form; the order is kept.
func (r *Reader) varint(bits uint) uint64 {
	start := r.off
	longest := (bits + 6) / 7
	var v uint64
	for i := range longest {
		b := r.U8()
		if r.err != nil {
			return 0
		}
		if i == longest-1 && b > 1<<(bits%7)-1 {
			break // too many bits, or yet another byte announced
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return v
		}
	}
	r.fail(ErrVarint, start)
	return 0
}

// U16 reads a varint of 16 bits.
func (r *Reader) U16() uint16 { return uint16(r.varint(16)) }

// U32 reads a varint of 32 bits.
func (r *Reader) U32() uint32 { return uint32(r.varint(32)) }

// U64 reads a varint of 64 bits.
func (r *Reader) U64() uint64 { return r.varint(64) }

// Usize reads a usize of a 64 bit peer. It does not fit an int everywhere.
func (r *Reader) Usize() uint64 { return r.varint(64) }

// Bool reads a boolean.
func (r *Reader) Bool() bool { return r.zeroOrOne(ErrBool) }

// Option reads the mark of an option: true when a value follows.
func (r *Reader) Option() bool { return r.zeroOrOne(ErrOption) }

func (r *Reader) zeroOrOne(otherwise error) bool {
	b := r.U8()
	if b > 1 {
		r.fail(otherwise, r.off-1)
	}
	return b == 1
}

// F64 reads eight little-endian bytes.
func (r *Reader) F64() float64 {
	b := r.Fixed(8)
	if b == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// Fixed reads n bytes that carry no length, as an array of u8. The result
// aliases the input; it is nil after an error.
func (r *Reader) Fixed(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > r.Remaining() {
		r.fail(ErrEnd, r.off)
		return nil
	}
	b := r.in[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

// Count reads the length of a sequence whose elements take atLeast bytes each,
// 1 or more. A length that the rest of the input cannot hold is ErrEnd at
// once, so the result may be used to make room.
func (r *Reader) Count(atLeast int) int {
	start := r.off
	n := r.Usize()
	if n > uint64(r.Remaining())/uint64(max(atLeast, 1)) {
		r.fail(ErrEnd, start)
		return 0
	}
	return int(n)
}

// Bytes reads a byte vector. The result aliases the input; it is nil after an
// error and not nil otherwise.
func (r *Reader) Bytes() []byte { return r.Fixed(r.Count(1)) }

// String reads a string.
func (r *Reader) String() string {
	start := r.off
	// Copied first: the input may be memory that somebody else writes to.
	s := string(r.Bytes())
	if !utf8.ValidString(s) {
		r.fail(ErrUTF8, start)
		return ""
	}
	return s
}

// Variant reads the index of an enum of n variants.
func (r *Reader) Variant(n uint32) uint32 {
	start := r.off
	v := r.U32()
	if r.err == nil && v >= n {
		r.fail(ErrVariant, start)
		return 0
	}
	return v
}
