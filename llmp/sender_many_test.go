package llmp

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"llmp/internal/testkit"
	"llmp/internal/wire"
	"llmp/shmem"
)

// payloads are messages of all lengths at which copying goes another way, and
// of random ones: filled, so that a byte too much or too few shows.
func payloads(rng *rand.Rand, random int) []Outgoing {
	msgs := make([]Outgoing, 300+random)
	for i := range msgs {
		n := i
		if i >= 300 {
			n = rng.IntN(3000)
		}
		data := make([]byte, n)
		for k := range data {
			data[k] = byte(1 + rng.IntN(255))
		}
		msgs[i] = Outgoing{Tag: Tag(1 + i), Flags: Flags(i % 7), Data: data}
	}
	return msgs
}

// A page looks the same whether messages are sent one by one or together.
func TestSendManyWritesWhatSendWrites(t *testing.T) {
	msgs := payloads(testkit.Rand(t), 0)
	pages := make([][]byte, 2)
	for way := range pages {
		s, err := NewSender(3, Options{Provider: provider(t, shmem.Heap), PageSize: 1 << 18})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if way == 0 {
			for _, m := range msgs {
				if err := s.SendFlags(m.Tag, m.Flags, m.Data); err != nil {
					t.Fatal(err)
				}
			}
		} else if n, err := s.SendMany(msgs); n != len(msgs) || err != nil {
			t.Fatalf("%d of %d were sent: %v", n, len(msgs), err)
		}
		pages[way] = s.page.m.Bytes()
	}
	if at := diffAt(pages[0], pages[1]); at >= 0 {
		t.Errorf("byte %d: one by one %#x, together %#x", at, pages[0][at], pages[1][at])
	}
	if used := *u64(baseOf(pages[1]), wire.PageOffUsed); used < 300*wire.MsgHeader {
		t.Errorf("%d bytes are used", used)
	}
}

// Over many pages, in batches of any size, each message arrives as it was.
func TestSendManyOverManyPages(t *testing.T) {
	for name, p := range providers(t) {
		t.Run(name, func(t *testing.T) {
			rng := testkit.Rand(t)
			s, err := NewSender(3, Options{Provider: p, PageSize: 1 << 13, MaxPendingPages: 64})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r, err := AttachReceiver(s.Map(), Options{Provider: p})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			msgs := payloads(rng, 500)
			rng.Shuffle(len(msgs), func(i, k int) { msgs[i], msgs[k] = msgs[k], msgs[i] })
			for len(msgs) > 0 {
				batch := msgs[:min(len(msgs), rng.IntN(20))]
				if n, err := s.SendMany(batch); n != len(batch) || err != nil {
					t.Fatalf("%d of %d were sent: %v", n, len(batch), err)
				}
				for _, want := range batch {
					m, ok, err := r.Recv()
					if err != nil || !ok {
						t.Fatalf("tag %d did not come: %v", want.Tag, err)
					}
					if m.Tag != want.Tag || m.Flags != want.Flags || m.Sender != 3 || !bytes.Equal(m.Data, want.Data) {
						t.Fatalf("sent tag %d, flags %d, %d bytes; came %+v", want.Tag, want.Flags, len(want.Data), m)
					}
				}
				msgs = msgs[len(batch):]
			}
		})
	}
}
