package llmp

import (
	"errors"
	"testing"
)

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1000000": 1000000, "1KiB": 1 << 10, "64MiB": 64 << 20, "1 GiB": 1 << 30, " 2\tTiB": 2 << 40,
	} {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "x", "-1", "1 ", " 1", "1kib", "1.5GiB", "KiB", "9223372036854775807KiB"} {
		if got, err := ParseSize(s); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %d, %v; want ErrInvalid", s, got, err)
		}
	}
}
