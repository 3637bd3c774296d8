package llmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"llmp/shmem"
)

func TestMessagesCrossTheBus(t *testing.T) {
	for name, p := range providers(t) {
		t.Run(name, func(t *testing.T) {
			_, port := runBroker(t, BrokerOptions{Provider: p})
			a, b := connect(t, port, p), connect(t, port, p)
			if err := a.SendFlags(0x1234, 8, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			for _, c := range []*Client{a, b} {
				m, err := c.RecvContext(within(t, 10*time.Second))
				if err != nil {
					t.Fatal(err)
				}
				if m.Tag != 0x1234 || m.Flags != 8 || m.Sender != a.ID() || string(m.Data) != "hello" {
					t.Errorf("client %d got %+v", c.ID(), m)
				}
			}
		})
	}
}

// plan is what one sender of TestEachMessageOnceInOrder sends: the sizes.
func plan(rng *rand.Rand, n int) []int {
	sizes := make([]int, n)
	for i := range sizes {
		switch rng.IntN(20) {
		case 0:
			sizes[i] = 0
		case 1:
			sizes[i] = rng.IntN(200_000)
		default:
			sizes[i] = rng.IntN(600)
		}
	}
	return sizes
}

// TestEachMessageOnceInOrder lets several clients send and receive at the same
// time, over many pages: each must get every message of every sender once, in
// the order in which that sender sent, with the bytes that were sent.
func TestEachMessageOnceInOrder(t *testing.T) {
	const clients, each = 4, 600
	for name, p := range providers(t) {
		t.Run(name, func(t *testing.T) {
			_, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 64 << 10})
			ctx := within(t, 60*time.Second)
			var wg sync.WaitGroup
			for i := range clients {
				c, err := Connect(ctx, Options{Port: port, Provider: p, PageSize: 16 << 10})
				if err != nil {
					t.Fatal(err)
				}
				rng := rand.New(rand.NewPCG(uint64(i), 7))
				sizes := plan(rng, each)
				var halves sync.WaitGroup
				halves.Add(2)
				go func() {
					defer halves.Done()
					sendPlan(t, c, i, sizes)
				}()
				go func() {
					defer halves.Done()
					next := map[uint32]uint32{}
					for range clients * each {
						m, err := c.RecvContext(ctx)
						if err != nil {
							t.Errorf("client %d: %v", i, err)
							return
						}
						checkPlanned(t, m, next)
					}
				}()
				wg.Add(1)
				go func() {
					defer wg.Done()
					halves.Wait()
					if err := c.Close(); err != nil {
						t.Error(err)
					}
				}()
			}
			wg.Wait()
		})
	}
}

// sendPlan sends messages of the given sizes, in all the ways there are.
func sendPlan(t *testing.T, c *Client, who int, sizes []int) {
	for i, n := range sizes {
		data := plannedPayload(who, i, n)
		var err error
		switch i % 3 {
		case 0:
			err = c.Send(Tag(who+1), data)
		case 1:
			var room []byte
			if room, err = c.Alloc(len(data) + 100); err == nil {
				copy(room, data)
				err = c.Commit(Tag(who+1), 0, len(data))
			}
		default:
			_, err = c.SendMany([]Outgoing{{Tag: Tag(who + 1), Data: data}})
		}
		if err != nil {
			t.Errorf("client %d, message %d: %v", who, i, err)
			return
		}
	}
}

func plannedPayload(who, i, n int) []byte {
	b := make([]byte, n+8)
	binary.LittleEndian.PutUint32(b, uint32(i))
	binary.LittleEndian.PutUint32(b[4:], uint32(n))
	for j := range n {
		b[8+j] = byte(who*131 + i*31 + j)
	}
	return b
}

func checkPlanned(t *testing.T, m Message, next map[uint32]uint32) {
	t.Helper()
	if len(m.Data) < 8 {
		t.Fatalf("a message of %d bytes", len(m.Data))
	}
	who, i, n := int(m.Tag)-1, binary.LittleEndian.Uint32(m.Data), binary.LittleEndian.Uint32(m.Data[4:])
	if i != next[uint32(who)] {
		t.Errorf("message %d of sender %d came when %d was due", i, who, next[uint32(who)])
	}
	next[uint32(who)] = i + 1
	if !bytes.Equal(m.Data, plannedPayload(who, int(i), int(n))) {
		t.Errorf("message %d of sender %d has other bytes", i, who)
	}
}

func TestLateJoinerGetsTheHistory(t *testing.T) {
	p := provider(t, shmem.Heap)
	_, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 8 << 10})
	a := connect(t, port, p)
	const n = 500
	for i := range n {
		if err := a.Send(1, plannedPayload(0, i, 100)); err != nil {
			t.Fatal(err)
		}
	}
	late := connect(t, port, p)
	next := map[uint32]uint32{}
	for range n {
		m, err := late.RecvContext(within(t, 10*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		checkPlanned(t, m, next)
	}
}

func TestLargeMessages(t *testing.T) {
	p := provider(t, shmem.SysV)
	_, port := runBroker(t, BrokerOptions{Provider: p})
	a, b := connect(t, port, p), connect(t, port, p)
	for i, n := range []int{0, 1, 1 << 20, 5 << 20, 20 << 20, 3} {
		want := plannedPayload(0, i, n)
		if err := a.Send(1, want); err != nil {
			t.Fatal(err)
		}
		m, err := b.RecvContext(within(t, 30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(m.Data, want) {
			t.Fatalf("message of %d bytes came back as %d others", n, len(m.Data))
		}
	}
}

func TestSkipOwn(t *testing.T) {
	p := provider(t, shmem.Heap)
	_, port := runBroker(t, BrokerOptions{Provider: p})
	a, err := Connect(within(t, 10*time.Second), Options{Port: port, Provider: p, SkipOwn: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b := connect(t, port, p)
	for i := range 3 {
		if err := a.Send(1, []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.RecvContext(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(2, nil); err != nil {
		t.Fatal(err)
	}
	m, err := a.RecvContext(within(t, 10*time.Second))
	if err != nil || m.Tag != 2 {
		t.Fatalf("got %+v, %v; want b's message alone", m, err)
	}
}

func TestEndingBrokerTellsItsClients(t *testing.T) {
	p := provider(t, shmem.Heap)
	b, err := NewBroker(BrokerOptions{Provider: p})
	if err != nil {
		t.Fatal(err)
	}
	port, err := b.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, port, p)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RecvContext(within(t, 10*time.Second)); !errors.Is(err, ErrClosed) {
		t.Fatalf("got %v, want ErrClosed", err)
	}
}

func TestBrokerEndsAfterItsClients(t *testing.T) {
	p := provider(t, shmem.Heap)
	b, err := NewBroker(BrokerOptions{Provider: p, ExitAfter: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	port, err := b.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	ctx := within(t, 20*time.Second)
	go func() { ran <- b.Run(ctx) }()
	for range 2 {
		c, err := Connect(ctx, Options{Port: port, Provider: p})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ran; err != nil || ctx.Err() != nil {
		t.Fatal(err, ctx.Err())
	}
}
