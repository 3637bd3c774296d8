package event

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"testing"
	"time"
)

func mustEncode(t testing.TB, ev Event) ([]byte, uint32) {
	t.Helper()
	b, flags, err := Encode(ev, ExecStats{Seconds: 1})
	if err != nil {
		t.Fatal(err)
	}
	return b, flags
}

func TestMaxSizeIsExact(t *testing.T) {
	for _, n := range []int{100, 5000} { // plain, compressed
		payload, flags := mustEncode(t, Objective{Input: make([]byte, n)})
		// index, mark, length, input, size, three numbers of stats
		whole := 2 + len(postcardLen(n)) + n + 1 + 3
		if _, _, err := (Decoder{MaxSize: whole}).Decode(payload, flags); err != nil {
			t.Errorf("%d bytes within a limit of %d: %v", n, whole, err)
		}
		if _, _, err := (Decoder{MaxSize: whole - 1}).Decode(payload, flags); !errors.Is(err, ErrTooBig) {
			t.Errorf("%d bytes beyond a limit of %d: %v", n, whole-1, err)
		}
		if _, _, err := (Decoder{MaxSize: math.MaxInt}).Decode(payload, flags); err != nil {
			t.Errorf("%d bytes without a limit: %v", n, err)
		}
	}
}

func postcardLen(n int) []byte {
	if n < 128 {
		return make([]byte, 1)
	}
	return make([]byte, 2)
}

func TestMaxStatsIsExact(t *testing.T) {
	m := UserStatsMap{Stats: map[string]Stat{}}
	for i := range 20 {
		m.Stats[fmt.Sprint(i)] = Stat{Value: Number(i)}
	}
	payload, flags := mustEncode(t, m)
	ev, _, err := Decoder{MaxStats: 20}.Decode(payload, flags)
	if err != nil || !reflect.DeepEqual(ev, m) {
		t.Errorf("20 of 20: %v, %v", ev, err)
	}
	if _, _, err := (Decoder{MaxStats: 19}).Decode(payload, flags); !errors.Is(err, ErrTooBig) || errors.Is(err, ErrMalformed) {
		t.Errorf("20 of 19: %v", err)
	}
}

// A bomb must not cost much more memory than the limit.
func TestBombStopsAtTheLimit(t *testing.T) {
	payload, flags := mustEncode(t, Objective{Input: make([]byte, 16<<20)})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := Decoder{MaxSize: 1 << 20}.Decode(payload, flags)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrTooBig) {
		t.Errorf("%d bytes that hold 16 MiB: %v", len(payload), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d bytes allocated under a limit of 1 MiB", used)
	}
}

// Decode without a Decoder has a limit as well.
func TestDefaultMaxSize(t *testing.T) {
	var payload bytes.Buffer
	w, err := flate.NewWriter(&payload, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range DefaultMaxSize>>20 + 1 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Decode(payload.Bytes(), FlagCompressed); !errors.Is(err, ErrTooBig) {
		t.Errorf("%d bytes that hold 129 MiB: %v", payload.Len(), err)
	}
}

func TestEventKeepsNoPartOfThePayload(t *testing.T) {
	for _, ev := range []Event{
		NewTestcase{Input: []byte("input"), Observers: []byte("observers")},
		Objective{Input: make([]byte, 2000)},
		Log{Message: "message"},
		UserStatsMap{Stats: map[string]Stat{"name": {Value: Text("text")}}},
	} {
		payload, flags := mustEncode(t, ev)
		got, _, err := Decode(payload, flags)
		if err != nil {
			t.Fatal(err)
		}
		for i := range payload {
			payload[i] = 0xee
		}
		// The decompressor's buffer is used again, too.
		other, flags := mustEncode(t, Objective{Input: []byte(fmt.Sprint(make([]int, 2000)))})
		if _, _, err := Decode(other, flags); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, ev) {
			t.Errorf("%s changed with its payload to %+v", ev.Kind(), got)
		}
	}
}

