package llmp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"llmp/shmem"
)

// hooked is a broker that is driven by hand, with a client.
func hooked(t *testing.T, o BrokerOptions) (*Broker, *Client) {
	t.Helper()
	b, err := NewBroker(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	m := b.Map()
	c, err := NewClient(m.ID, int(m.Size), 0, Options{Provider: o.Provider})
	if err != nil {
		t.Fatal(err)
	}
	id, err := b.AddClient(c.Map().ID, int(c.Map().Size))
	if err != nil {
		t.Fatal(err)
	}
	c.s.setID(id)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, c
}

// received is what a client gets until there is nothing more.
func received(t *testing.T, c *Client) (texts []string) {
	t.Helper()
	for {
		m, ok, err := c.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return texts
		}
		texts = append(texts, m.Tag.String()+" "+string(m.Data))
	}
}

func sendTexts(t *testing.T, c *Client, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := c.Send(1, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

func wantTexts(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHooks has two hooks change, drop, answer and add messages.
func TestHooks(t *testing.T) {
	b, c := hooked(t, BrokerOptions{Provider: provider(t, shmem.Heap)})
	var from []ClientID
	b.AddHook(func(b *Broker, client ClientID, m *Message) Verdict {
		from = append(from, client)
		switch string(m.Data) {
		case "drop":
			return Drop
		case "question":
			if err := b.Send(3, 0, []byte("answer")); err != nil {
				t.Error(err)
			}
			return Drop
		case "double":
			if err := b.Send(1, 0, []byte("again")); err != nil {
				t.Error(err)
			}
		case "in place":
			m.Data[0] = 'I'
		case "shorter":
			m.Data = m.Data[:5]
		case "elsewhere":
			m.Tag, m.Data = 2, []byte("something much longer than before")
		}
		return Forward
	})
	var second []string
	b.AddHook(func(_ *Broker, _ ClientID, m *Message) Verdict {
		second = append(second, string(m.Data))
		return Forward
	})
	sendTexts(t, c, "drop", "question", "double", "in place", "shorter", "elsewhere")
	if n, err := b.Once(); n != 6 || err != nil {
		t.Errorf("once: %d messages, %v", n, err)
	}
	wantTexts(t, received(t, c), "0x3 answer", "0x1 double", "0x1 again", "0x1 In place", "0x1 short",
		"0x2 something much longer than before")
	wantTexts(t, second, "double", "In place", "short", "something much longer than before")
	if want := slices.Repeat([]ClientID{c.ID()}, 6); !slices.Equal(from, want) {
		t.Errorf("the hook saw clients %v", from)
	}
	if s := b.Stats(); s.Messages != 6 || s.Forwarded != 6 || s.Dropped != 2 {
		t.Errorf("stats: %+v", s)
	}
}

func TestOnlyEventsAreForwarded(t *testing.T) {
	b, c := hooked(t, BrokerOptions{Provider: provider(t, shmem.Heap), OnlyEvents: true})
	b.AddHook(func(_ *Broker, _ ClientID, m *Message) Verdict {
		if m.Tag != TagLibAFLEvent {
			t.Errorf("a hook saw tag %v", m.Tag)
		}
		return Forward
	})
	sendTexts(t, c, "not an event")
	if err := c.Send(TagLibAFLEvent, []byte("event")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Once(); err != nil {
		t.Error(err)
	}
	wantTexts(t, received(t, c), TagLibAFLEvent.String()+" event")
}

func TestSilenceIsTold(t *testing.T) {
	b, err := NewBroker(BrokerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	calls := 0
	b.OnTimeout(time.Millisecond, func(b *Broker) {
		if calls++; calls == 3 {
			b.Stop()
		}
	})
	if err := b.Run(within(t, time.Minute)); err != nil || calls != 3 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestSeveralBrokersInOneLoop(t *testing.T) {
	const n = 3
	var brokers []*Broker
	var clients []*Client
	for range n {
		b, err := NewBroker(BrokerOptions{ExitAfter: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		port, err := b.Listen(0)
		if err != nil {
			t.Fatal(err)
		}
		brokers = append(brokers, b)
		c, err := Connect(within(t, time.Minute), Options{Port: port})
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	ran := make(chan error, 1)
	go func() { ran <- RunAll(within(t, time.Minute), brokers...) }()
	for i, c := range clients {
		text := strings.Repeat("x", i+1)
		sendTexts(t, c, text)
		m, err := c.RecvContext(within(t, time.Minute))
		if err != nil || string(m.Data) != text {
			t.Errorf("broker %d: %q, %v", i, m.Data, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-ran; err != nil { // each ends once its client has come and gone
		t.Error(err)
	}
}

// TestOnPort has the first become the broker and the second its client.
func TestOnPort(t *testing.T) {
	port := freePort(t)
	first, err := OnPort(context.Background(), port, BrokerOptions{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if first.Broker == nil || first.Client != nil {
		t.Fatalf("the first is %+v", first)
	}
	ran := make(chan error, 1)
	go func() { ran <- first.Broker.Run(context.Background()) }()
	second, err := OnPort(context.Background(), port, BrokerOptions{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if second.Client == nil || second.Broker != nil {
		t.Fatalf("the second is %+v", second)
	}
	for _, c := range []*Connection{first, second} {
		if err := c.Send(1, 0, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		m, err := second.Client.RecvContext(within(t, time.Minute))
		if err != nil || string(m.Data) != "hello" {
			t.Errorf("%q, %v", m.Data, err)
		}
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	first.Broker.Stop()
	if err := errors.Join(<-ran, first.Close()); err != nil {
		t.Error(err)
	}
}
