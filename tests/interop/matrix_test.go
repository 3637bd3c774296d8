package interop

import (
	"fmt"
	"testing"

	"llmp/shmem"

	"llmp/tests/interop/internal/series"
)

// sizes are those around which something changes: empty, one cache line more
// or less, one page of memory, more than half a map, more than a map; and one
// that is larger than anything before it.
var sizes = []int{
	0, 1, 7, 8, 23, 24, 25, 63, 64, 65, 100, 127, 128, 1000, 1024, 4095, 4096, 65536, 70000,
	300000, 524288, 1048376, 1048576, 3 << 20, 20 << 20,
}

// assorted is a series with each of the sizes, the small ones twice.
func assorted(seed uint64, tag uint32) series.Series {
	return series.Series{Seed: seed, Sizes: sizes, Tag: tag, Flags: 8, Count: len(sizes) + 20}
}

// providers are those that both LibAFL and we have.
var providers = []string{shmem.SysV, shmem.Posix}

// brokers and parties of the matrix.
var (
	brokers = []*party{rust, golang}
	parties = []*party{rust, golang, c, cpp, python}
)

// TestMatrix has all parties send at once, on each broker, while receivers of
// all parties read along, and others come when everything has been said.
func TestMatrix(t *testing.T) {
	for _, host := range available(brokers) {
		for _, provider := range providers {
			t.Run(fmt.Sprintf("%s_broker/%s", host.name, provider), func(t *testing.T) {
				matrix(t, host, provider)
			})
		}
	}
}

func matrix(t *testing.T, host *party, provider string) {
	senders := available(parties)
	b := host.broker(t, provider)
	total := 0
	all := make([]series.Series, len(senders))
	for i := range senders {
		all[i] = assorted(uint64(i+1), uint32(0x5000+i))
		total += all[i].Count
	}
	early := receivers(t, b, senders, total)
	ids := make([]uint32, len(senders))
	running := make([]*process, len(senders))
	for i, p := range senders {
		running[i], ids[i] = p.send(t, b, all[i])
	}
	for _, sender := range running {
		sender.done()
	}
	late := receivers(t, b, senders, total)
	for r, receiver := range senders {
		earlyEvents, lateEvents := early[r].messages(total), late[r].messages(total)
		early[r].done()
		late[r].done()
		for i, sender := range senders {
			t.Run(sender.name+"_x_"+receiver.name, func(t *testing.T) {
				check(t, only(earlyEvents, all[i].Tag), all[i], ids[i])
				check(t, only(lateEvents, all[i].Tag), all[i], ids[i])
			})
		}
	}
	b.broker.stop()
}

func receivers(t *testing.T, b *bus, parties []*party, n int) []*process {
	t.Helper()
	started := make([]*process, len(parties))
	for i, p := range parties {
		started[i] = p.recv(t, b, n, 0)
	}
	return started
}

// available leaves out the parties that this machine cannot build; TestParties
// is skipped for those, and says why.
func available(parties []*party) []*party {
	var found []*party
	for _, p := range parties {
		if p.build().missing == "" {
			found = append(found, p)
		}
	}
	return found
}

// TestParties says which languages take part.
func TestParties(t *testing.T) {
	for _, p := range parties {
		t.Run(p.name, func(t *testing.T) { p.need(t) })
	}
}

// TestSmallMessages fills page after page with messages of all small sizes.
func TestSmallMessages(t *testing.T) {
	small := series.Series{Seed: 9, Tag: 0x5100, Count: 20000}
	for n := range 200 {
		small.Sizes = append(small.Sizes, n)
	}
	each(t, "send", "recv", func(t *testing.T, host, sender, receiver *party) {
		b := host.broker(t, shmem.SysV)
		r := receiver.recv(t, b, small.Count, small.Tag)
		s, id := sender.send(t, b, small)
		s.done()
		check(t, r.messages(small.Count), small, id)
		r.done()
		b.broker.stop()
	})
}

// each runs a test on all brokers for the pairs of parties that have these
// commands: LibAFL with each language, both ways round, and Go with itself.
// (TestMatrix has all pairs.)
func each(t *testing.T, leftVerb, rightVerb string, test func(t *testing.T, host, left, right *party)) {
	for _, host := range available(brokers) {
		for _, pair := range pairs(leftVerb, rightVerb) {
			left, right := pair[0], pair[1]
			t.Run(fmt.Sprintf("%s_broker/%s_x_%s", host.name, left.name, right.name), func(t *testing.T) {
				test(t, host, left, right)
			})
		}
	}
}

func pairs(leftVerb, rightVerb string) [][2]*party {
	var found [][2]*party
	for _, left := range available(parties) {
		for _, right := range available(parties) {
			if (left == rust || right == rust || left == golang && right == golang) &&
				left.has(leftVerb) && right.has(rightVerb) {
				found = append(found, [2]*party{left, right})
			}
		}
	}
	return found
}
