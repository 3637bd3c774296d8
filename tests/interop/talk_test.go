package interop

import (
	"strconv"
	"testing"

	"llmp/shmem"

	"llmp/tests/interop/internal/series"
)

// TestMixed has two clients send and receive at the same time.
func TestMixed(t *testing.T) {
	each(t, "mixed", "mixed", func(t *testing.T, host, left, right *party) {
		b := host.broker(t, shmem.SysV)
		said := series.Series{Seed: 1, Sizes: sizes[:20], Tag: 0x5201, Count: 300}
		answered := series.Series{Seed: 2, Sizes: sizes[:19], Tag: 0x5202, Count: 250}
		a, idA := mixed(t, left, b, said, answered.Count)
		z, idZ := mixed(t, right, b, answered, said.Count)
		check(t, a.messages(answered.Count), answered, idZ)
		check(t, z.messages(said.Count), said, idA)
		a.done()
		z.done()
		b.broker.stop()
	})
}

func mixed(t *testing.T, p *party, b *bus, s series.Series, receive int) (*process, uint32) {
	t.Helper()
	args := append(s.Args(), "--port", b.port, "--receive", strconv.Itoa(receive))
	client := p.run(t, b.provider, "mixed", args...)
	return client, client.next("joined").ClientID
}

// TestEcho sends a series to a client that answers each message.
func TestEcho(t *testing.T) {
	each(t, "send", "echo", func(t *testing.T, host, caller, answerer *party) {
		b := host.broker(t, shmem.SysV)
		said := series.Series{Seed: 3, Sizes: sizes[:21], Tag: 0x5301, Count: 60}
		answered := said
		answered.Tag = 0x5302
		echo := answerer.run(t, b.provider, "echo", "--port", b.port, "--count", strconv.Itoa(said.Count),
			"--tag", strconv.Itoa(int(said.Tag)), "--reply-tag", strconv.Itoa(int(answered.Tag)))
		id := echo.next("joined").ClientID
		r := caller.recv(t, b, said.Count, answered.Tag)
		s, _ := caller.send(t, b, said)
		check(t, r.messages(answered.Count), answered, id)
		for _, p := range []*process{s, r, echo} {
			p.done()
		}
		b.broker.stop()
	})
}

// TestExiting has a broker end while a client listens.
func TestExiting(t *testing.T) {
	for _, host := range available(brokers) {
		for _, listener := range available(parties) {
			t.Run(host.name+"_x_"+listener.name, func(t *testing.T) {
				b := host.broker(t, shmem.SysV)
				said := series.Series{Seed: 4, Sizes: []int{10}, Tag: 0x5401, Count: 3}
				r := listener.recv(t, b, 0, 0)
				s, id := host.send(t, b, said)
				s.done()
				check(t, r.messages(said.Count), said, id)
				b.broker.stop()
				r.next("closed")
				r.done()
			})
		}
	}
}

// TestExitAfter has a broker end by itself when its clients have gone.
func TestExitAfter(t *testing.T) {
	for _, host := range available(brokers) {
		for _, client := range available(parties) {
			t.Run(host.name+"_x_"+client.name, func(t *testing.T) {
				b := serving(host.run(t, shmem.SysV, "broker", "--port", "0", "--exit-after", "2"), shmem.SysV)
				said := series.Series{Seed: 5, Sizes: []int{10}, Tag: 0x5501, Count: 3}
				for range 2 {
					s, _ := client.send(t, b, said)
					s.done()
				}
				b.broker.done()
			})
		}
	}
}

// TestDetach has a client vanish without a word, and another party tell the
// broker about it, which then ends because nobody is left.
func TestDetach(t *testing.T) {
	each(t, "describe", "detach", func(t *testing.T, host, lost, teller *party) {
		b := serving(host.run(t, shmem.SysV, "broker", "--port", "0", "--exit-after", "1"), shmem.SysV)
		said := series.Series{Seed: 15, Sizes: []int{10}, Tag: 0x5b01, Count: 3}
		l := lost.run(t, b.provider, "describe", append(said.Args(), "--port", b.port)...)
		id := l.next("joined").ClientID
		l.next("description")
		l.stop()
		teller.run(t, b.provider, "detach", "--port", b.port, "--as-id", strconv.Itoa(int(id))).done()
		b.broker.done()
	})
}
