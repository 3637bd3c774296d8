package event

import (
	"bytes"
	"reflect"
	"testing"
)

func TestDecodeLibAFLsEvents(t *testing.T) {
	for _, v := range loadVectors(t) {
		ev, stats, err := Decode(v.postcard, 0)
		if err != nil || !reflect.DeepEqual(ev, v.event) || stats != v.stats {
			t.Errorf("%s: decoded %+v, %+v, %v; want %+v, %+v", v.name, ev, stats, err, v.event, v.stats)
		}
		// LibAFL sends flags of its own along, and ignores bytes behind the event.
		if _, _, err := Decode(append(v.postcard, 1, 2, 3), 0x6); err != nil {
			t.Errorf("%s with bytes behind it: %v", v.name, err)
		}
	}
}

func TestEncodeLikeLibAFL(t *testing.T) {
	for _, v := range loadVectors(t) {
		payload, flags, err := Encode(v.event, v.stats)
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		if (flags == FlagCompressed) != (v.compressed != nil) || flags&^FlagCompressed != 0 {
			t.Errorf("%s: flags %#x, LibAFL compressed: %v", v.name, flags, v.compressed != nil)
		}
		if flags == FlagCompressed {
			in := inflaters.Get().(*inflater)
			b, err := in.inflate(payload, 1<<20)
			if err != nil {
				t.Errorf("%s: %v", v.name, err)
			}
			payload = bytes.Clone(b)
			in.release()
		}
		if m, ok := v.event.(UserStatsMap); ok && len(m.Stats) > 1 {
			// LibAFL wrote its entries in random order.
			if ev, _, err := Decode(payload, 0); err != nil || !reflect.DeepEqual(ev, v.event) || len(payload) != len(v.postcard) {
				t.Errorf("%s: encoded %x, which is %+v, %v", v.name, payload, ev, err)
			}
		} else if !bytes.Equal(payload, v.postcard) {
			t.Errorf("%s: encoded %x, want %x", v.name, payload, v.postcard)
		}
	}
}

func TestCompressedEventsBothWays(t *testing.T) {
	compressed := 0
	for _, v := range loadVectors(t) {
		if v.compressed == nil {
			continue
		}
		compressed++
		ours, _, err := Encode(v.event, v.stats)
		if err != nil {
			t.Fatal(err)
		}
		// miniz_oxide ignores what follows the last block.
		for _, payload := range [][]byte{v.compressed, ours, append(ours, "junk"...)} {
			ev, stats, err := Decode(payload, FlagCompressed)
			if err != nil || !reflect.DeepEqual(ev, v.event) || stats != v.stats {
				t.Errorf("%s: decoded %T, %+v, %v", v.name, ev, stats, err)
			}
		}
		if _, _, err := Decode(v.compressed, 0); err == nil {
			t.Errorf("%s: decoded without its flag", v.name)
		}
	}
	if compressed != 3 {
		t.Errorf("%d compressed vectors, want 3", compressed)
	}
}

// Truncation at any byte must be noticed, and the vectors together must have
// shown every kind of event, value, exit and config.
func TestVectorsAreCutAndComplete(t *testing.T) {
	seen := map[any]bool{}
	for _, v := range loadVectors(t) {
		for n := range min(len(v.postcard), 200) {
			if _, _, err := Decode(v.postcard[:n], 0); err == nil {
				t.Errorf("%s: its first %d bytes are accepted", v.name, n)
			}
		}
		seen[reflect.TypeOf(v.event)] = true
		switch e := v.event.(type) {
		case NewTestcase:
			seen[e.Exit.Kind], seen[e.Config.Kind] = true, true
		case UserStats:
			seen[reflect.TypeOf(e.Stat.Value)], seen[e.Stat.Aggregate] = true, true
		case Log:
			seen[e.Severity] = true
		}
	}
	want := 7 + int(exitKinds) + int(configKinds) + values + int(aggregates) + int(severities)
	if len(seen) != want {
		t.Errorf("the vectors show %d variants, want %d: %v", len(seen), want, seen)
	}
}
