package interop

import (
	"fmt"
	"strconv"
	"testing"

	"llmp/shmem"

	"llmp/tests/interop/internal/series"
)

// A handOver is one way to give a client's place to another process.
type handOver struct {
	name   string
	unread int   // own messages that the first process leaves unread
	sizes  []int // of the messages
	first  int   // how many the first process sends
	second int   // and the second one
}

// handOvers: right after connecting, with nothing sent; in the middle of a
// page; with messages unread; and over page borders on both sides of it.
var handOvers = []handOver{
	{name: "at once", sizes: []int{100}, second: 10},
	{name: "mid page", sizes: sizes[:18], first: 12, second: 24},
	{name: "some unread", sizes: sizes[:18], first: 12, second: 24, unread: 5},
	{name: "over pages", sizes: []int{100, 200000, 400000}, first: 7, second: 14},
}

func (h handOver) firstSeries() series.Series {
	return series.Series{Seed: 11, Sizes: h.sizes, Tag: 0x5701, Count: h.first}
}

func (h handOver) secondSeries() series.Series {
	s := h.firstSeries()
	s.Start, s.Count = h.first, h.second
	return s
}

// resume is the second process's command line.
func (h handOver) resume() []string {
	return append(h.secondSeries().Args(), "--receive", strconv.Itoa(h.unread+h.second),
		"--unread", strconv.Itoa(h.unread))
}

// checkResumed looks at what the second process reports: what the first one
// left unread, then its own.
func (h handOver) checkResumed(t *testing.T, p *process, id uint32) {
	t.Helper()
	if got := p.next("joined").ClientID; got != id {
		t.Fatalf("the second process is client %d, the first was %d", got, id)
	}
	s := h.secondSeries()
	s.Start -= h.unread
	s.Count += h.unread
	check(t, p.messages(s.Count), s, id)
}

// eachHandOver runs a test for all brokers, providers and pairs of parties,
// with a reader that sees the whole series.
func eachHandOver(t *testing.T, fromVerb, toVerb string, test func(t *testing.T, b *bus, from, to *party, h handOver) (id uint32)) {
	each(t, fromVerb, toVerb, func(t *testing.T, host, from, to *party) {
		for _, provider := range providers {
			for _, h := range handOvers {
				t.Run(fmt.Sprintf("%s/%s", provider, h.name), func(t *testing.T) {
					b := host.broker(t, provider)
					whole := h.firstSeries()
					whole.Count += h.second
					r := host.recv(t, b, whole.Count, whole.Tag)
					id := test(t, b, from, to, h)
					check(t, r.messages(whole.Count), whole, id)
					r.done()
					b.broker.stop()
				})
			}
		}
	})
}

// forget removes what a process leaves that has handed its place over. It ends
// as if killed, because closing its client would say EXITING where another one
// sends by now; and nobody but a creator removes a name of shm_open.
func forget(p *process) { removeLeftovers(p.cmd.Process.Pid) }

// TestEnvironment starts the second process with the first one's environment.
func TestEnvironment(t *testing.T) {
	eachHandOver(t, "to-env", "from-env", func(t *testing.T, b *bus, from, to *party, h handOver) uint32 {
		args := append(h.firstSeries().Args(), "--port", b.port, "--name", "LLMP_INTEROP",
			"--leave-unread", strconv.Itoa(h.unread), "--")
		second := to.command(t, b.provider, "from-env", append(h.resume(), "--name", "LLMP_INTEROP")...)
		p := from.run(t, b.provider, "to-env", append(args, second...)...)
		id := p.next("joined").ClientID
		h.checkResumed(t, p, id)
		p.next("done") // the second process
		p.done()
		forget(p)
		return id
	})
}

// TestDescription hands the place over as postcard bytes.
func TestDescription(t *testing.T) {
	eachHandOver(t, "describe", "from-description", func(t *testing.T, b *bus, from, to *party, h handOver) uint32 {
		first := from.run(t, b.provider, "describe", append(h.firstSeries().Args(), "--port", b.port,
			"--leave-unread", strconv.Itoa(h.unread))...)
		id := first.next("joined").ClientID
		place := first.next("description").Postcard
		second := to.run(t, b.provider, "from-description", append(h.resume(), "--description", place)...)
		h.checkResumed(t, second, id)
		second.done()
		first.stop()
		forget(first)
		return id
	})
}

// TestAnnounce has a client tell the broker about a second sender.
func TestAnnounce(t *testing.T) {
	const asID = 77
	each(t, "announce", "recv", func(t *testing.T, host, announcer, reader *party) {
		b := host.broker(t, shmem.SysV)
		s := series.Series{Seed: 12, Sizes: sizes[:21], Tag: 0x5801, Count: 60}
		r := reader.recv(t, b, s.Count, s.Tag)
		a := announcer.run(t, b.provider, "announce", append(s.Args(), "--port", b.port, "--as-id", strconv.Itoa(asID))...)
		a.next("joined")
		a.next("announced")
		check(t, r.messages(s.Count), s, asID)
		r.done()
		a.done()
		b.broker.stop()
	})
}

// TestAnnounceOther has one party announce the page of another one's p2p client.
func TestAnnounceOther(t *testing.T) {
	each(t, "announce", "p2p-send", func(t *testing.T, host, announcer, owner *party) {
		b := host.broker(t, shmem.SysV)
		s := series.Series{Seed: 13, Sizes: []int{10, 0, 300}, Tag: 0x5901, Count: 30}
		o := owner.run(t, b.provider, "p2p-send", append(s.Args(), "--as-id", "78")...)
		page := receiverOf(t, o.next("description").Postcard)
		r := host.recv(t, b, s.Count, s.Tag)
		a := announcer.run(t, b.provider, "announce", "--port", b.port,
			"--map", shmem.ID(page.ID).String(), "--size", strconv.FormatUint(page.Size, 10))
		a.next("joined")
		a.next("announced")
		check(t, r.messages(s.Count), s, 78)
		r.done()
		a.done()
		o.stop()
		b.broker.stop()
	})
}
