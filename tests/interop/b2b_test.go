package interop

import (
	"testing"

	"llmp/shmem"

	"llmp/tests/interop/internal/series"
)

// flagFromB2B marks what came from another broker.
const flagFromB2B = 2

// TestB2B joins two brokers, the first listening, the second connecting, and
// sends both ways.
func TestB2B(t *testing.T) {
	for _, connecting := range available(brokers) {
		for _, listening := range available(brokers) {
			t.Run(connecting.name+"_connects_to_"+listening.name, func(t *testing.T) {
				b2b(t, connecting, listening)
			})
		}
	}
}

func b2b(t *testing.T, connecting, listening *party) {
	near := listening.broker(t, shmem.SysV)
	far := connecting.joinedBroker(t, shmem.SysV, near)
	there := series.Series{Seed: 6, Sizes: sizes, Tag: 0x5601, Flags: 8, Count: len(sizes)}
	back := series.Series{Seed: 7, Sizes: sizes, Tag: 0x5602, Flags: 16, Count: len(sizes)}
	crossing(t, connecting, near, listening, far, there, 0)
	crossing(t, listening, far, connecting, near, back, there.Count+1)
	far.broker.stop()
	near.broker.stop()
}

// crossing sends a series on one bus and reads it on the other, then one
// message the other way, before which nothing of the series may come back.
// So many messages as before were sent on the first bus already.
func crossing(t *testing.T, sender *party, from *bus, receiver *party, to *bus, s series.Series, before int) {
	t.Helper()
	here := sender.recv(t, from, before+s.Count+1, 0)
	r := receiver.recv(t, to, s.Count, s.Tag)
	client, id := sender.send(t, from, s)
	client.done()
	got := r.messages(s.Count)
	r.done()
	for i := range got {
		if got[i].Sender != got[0].Sender {
			t.Fatalf("message %d came as from client %d, the first one as from %d", i, got[i].Sender, got[0].Sender)
		}
	}
	checkFlags(t, got, s, got[0].Sender, s.Flags|flagFromB2B)
	last := series.Series{Seed: 8, Sizes: []int{5}, Tag: s.Tag + 0x100, Count: 1}
	reply, _ := receiver.send(t, to, last)
	reply.done()
	events := here.messages(before + s.Count + 1)[before:]
	here.done()
	check(t, only(events, s.Tag), s, id)
	crossed := only(events, last.Tag)
	if len(crossed) != 1 {
		t.Fatalf("%d messages came back over the other broker", len(events)-s.Count)
	}
	checkFlags(t, crossed, last, crossed[0].Sender, flagFromB2B)
}
