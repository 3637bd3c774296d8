package event

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

// fuzzDecoder keeps single runs short.
var fuzzDecoder = Decoder{MaxSize: 1 << 20, MaxStats: 1 << 10}

// FuzzDecode: what decodes must encode, decode to the same event again, and
// from there on always encode to the same bytes. What does not decode must
// give exactly one of the errors.
func FuzzDecode(f *testing.F) {
	for _, v := range loadVectors(f) {
		f.Add(v.postcard, false)
		if v.compressed != nil {
			f.Add(v.compressed, true)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, compressed bool) {
		var flags uint32
		if compressed {
			flags = FlagCompressed
		}
		ev, stats, err := fuzzDecoder.Decode(payload, flags)
		if err != nil {
			hits := 0
			for _, e := range []error{ErrMalformed, ErrUnknownEvent, ErrTooBig} {
				if errors.Is(err, e) {
					hits++
				}
			}
			if hits != 1 || ev != nil {
				t.Fatalf("%x: %v, %v", payload, ev, err)
			}
			return
		}
		once, flags, err := Encode(ev, stats)
		if err != nil {
			t.Fatalf("%x: %+v does not encode: %v", payload, ev, err)
		}
		if !compressed && flags == 0 && len(once) > len(payload) {
			t.Fatalf("%x: encoded again it is longer, %x", payload, once)
		}
		again, stats2, err := fuzzDecoder.Decode(once, flags)
		if err != nil || stats2 != stats || reflect.TypeOf(again) != reflect.TypeOf(ev) {
			t.Fatalf("%x: %+v, %+v became %+v, %+v, %v", payload, ev, stats, again, stats2, err)
		}
		// Compared as bytes, because a NaN is not equal to itself.
		if twice, _, err := Encode(again, stats2); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%x: encoded to %x, then to %x, %v", payload, once, twice, err)
		}
	})
}

// FuzzNewTestcase goes the other way: any testcase survives the trip.
func FuzzNewTestcase(f *testing.F) {
	f.Add([]byte("input"), []byte("observers"), true, uint32(4), uint32(1), uint64(9), uint32(2), uint64(1700000000))
	f.Add(bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), 200), []byte(nil), false, uint32(0), uint32(2), uint64(1)<<63, uint32(0), uint64(0))
	f.Fuzz(func(t *testing.T, input, observers []byte, forwarded bool, exit, config uint32, n uint64, id uint32, seconds uint64) {
		e := NewTestcase{Input: input, CorpusSize: n, Exit: Exit{Kind: ExitKind(exit)}, Config: Config{Kind: ConfigKind(config)}}
		if len(observers) > 0 {
			e.Observers = observers
		}
		if forwarded {
			e.ForwardID = &id
		}
		switch e.Config.Kind {
		case ConfigFromName:
			e.Config.NameHash = n
		case ConfigBuildID:
			copy(e.Config.BuildID[:], input)
		}
		if e.Exit.Kind == ExitDiff {
			e.Exit.Primary, e.Exit.Secondary = ExitKind(id%uint32(exitKinds)), ExitOOM
		}
		stats := ExecStats{Seconds: seconds, Nanos: id % nanosPerSecond, Executions: n}
		payload, flags, err := Encode(e, stats)
		if valid := e.Exit.Kind < exitKinds && e.Config.Kind < configKinds; valid != (err == nil) {
			t.Fatalf("%+v: %v", e, err)
		}
		if err != nil {
			return
		}
		got, gotStats, err := Decode(payload, flags)
		if err != nil || gotStats != stats || !reflect.DeepEqual(got, e) {
			t.Fatalf("%+v became %+v, %+v, %v", e, got, gotStats, err)
		}
	})
}
