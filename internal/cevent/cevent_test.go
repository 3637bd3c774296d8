//go:build cgo

package cevent

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"llmp/llmp/event"
)

// vectors are the uncompressed encodings that the published crates wrote.
func vectors(tb testing.TB) map[string][]byte {
	tb.Helper()
	all := map[string][]byte{}
	for _, file := range []string{"libafl-0.16.1.json", "libafl-0.16.1-events.json"} {
		text, err := os.ReadFile(filepath.Join("../../testdata/wire", file))
		if err != nil {
			tb.Fatal(err)
		}
		var content struct {
			Events []struct {
				Name     string
				Postcard string `json:"postcard_hex"`
			}
		}
		if err := json.Unmarshal(text, &content); err != nil {
			tb.Fatal(err)
		}
		for _, e := range content.Events {
			if all[e.Name], err = hex.DecodeString(e.Postcard); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if len(all) != 35 {
		tb.Fatalf("%d vectors, want 35", len(all))
	}
	return all
}

// compare decodes a payload here and there.
func compare(t *testing.T, payload []byte) (found int) {
	t.Helper()
	found, kind, in, stats := Decode(payload)
	ev, wantStats, err := event.Decode(payload, 0)
	var want Input
	switch e := ev.(type) {
	case event.NewTestcase:
		want = Input{Data: e.Input, Count: e.CorpusSize, ExitKind: uint32(e.Exit.Kind)}
	case event.Objective:
		want = Input{Data: e.Input, Count: e.Size}
	default:
		// The C side does not look into other kinds, damaged or not.
		damaged := errors.Is(err, event.ErrMalformed) || errors.Is(err, event.ErrTooBig)
		switch {
		case found == FoundOther && (err == nil || damaged) && kind != NewTestcase && kind != Objective:
		case found == FoundUnknown && errors.Is(err, event.ErrUnknownEvent):
		case found == FoundMalformed && damaged:
		default:
			t.Errorf("%x: found %d, kind %d here; %v, %v there", payload, found, kind, ev, err)
		}
		return found
	}
	if found != FoundInput || !bytes.Equal(in.Data, want.Data) || (in.Data == nil) != (want.Data == nil) ||
		in.Count != want.Count || in.ExitKind != want.ExitKind || event.ExecStats(stats) != wantStats {
		t.Errorf("%x: found %d, %+v, %+v here; %+v, %+v there", payload, found, in, stats, want, wantStats)
	}
	return found
}

func TestDecodesTheVectors(t *testing.T) {
	inputs := 0
	for name, payload := range vectors(t) {
		switch found := compare(t, payload); {
		case found == FoundInput:
			inputs++
		case found != FoundOther:
			t.Errorf("%s: found %d", name, found)
		}
		// What is cut off anywhere is never taken for the whole, nor read beyond.
		for n := range payload {
			if compare(t, payload[:n]) == FoundInput {
				t.Errorf("%s: the first %d of %d bytes are an event", name, n, len(payload))
			}
		}
	}
	if inputs != 17 {
		t.Errorf("%d test cases and objectives, want 17", inputs)
	}
}

func TestRefusesBadBytes(t *testing.T) {
	files, err := filepath.Glob("../../testdata/wire-bad/event.*.bin")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := compare(t, payload)
		if unknown := strings.Contains(file, ".unknown."); found == FoundInput || unknown != (found == FoundUnknown) {
			t.Errorf("%s: found %d", file, found)
		}
	}
}

// What LibAFL wrote comes out again, byte by byte, where a harness can say it.
func TestEncodesTheVectors(t *testing.T) {
	same := 0
	for name, payload := range vectors(t) {
		ev, s, err := event.Decode(payload, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := encodeEvent(ev, Stats(s))
		if !ok {
			continue
		}
		same++
		if !bytes.Equal(got, payload) {
			t.Errorf("%s: %x, want %x", name, got, payload)
		}
	}
	if same != 21 {
		t.Errorf("%d vectors can be written, want 21", same)
	}
}

// encodeEvent writes an event in C; false: the C library has no way to say it.
func encodeEvent(ev event.Event, stats Stats) ([]byte, bool) {
	switch e := ev.(type) {
	case event.NewTestcase:
		plain := e.Observers == nil && e.ForwardID == nil && e.Config == event.Config{} && e.Exit.Kind < event.ExitDiff
		in := Input{Data: e.Input, Count: e.CorpusSize, ExitKind: uint32(e.Exit.Kind)}
		return EncodeInput(NewTestcase, in, stats), plain
	case event.Objective:
		return EncodeInput(Objective, Input{Data: e.Input, Count: e.Size}, stats), true
	case event.Heartbeat:
		return EncodeHeartbeat(stats), true
	case event.UserStats:
		f := Figure{Name: e.Name, Tag: e.Stat.Tag, Aggregate: uint32(e.Stat.Aggregate)}
		switch v := e.Stat.Value.(type) {
		case event.Number:
			f.Number = uint64(v)
		case event.Float:
			f.Value, f.Real = 1, float64(v)
		case event.Text:
			f.Value, f.Text = 2, string(v)
		case event.Ratio:
			f.Value, f.Number, f.Whole = 3, v.Part, v.Whole
		case event.Percent:
			f.Value, f.Real = 4, float64(v)
		}
		return EncodeFigure(f, stats), true
	}
	return nil, false
}

// FuzzDecode has both decoders read the same bytes.
func FuzzDecode(f *testing.F) {
	for _, payload := range vectors(f) {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) { compare(t, payload) })
}

// FuzzEncode has both write the same test case.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("input"), uint64(1), uint32(0), uint64(1<<40), uint32(5), uint64(1<<63), false)
	f.Fuzz(func(t *testing.T, data []byte, count uint64, exit uint32, seconds uint64, nanos uint32, execs uint64, found bool) {
		stats := Stats{seconds, nanos % 1e9, execs}
		kind, ev := uint32(NewTestcase), event.Event(event.NewTestcase{
			Input: data, CorpusSize: count, Exit: event.Exit{Kind: event.ExitKind(exit % 4)},
		})
		if found {
			kind, ev = Objective, event.Objective{Input: data, Size: count}
		}
		want, flags, err := event.Encode(ev, event.ExecStats(stats))
		if err != nil || flags != 0 {
			return // compressed: the encoding itself is not to be seen
		}
		if got := EncodeInput(kind, Input{Data: data, Count: count, ExitKind: exit % 4}, stats); !bytes.Equal(got, want) {
			t.Errorf("%x, want %x", got, want)
		}
	})
}
