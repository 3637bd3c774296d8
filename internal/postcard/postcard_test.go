package postcard

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/quick"
)

// Accepted and refused forms, worked out from the rules of postcard 1.1.3:
// varint_max and max_of_last_byte of each width.
func TestVarintForms(t *testing.T) {
	ff := func(n int, last byte) []byte {
		return append(bytes.Repeat([]byte{0xff}, n), last)
	}
	for _, c := range []struct {
		bits uint
		in   []byte
		want uint64
		left int
		err  error
	}{
		{16, []byte{0}, 0, 0, nil},
		{16, []byte{0x7f, 9}, 127, 1, nil},
		{16, []byte{0x80, 0x01}, 128, 0, nil},
		{16, ff(2, 0x03), math.MaxUint16, 0, nil},
		{16, ff(2, 0x04), 0, 0, ErrVarint},
		{16, ff(2, 0x83), 0, 0, ErrVarint},
		{16, []byte{0x80, 0x00}, 0, 0, nil},
		{16, []byte{0x80, 0x80, 0x00}, 0, 0, nil},
		{16, []byte{0x80, 0x80, 0x80, 0x00}, 0, 0, ErrVarint},
		{16, []byte{0xff, 0xff}, 0, 0, ErrEnd},
		{32, ff(4, 0x0f), math.MaxUint32, 0, nil},
		{32, ff(4, 0x10), 0, 0, ErrVarint},
		{32, ff(4, 0x8f), 0, 0, ErrVarint},
		{32, []byte{0x81, 0x80, 0x80, 0x80, 0x00}, 1, 0, nil},
		{32, ff(3, 0xff), 0, 0, ErrEnd},
		{64, ff(9, 0x01), math.MaxUint64, 0, nil},
		{64, ff(9, 0x02), 0, 0, ErrVarint},
		{64, ff(9, 0x81), 0, 0, ErrVarint},
		{64, append(bytes.Repeat([]byte{0x80}, 9), 0), 0, 0, nil},
		{64, nil, 0, 0, ErrEnd},
	} {
		r := NewReader(c.in)
		got := r.varint(c.bits)
		if got != c.want || !errors.Is(r.Err(), c.err) {
			t.Errorf("%d bits of %x: got %d, %v; want %d, %v", c.bits, c.in, got, r.Err(), c.want, c.err)
		}
		if c.err == nil && r.Remaining() != c.left {
			t.Errorf("%d bits of %x: %d bytes left, want %d", c.bits, c.in, r.Remaining(), c.left)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	check := func(a uint16, b uint32, c uint64, d []byte, e string, f bool, g float64) bool {
		enc := AppendU64(AppendU32(AppendU16(nil, a), b), c)
		enc = AppendF64(AppendBool(AppendString(AppendBytes(enc, d), e), f), g)
		r := NewReader(enc)
		ok := r.U16() == a && r.U32() == b && r.Usize() == c && bytes.Equal(r.Bytes(), d) &&
			r.String() == e && r.Bool() == f && r.F64() == g
		return ok && r.Finish() == nil && r.Offset() == len(enc)
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []byte
		read func(*Reader)
		err  error
	}{
		{"bool 2", []byte{2}, func(r *Reader) { r.Bool() }, ErrBool},
		{"option 2", []byte{2}, func(r *Reader) { r.Option() }, ErrOption},
		{"variant 3 of 3", []byte{3}, func(r *Reader) { r.Variant(3) }, ErrVariant},
		{"half a float", []byte{1, 2, 3, 4}, func(r *Reader) { r.F64() }, ErrEnd},
		{"bytes end early", []byte{3, 1, 2}, func(r *Reader) { r.Bytes() }, ErrEnd},
		{"length of 2^64-1", append(bytes.Repeat([]byte{0xff}, 9), 1), func(r *Reader) { r.Bytes() }, ErrEnd},
		{"lone continuation byte", []byte{1, 0x80}, func(r *Reader) { _ = r.String() }, ErrUTF8},
		{"surrogate", []byte{3, 0xed, 0xa0, 0x80}, func(r *Reader) { _ = r.String() }, ErrUTF8},
		{"overlong NUL", []byte{2, 0xc0, 0x80}, func(r *Reader) { _ = r.String() }, ErrUTF8},
		{"count needs 8 bytes each", []byte{2, 0, 0, 0, 0, 0, 0, 0, 0}, func(r *Reader) { r.Count(8) }, ErrEnd},
		{"negative array", []byte{1}, func(r *Reader) { r.Fixed(-1) }, ErrEnd},
		{"trailing", []byte{1, 2}, func(r *Reader) { r.U8(); _ = r.Finish() }, ErrTrailing},
	} {
		r := NewReader(c.in)
		c.read(r)
		if !errors.Is(r.Err(), c.err) {
			t.Errorf("%s: got %v, want %v", c.name, r.Err(), c.err)
		}
	}
}

func TestFirstErrorSticks(t *testing.T) {
	r := NewReader([]byte{2, 1, 1, 1, 1, 1, 1, 1, 1})
	r.Bool()
	first := r.Err()
	if r.U8() != 0 || r.U64() != 0 || r.Bool() || r.Bytes() != nil || r.String() != "" || r.F64() != 0 || r.Variant(9) != 0 {
		t.Error("a value was read after an error")
	}
	if r.Finish() != first || !errors.Is(first, ErrBool) {
		t.Errorf("error changed from %v to %v", first, r.Err())
	}
}

func TestBytesCannotGrowIntoTheRest(t *testing.T) {
	in := []byte{1, 7, 8}
	b := NewReader(in).Bytes()
	if _ = append(b, 9); in[2] != 8 {
		t.Error("appending to a byte vector overwrote what follows it")
	}
}

func TestStringsAreMadeValid(t *testing.T) {
	r := NewReader(AppendString(nil, "a\xff\xfeb"))
	if s := r.String(); s != "a\uFFFDb" || r.Finish() != nil {
		t.Errorf("got %q, %v", s, r.Err())
	}
}

func TestStringsAreMadeUTF8(t *testing.T) {
	for _, s := range []string{
		"", "plain", "\xff", "a\xff\xfeb", "\xffa\xff", "\uFFFD", "\xff\uFFFD\xff", "\uFFFD\uFFFD", "\xed\xa0\x80", "日本\xe6\x97",
		"\xf4\x90\x80\x80", "\xc0\x80", "a\x00b",
	} {
		r := NewReader(AppendString(nil, s))
		if got, want := r.String(), strings.ToValidUTF8(s, "\uFFFD"); got != want || r.Err() != nil {
			t.Errorf("%q: %q, %v; want %q", s, got, r.Err(), want)
		}
	}
}
