package interop

import (
	"slices"
	"strconv"
	"sync"
	"testing"

	"llmp/shmem"

	"llmp/tests/interop/internal/series"
)

// A party is a language that takes part: a program with the peer's commands.
type party struct {
	name  string
	build func() program
	// Names of the shared memory providers, where they are not ours.
	providers map[string]string
	// Commands that the program does not have.
	lacks []string
}

var (
	rust = &party{
		name: "rust", build: sync.OnceValue(buildRust),
		providers: map[string]string{shmem.Posix: "mmap"},
	}
	golang = &party{name: "go", build: sync.OnceValue(buildGo)}
	c      = &party{name: "c", build: sync.OnceValue(buildC)}
	cpp    = &party{
		name: "cpp", build: sync.OnceValue(buildCpp),
		lacks: []string{"echo", "to-env", "describe", "announce", "p2p-send"},
	}
	python = &party{name: "python", build: sync.OnceValue(buildPython)}
)

func (p *party) has(verb string) bool { return !slices.Contains(p.lacks, verb) }

// need returns the party's command, and skips the test where this machine
// lacks what it takes.
func (p *party) need(t *testing.T) []string {
	t.Helper()
	built := p.build()
	if built.err != nil {
		t.Fatalf("building the %s program: %v", p.name, built.err)
	}
	if built.missing != "" {
		t.Skipf("no %s here: %s", p.name, built.missing)
	}
	return built.command
}

// command is the party's command line for one of the peer's commands.
func (p *party) command(t *testing.T, provider, verb string, args ...string) []string {
	t.Helper()
	if theirs, ok := p.providers[provider]; ok {
		provider = theirs
	}
	command := append(append([]string(nil), p.need(t)...), verb, "--provider", provider)
	return append(command, args...)
}

// run starts one of the peer's commands.
func (p *party) run(t *testing.T, provider, verb string, args ...string) *process {
	t.Helper()
	return start(t, p.name+" "+verb, p.command(t, provider, verb, args...)...)
}

// A bus is a broker at work.
type bus struct {
	provider string
	port     string
	broker   *process
}

func (p *party) broker(t *testing.T, provider string) *bus {
	t.Helper()
	return serving(p.run(t, provider, "broker", "--port", "0"), provider)
}

// joinedBroker is a broker that has connected to another one.
func (p *party) joinedBroker(t *testing.T, provider string, other *bus) *bus {
	t.Helper()
	return serving(p.run(t, provider, "b2b", "--port", "0", "--connect", "127.0.0.1:"+other.port), provider)
}

func serving(broker *process, provider string) *bus {
	broker.t.Helper()
	port := broker.next("listening").Port
	return &bus{provider: provider, port: strconv.Itoa(port), broker: broker}
}

// send starts a client that sends a series; it returns the client's id too.
func (p *party) send(t *testing.T, b *bus, s series.Series) (*process, uint32) {
	t.Helper()
	sender := p.run(t, b.provider, "send", append(s.Args(), "--port", b.port)...)
	return sender, sender.next("joined").ClientID
}

// recv starts a client that reports n messages of a tag; tag 0: of all.
func (p *party) recv(t *testing.T, b *bus, n int, tag uint32) *process {
	t.Helper()
	args := []string{"--port", b.port, "--count", strconv.Itoa(n)}
	if tag != 0 {
		args = append(args, "--tag", strconv.FormatUint(uint64(tag), 10))
	}
	receiver := p.run(t, b.provider, "recv", args...)
	receiver.next("joined")
	return receiver
}

// check compares reported messages with the series that was sent.
func check(t *testing.T, got []event, s series.Series, sender uint32) {
	t.Helper()
	checkFlags(t, got, s, sender, s.Flags)
}

func checkFlags(t *testing.T, got []event, s series.Series, sender, flags uint32) {
	t.Helper()
	if len(got) != s.Count {
		t.Fatalf("%d messages came, %d were sent", len(got), s.Count)
	}
	for i, e := range got {
		payload := s.Payload(s.Start + i)
		want := event{Sender: sender, Tag: s.Tag, Flags: flags, Len: len(payload), SHA256: series.Sum(payload)}
		e = event{Sender: e.Sender, Tag: e.Tag, Flags: e.Flags, Len: e.Len, SHA256: e.SHA256}
		if e != want {
			t.Fatalf("message %d of the series came as %+v, want %+v", s.Start+i, e, want)
		}
	}
}

// only picks the messages with a tag, in order.
func only(all []event, tag uint32) []event {
	var picked []event
	for _, e := range all {
		if e.Tag == tag {
			picked = append(picked, e)
		}
	}
	return picked
}