func TestWhatCannotBeEncoded(t *testing.T) {
	for name, c := range map[string]struct {
		ev    Event
		stats ExecStats
	}{
		"nil":                 {},
		"exit kind":           {ev: NewTestcase{Exit: Exit{Kind: exitKinds}}},
		"diff exit kind":      {ev: NewTestcase{Exit: Exit{Kind: ExitDiff, Secondary: exitKinds}}},
		"config kind":         {ev: NewTestcase{Config: Config{Kind: configKinds}}},
		"severity":            {ev: Log{Severity: severities}},
		"no value":            {ev: UserStats{Name: "n"}},
		"no value in a map":   {ev: UserStatsMap{Stats: map[string]Stat{"n": {}}}},
		"aggregate":           {ev: UserStats{Stat: Stat{Value: Number(1), Aggregate: aggregates}}},
		"more than any clock": {ev: Stop{}, stats: ExecStats{Seconds: math.MaxUint64, Nanos: 1e9}},
	} {
		b, flags, err := Encode(c.ev, c.stats)
		if !errors.Is(err, ErrInvalid) || b != nil || flags != 0 {
			t.Errorf("%s: %x, %d, %v", name, b, flags, err)
		}
	}
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	payload, flags := mustEncode(t, Log{Message: "a\xffb"})
	if ev, _, err := Decode(payload, flags); err != nil || ev != (Log{Message: "a\uFFFDb"}) {
		t.Errorf("%+v, %v", ev, err)
	}
}

// Of equal names in a map the last counts, as in LibAFL's HashMap.
func TestLastOfEqualNamesCounts(t *testing.T) {
	payload := []byte{indexUserStatsMap, 2, 1, 'a', 0, 0, 1, 0, 1, 'a', 0, 0, 2, 0, 0, 0, 0}
	ev, _, err := Decode(payload, 0)
	want := UserStatsMap{Stats: map[string]Stat{"a": {Value: Number(2)}}}
	if err != nil || !reflect.DeepEqual(ev, want) {
		t.Errorf("%+v, %v", ev, err)
	}
}

// Rust's Duration carries too many nanoseconds over into seconds.
func TestNanosAreCarried(t *testing.T) {
	payload := []byte{indexStop, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}
	want := ExecStats{Seconds: 5, Nanos: math.MaxUint32 - 4e9}
	if _, s, err := Decode(payload, 0); err != nil || s != want {
		t.Errorf("%+v, %v; want %+v", s, err, want)
	}
}

func TestNowIsTheTime(t *testing.T) {
	before := time.Now()
	s := Now(7)
	if s.Executions != 7 || s.Time().Before(before.Truncate(0)) || s.Time().After(time.Now().Truncate(0).Add(time.Nanosecond)) {
		t.Errorf("%v is not between %v and now", s.Time(), before)
	}
}

func TestNamesOfEnums(t *testing.T) {
	got := fmt.Sprintln(ExitTimeout, ExitKind(9), ConfigBuildID, Warn, AggregateMax, Aggregate(5), Stop{}.Kind())
	if want := "timeout invalid build id warn max invalid Stop\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Those who encode and decode themselves get the same bytes and limits.
func TestCompressAlone(t *testing.T) {
	encoding := bytes.Repeat([]byte("0123456789abcdef"), 200)
	payload := Compress(encoding)
	for _, c := range []struct {
		payload []byte
		limit   int
		want    error
	}{
		{payload, 0, nil},
		{payload, len(encoding), nil},
		{payload, len(encoding) - 1, ErrTooBig},
		{payload[:len(payload)-1], 0, ErrMalformed},
		{encoding, 0, ErrMalformed},
	} {
		got, err := Decoder{MaxSize: c.limit}.Decompress(c.payload)
		if !errors.Is(err, c.want) || err == nil && !bytes.Equal(got, encoding) {
			t.Errorf("limit %d: %d bytes, %v; want %v", c.limit, len(got), err, c.want)
		}
		var to bytes.Buffer
		if err := (Decoder{MaxSize: c.limit}).DecompressTo(&to, c.payload); !errors.Is(err, c.want) || err == nil && !bytes.Equal(to.Bytes(), encoding) {
			t.Errorf("limit %d, to a writer: %d bytes, %v; want %v", c.limit, to.Len(), err, c.want)
		}
	}
	var parts bytes.Buffer
	if err := CompressTo(&parts, encoding[:7], nil, encoding[7:]); err != nil || !bytes.Equal(parts.Bytes(), payload) {
		t.Errorf("in parts: %d bytes, %v; want the %d bytes of the whole", parts.Len(), err, len(payload))
	}
}

// A writer's error is handed on as it is, and stops the work.
func TestErrorsOfWriters(t *testing.T) {
	w := &refuser{}
	big := make([]byte, 1<<20)
	if err := (Decoder{}).DecompressTo(w, Compress(big)); err != errRefused || w.calls != 1 {
		t.Errorf("decompressing: %v after %d calls", err, w.calls)
	}
	if err := CompressTo(&refuser{}, big); err != errRefused {
		t.Errorf("compressing: %v", err)
	}
}

var errRefused = errors.New("refused")

type refuser struct{ calls int }

func (r *refuser) Write([]byte) (int, error) {
	r.calls++
	return 0, errRefused
}
