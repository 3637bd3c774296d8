//go:build !fmt

package format_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"testing"
	"time"

	"llmp/internal/format"
)

var (
	errOne = errors.New("one")
	errTwo = fmt.Errorf("two: %w", io.ErrUnexpectedEOF)
)

// texts are formatted by package fmt and by this one.
var texts = []struct {
	text     string
	operands []any
}{
	{"", nil},
	{"no verb", nil},
	{"100%% of it", nil},
	{"%%%d%%", []any{7}},
	{"%s", []any{"text"}},
	{"%s", []any{""}},
	{"%v and %s", []any{errOne, errTwo}},
	{"%v within %v", []any{10 * time.Second, 1500 * time.Microsecond}},
	{"%s, %q", []any{fs.ModeDir, fs.ModeDir}},
	{"%q", []any{"a \"quoted\" \x00\xff\n\u200b text, 中"}},
	{"%q", []any{errOne}},
	{"%v", []any{nil}},
	{"%d", []any{0}},
	{"%d %d %d", []any{-1, math.MinInt, math.MaxInt}},
	{"%d %d", []any{int32(math.MinInt32), int64(math.MinInt64)}},
	{"%d %d %d %d %d", []any{
		uint8(math.MaxUint8), uint16(math.MaxUint16), uint32(math.MaxUint32), uint64(math.MaxUint64), uintptr(12),
	}},
	{"%v", []any{uint16(80)}},
	{"%#x, %#x", []any{uint64(math.MaxUint64), uint32(0)}},
	{"%w", []any{errOne}},
	{"%w: %s: %w%s", []any{errOne, "doing", errTwo, " (hint)"}},
	{"%d%% of %w", []any{50, errOne}},
	{"%#x of %w", []any{50, errOne}},
}

func TestTextsAreThoseOfFmt(t *testing.T) {
	for _, c := range texts {
		want := fmt.Errorf(c.text, c.operands...)
		got := format.Errorf(c.text, c.operands...)
		if got.Error() != want.Error() {
			t.Errorf("%q: %q, want %q", c.text, got, want)
		}
		for _, target := range []error{errOne, errTwo, io.ErrUnexpectedEOF, io.EOF} {
			if errors.Is(got, target) != errors.Is(want, target) {
				t.Errorf("%q wraps %v: %v, want %v", c.text, target, errors.Is(got, target), errors.Is(want, target))
			}
		}
	}
}

func TestSprintf(t *testing.T) {
	for _, c := range texts[:len(texts)-4] { // without %w
		if got, want := format.Sprintf(c.text, c.operands...), fmt.Sprintf(c.text, c.operands...); got != want {
			t.Errorf("%q: %q, want %q", c.text, got, want)
		}
	}
}

func TestWrappedIsFoundByItsType(t *testing.T) {
	err := format.Errorf("%w: %w", errOne, &fs.PathError{Op: "open", Path: "x", Err: errTwo})
	if at, ok := errors.AsType[*fs.PathError](err); !ok || at.Path != "x" {
		t.Errorf("found %v, %v in %v", at, ok, err)
	}
}

// TestMistakesDoNotPanic: an error text with a mistake in it must not take the
// process with it.
func TestMistakesDoNotPanic(t *testing.T) {
	type named int
	for _, c := range []struct {
		text     string
		operands []any
		want     string
	}{
		{"%", nil, "%"},
		{"50%", []any{1}, "50%"},
		{"%d", nil, "<nil>"},
		{"%w", nil, "<nil>"},
		{"%d", []any{named(3)}, "(of a type that package format does not know)"},
		{"%d", []any{1, 2}, "1"},
	} {
		if got := format.Errorf(c.text, c.operands...).Error(); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}
