package llmp

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"llmp/internal/wire"
	"llmp/shmem"
)

// wantError checks that an error is of a kind and says what to look at.
func wantError(t *testing.T, what string, err, kind error, says string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: got %v, want %v that says %q", what, err, kind, says)
	}
}

func newP2P(t testing.TB, o Options) *Client {
	t.Helper()
	c, err := NewP2P(1, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// freePort is a port on which nobody listens.
func freePort(t *testing.T) uint16 {
	t.Helper()
	b, err := NewBroker(BrokerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	port, err := b.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

func TestNobodyOnThePort(t *testing.T) {
	port := freePort(t)
	_, err := Connect(context.Background(), Options{Port: port, ConnectTimeout: NoWait})
	wantError(t, "connecting", err, ErrRefused, "llmp broker --port")
	wantError(t, "detaching", Detach(context.Background(), port, 1), ErrRefused, "nobody listens")
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Connect(over, Options{Port: port, ConnectTimeout: WaitForever})
	wantError(t, "connecting when the context is over", err, context.Canceled, "")
}

func TestPortInUse(t *testing.T) {
	_, port := runBroker(t, BrokerOptions{})
	other, err := NewBroker(BrokerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, err = other.Listen(port)
	wantError(t, "listening", err, ErrBusy, "broker")
}

// TestNoBrokerOnThePort connects to somebody who says something else.
func TestNoBrokerOnThePort(t *testing.T) {
	for name, says := range map[string]string{
		"nothing":           "",
		"http":              "HTTP/1.1 400 Bad Request\r\n\r\n",
		"a truncated frame": "\x00\x00\x00\x20BrokerConnect",
		"a frame too large": "\xff\xff\xff\xff",
		"a frame of noise":  "\x00\x00\x00\x04\xff\xff\xff\xff",
	} {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			if conn, err := l.Accept(); err == nil {
				_, _ = io.WriteString(conn, says)
				_ = conn.Close()
			}
		}()
		port := uint16(l.Addr().(*net.TCPAddr).Port)
		_, err = Connect(within(t, handshakeTimeout), Options{Port: port, ConnectTimeout: NoWait})
		wantError(t, name, err, ErrProtocol, "LLMP broker")
		<-served
		_ = l.Close()
	}
}

func TestMapsThatAreNoPages(t *testing.T) {
	for name, p := range providers(t) {
		t.Run(name, func(t *testing.T) {
			o := Options{Provider: p}
			zeros, err := p.Create(1<<16, 0)
			if err != nil {
				t.Fatal(err)
			}
			attach := func(id shmem.ID, size uint64) error {
				_, err := AttachReceiver(MapDescription{ID: id, Size: size, Offset: NoOffset}, o)
				return err
			}
			wantError(t, "a wrong magic", attach(zeros.ID(), 1<<16), ErrCorrupt, "")
			wantError(t, "too small for a page", attach(zeros.ID(), 100), ErrCorrupt, "")
			wantError(t, "smaller than said", attach(zeros.ID(), 1<<30), ErrCorrupt, "")
			wantError(t, "an impossible size", attach(zeros.ID(), 1<<63), ErrCorrupt, "")
			id := zeros.ID()
			if err := zeros.Close(); err != nil {
				t.Fatal(err)
			}
			wantError(t, "gone", attach(id, 1<<16), ErrNotFound, "same provider")
			wantError(t, "no id", attach(shmem.ID{'?'}, 1<<16), ErrInvalid, "same provider")
		})
	}
}

// TestImpossibleLengths spoils the header of a message that was sent.
func TestImpossibleLengths(t *testing.T) {
	for _, length := range []uint64{1 << 20, 1 << 40, 1<<64 - 1} {
		c := newP2P(t, Options{Provider: provider(t, shmem.Heap), PageSize: 4096})
		if err := c.Send(1, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		page := c.s.page.m.Bytes()
		binary.LittleEndian.PutUint64(page[wire.PageHeader+wire.MsgOffLen:], length)
		for range 2 { // it is final
			_, _, err := c.Recv()
			wantError(t, "reading", err, ErrCorrupt, "")
		}
	}
}

func TestWhatCannotBeSent(t *testing.T) {
	c := newP2P(t, Options{Provider: provider(t, shmem.Heap)})
	_, err := c.Alloc(MaxPayload + 1)
	wantError(t, "too large", err, ErrTooBig, "split it")
	_, err = c.Alloc(-1)
	wantError(t, "less than nothing", err, ErrInvalid, "-1")
	wantError(t, "a reserved tag", c.Send(TagEndOfPage, nil), ErrInvalid, "choose another")
	n, err := c.SendMany([]Outgoing{{Tag: 1}, {Tag: TagExiting}})
	wantError(t, "a reserved tag among others", err, ErrInvalid, "choose another")
	if n != 1 {
		t.Errorf("%d messages were sent before the bad one", n)
	}
	wantError(t, "commit without alloc", c.Commit(1, 0, 0), ErrInvalid, "Alloc first")
	wantError(t, "shrink without alloc", c.Shrink(0), ErrInvalid, "Alloc first")
	wantError(t, "cancel without alloc", c.Cancel(), ErrInvalid, "Alloc first")
	wantError(t, "announcing no page", c.Announce(shmem.ID{}, 10), ErrInvalid, "10 bytes")

	if _, err := c.Alloc(8); err != nil {
		t.Fatal(err)
	}
	_, err = c.Alloc(8)
	wantError(t, "two allocations", err, ErrBusy, "commit or cancel")
	wantError(t, "a send between", c.Send(1, nil), ErrBusy, "commit or cancel")
	_, err = c.Describe()
	wantError(t, "handing over between", err, ErrBusy, "commit or cancel")
	wantError(t, "more than allocated", c.Commit(1, 0, 9), ErrInvalid, "9 bytes")
	wantError(t, "a reserved tag", c.Commit(TagUnset, 0, 8), ErrInvalid, "choose another")
	if err := c.Commit(1, 0, 8); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func TestUseAfterClose(t *testing.T) {
	c, err := NewP2P(1, Options{Provider: provider(t, shmem.Heap)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "send", c.Send(1, nil), ErrClosed, "closed")
	_, err = c.Alloc(1)
	wantError(t, "alloc", err, ErrClosed, "closed")
	_, _, err = c.Recv()
	wantError(t, "recv", err, ErrClosed, "closed")
	_, err = c.RecvContext(context.Background())
	wantError(t, "a receive that waits", err, ErrClosed, "closed")
	_, err = c.Describe()
	wantError(t, "describe", err, ErrClosed, "closed")

	b, err := NewBroker(BrokerOptions{Provider: provider(t, shmem.Heap)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "a broker's send", b.Send(1, 0, nil), ErrClosed, "ended")
	_, err = b.EnvVars("X")
	wantError(t, "a broker's page", err, ErrClosed, "ended")
}

func TestVariablesThatMakeNoSense(t *testing.T) {
	o := Options{Provider: provider(t, shmem.Heap)}
	c := newP2P(t, o)
	id := c.Map().ID.String()
	for _, tt := range []struct {
		name string
		vars map[string]string
		kind error
		says string
	}{
		{"unset", map[string]string{}, ErrNotFound, "X is not set"},
		{"no size", map[string]string{"X": id}, ErrNotFound, "X_SIZE is not set"},
		{"no offset", map[string]string{"X": id, "X_SIZE": "1048576"}, ErrNotFound, "X_OFFSET is not set"},
		{"no id", map[string]string{"X": id, "X_SIZE": "1048576", "X_OFFSET": "_NULL"}, ErrNotFound, "X_CLIENT_ID is not set"},
		{"an id too long", map[string]string{"X": "12345678901234567890"}, ErrCorrupt, "X:"},
		{"a size that is none", map[string]string{"X": id, "X_SIZE": "1 MiB"}, ErrCorrupt, "X_SIZE"},
		{"an offset that is none", map[string]string{"X": id, "X_SIZE": "1048576", "X_OFFSET": "-1"}, ErrCorrupt, "X_OFFSET"},
		{"an offset beyond", map[string]string{"X": id, "X_SIZE": "1048576", "X_OFFSET": "9999999", "X_CLIENT_ID": "1"}, ErrCorrupt, ""},
		{"a client of 33 bits", map[string]string{"X": id, "X_SIZE": "1048576", "X_OFFSET": "_NULL", "X_CLIENT_ID": "4294967296"}, ErrCorrupt, "X_CLIENT_ID"},
	} {
		get := func(key string) (string, bool) { v, ok := tt.vars[key]; return v, ok }
		_, err := AttachSenderEnvFunc(get, "X", o)
		wantError(t, tt.name, err, tt.kind, tt.says)
	}
	for _, name := range []string{"", "A=B", "A\x00"} {
		wantError(t, "a name that cannot be", c.ToEnv(name), ErrInvalid, "environment variable")
		_, err := AttachEnv(name, o)
		wantError(t, "a name that cannot be", err, ErrInvalid, "environment variable")
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for _, o := range []Options{
		{PageSize: 1}, {PageSize: 5000}, {PageSize: 2 << 30}, {MaxPendingPages: 1}, {MaxPendingPages: 1025}, {Spin: -1},
	} {
		_, err := NewSender(1, o)
		wantError(t, "options of a client", err, ErrInvalid, "want")
	}
	for _, o := range []BrokerOptions{
		{PageSize: 5000}, {Budget: -1}, {Budget: 1000}, {SlowTimeout: -5}, {ExitAfter: -1}, {Spin: -1}, {History: HistoryBytes(-1)},
	} {
		_, err := NewBroker(o)
		wantError(t, "options of a broker", err, ErrInvalid, "")
	}
	_, err := NewBroker(BrokerOptions{ArchiveDir: "/nowhere/at/all"})
	wantError(t, "an archive nowhere", err, ErrNotFound, "make it")
}
