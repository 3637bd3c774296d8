package interop

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"llmp/llmp"
	libafl "llmp/llmp/event"

	"llmp/shmem"

	"llmp/tests/interop/internal/series"
)

// Those who talk in events: a LibAFL fuzzer's event manager, and programs in C
// and Python. A Go client in this process takes part as well.
var eventParties = []struct {
	name  string
	build func() program
	args  []string
}{
	{"libafl", eventPeer, []string{"fuzzer"}},
	{"c", sync.OnceValue(buildEventsC), nil},
	{"python", sync.OnceValue(buildEventsPython), nil},
}

var eventPeer = sync.OnceValue(buildEventPeer)

// found is a test case, as somebody reports it.
type found struct {
	Corpus, Executions uint64
	Exit               uint32
	Len                int
	SHA256             string
}

// pattern is test case i of those that each party sends.
func pattern(i int) []byte {
	data := make([]byte, []int{0, 5, 1000, 1003, 1004, 1005, 4096, 300_000, 1}[i])
	for k := range data {
		data[k] = byte(k*7 + k/256 + i*13)
	}
	return data
}

const patterns = 9

// everything is what a party should get when so many others send.
func everything(others int) []found {
	var all []found
	for i := range patterns {
		data := pattern(i)
		one := found{uint64(i + 1), uint64(1000 + i), uint32(i % 4), len(data), series.Sum(data)}
		all = append(all, slices.Repeat([]found{one}, others)...)
	}
	return all
}

// checkFound compares what a party got; from one sender to the next, any order is fine.
func checkFound(t *testing.T, name string, got []found, others int) {
	t.Helper()
	slices.SortFunc(got, func(a, b found) int { return cmp.Compare(a.Corpus, b.Corpus) })
	if want := everything(others); !slices.Equal(got, want) {
		t.Errorf("%s got %+v, want %+v", name, got, want)
	}
}

// TestEvents has all parties send test cases, compressed and not, and receive
// those of all others: on our broker, which forwards all events, and on
// LibAFL's, which decodes each.
func TestEvents(t *testing.T) {
	for _, p := range eventParties { // before anybody waits for them
		needBuilt(t, p.build())
	}
	t.Run("go_broker", func(t *testing.T) {
		b := golang.broker(t, shmem.SysV)
		talkInEvents(t, b)
		b.broker.stop()
	})
	t.Run("libafl_broker", func(t *testing.T) {
		peer := needBuilt(t, eventPeer())
		b := serving(start(t, "libafl broker", append(peer, "broker")...), shmem.SysV)
		talkInEvents(t, b)
		b.broker.stop()
		// Its monitor has understood the others' statistics and objectives.
		said := b.broker.stderr.String()
		if n := strings.Count(said, "Objective"); n < len(eventParties)+1 {
			t.Errorf("the monitor tells of %d objectives, want %d: %s", n, len(eventParties)+1, b.broker.complaint())
		}
	})
}

func needBuilt(t *testing.T, p program) []string {
	t.Helper()
	if p.err != nil {
		t.Fatal(p.err)
	}
	if p.missing != "" {
		t.Skip(p.missing)
	}
	return slices.Clone(p.command)
}

func talkInEvents(t *testing.T, b *bus) {
	others := len(eventParties) // of each: this process is one more
	want := others * patterns
	var running []*process
	for _, p := range eventParties {
		command := append(needBuilt(t, p.build()), p.args...)
		one := start(t, p.name, append(command, b.port, strconv.Itoa(want))...)
		one.next("joined")
		running = append(running, one)
	}
	checkFound(t, "go", talkInGo(t, b, want), others)
	for _, p := range running {
		got := make([]found, want)
		for i := range got {
			e := p.next("testcase")
			got[i] = found{e.Corpus, e.Executions, e.Exit, e.Len, e.SHA256}
		}
		p.done()
		checkFound(t, p.name, got, others)
	}
}

// talkInGo is the Go party: it sends like the others, and returns what it got.
func talkInGo(t *testing.T, b *bus, want int) []found {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	port, err := strconv.ParseUint(b.port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	client, err := llmp.Connect(ctx, llmp.Options{Port: uint16(port), SkipOwn: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}()
	events := []libafl.Event{
		libafl.Objective{Input: []byte("boom"), Size: 3}, libafl.Heartbeat{},
		libafl.UserStats{Name: "edges", Stat: libafl.Stat{Value: libafl.Ratio{Part: 12, Whole: 400}, Aggregate: libafl.AggregateAvg}},
	}
	for i := range patterns {
		events = append(events, libafl.NewTestcase{
			Input: pattern(i), CorpusSize: uint64(i + 1), Exit: libafl.Exit{Kind: libafl.ExitKind(i % 4)},
		})
	}
	for _, ev := range events {
		executions := uint64(2000)
		if found, ok := ev.(libafl.NewTestcase); ok {
			executions = 999 + found.CorpusSize
		}
		payload, flags, err := libafl.Encode(ev, libafl.Now(executions))
		if err != nil {
			t.Fatal(err)
		}
		if err := client.SendFlags(llmp.Tag(libafl.Tag), llmp.Flags(flags), payload); err != nil {
			t.Fatal(err)
		}
	}
	var got []found
	for len(got) < want {
		m, err := client.RecvContext(ctx)
		if err != nil {
			t.Fatalf("after %d of %d test cases: %v", len(got), want, err)
		}
		ev, stats, err := libafl.Decode(bytes.Clone(m.Data), uint32(m.Flags))
		if err != nil {
			t.Fatalf("from client %d: %v", m.Sender, err)
		}
		if age := time.Since(stats.Time()); age < 0 {
			t.Errorf("client %d found it %v in the future", m.Sender, -age)
		}
		if one, ok := ev.(libafl.NewTestcase); ok {
			got = append(got, found{one.CorpusSize, stats.Executions, uint32(one.Exit.Kind), len(one.Input), series.Sum(one.Input)})
		}
	}
	return got
}
