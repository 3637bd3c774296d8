package event

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testdata/wire-bad holds bytes that must be refused. A file's name is
// <decoder>.<error>.<detail>.bin; those of other decoders are read by the
// tests of internal/frame.
func TestBadEventsAreRefused(t *testing.T) {
	files, err := filepath.Glob("../../testdata/wire-bad/event*.bin")
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]uint32{"event": 0, "event-deflate": FlagCompressed}
	sentinels := map[string]error{"malformed": ErrMalformed, "unknown": ErrUnknownEvent}
	seen := map[string]bool{}
	for _, file := range files {
		name := filepath.Base(file)
		part := strings.SplitN(name, ".", 3)
		flag, ok := flags[part[0]]
		want := sentinels[part[1]]
		if !ok || want == nil {
			t.Errorf("%s: no decoder %q or no error %q", name, part[0], part[1])
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ev, stats, err := Decode(b, flag)
		if !errors.Is(err, want) || ev != nil || stats != (ExecStats{}) {
			t.Errorf("%s: got %v, %v, %v; want %v", name, ev, stats, err, want)
		}
		for _, other := range sentinels {
			if other != want && errors.Is(err, other) {
				t.Errorf("%s: %v is also %v", name, err, other)
			}
		}
		seen[part[0]+part[1]] = true
	}
	if len(seen) != 4 {
		t.Errorf("saw only %v", seen)
	}
}
