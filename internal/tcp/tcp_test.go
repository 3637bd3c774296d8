package tcp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"llmp/internal/clock"
	"llmp/internal/tcp"
)

// limit is more time than anything here takes.
const limit = time.Minute

// An until is a context as an Ender; never is none.
type until struct{ context.Context }

func (u until) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(u.Context, f) }

type never struct{}

func (never) Err() error                          { return nil }
func (never) AfterFunc(func()) (stop func() bool) { return func() bool { return true } }

func listen(t *testing.T) *tcp.Listener {
	t.Helper()
	l, err := tcp.Listen(tcp.Loopback(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestBytesCrossBothWays(t *testing.T) {
	l := listen(t)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(c, c)
		_ = c.Close()
	}()
	c, err := tcp.Dial(never{}, tcp.Loopback(l.Port()), limit)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := make([]byte, 3<<20)
	for i := range want {
		want[i] = byte(i * 7)
	}
	go func() { _, _ = c.Write(want) }()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Fatal("bytes differ")
	}
}

func TestNobodyListens(t *testing.T) {
	l := listen(t)
	port := l.Port()
	_ = l.Close()
	if _, err := tcp.Dial(never{}, tcp.Loopback(port), limit); !errors.Is(err, tcp.ErrRefused) {
		t.Fatalf("got %v, want ErrRefused", err)
	}
}

func TestPortInUse(t *testing.T) {
	l := listen(t)
	if _, err := tcp.Listen(tcp.Loopback(l.Port())); !errors.Is(err, tcp.ErrInUse) {
		t.Fatalf("got %v, want ErrInUse", err)
	}
}

func TestCloseEndsAccept(t *testing.T) {
	l := listen(t)
	done := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	_ = l.Close()
	if err := <-done; !errors.Is(err, tcp.ErrClosed) {
		t.Fatalf("got %v, want tcp.ErrClosed", err)
	}
}

func TestDeadline(t *testing.T) {
	l := listen(t)
	c, err := tcp.Dial(never{}, tcp.Loopback(l.Port()), limit)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(clock.Now().Add(time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, tcp.ErrTimeout) {
		t.Fatalf("got %v, want tcp.ErrTimeout", err)
	}
}

// TestPendingReadEnds: by its deadline, by Close, and by the other side.
func TestPendingReadEnds(t *testing.T) {
	l := listen(t)
	for _, end := range []struct {
		by   func(c, other *tcp.Conn)
		want error
	}{
		{func(c, _ *tcp.Conn) { _ = c.Close() }, tcp.ErrClosed},
		{func(_, other *tcp.Conn) { _ = other.Close() }, io.EOF},
	} {
		c, other := pair(t, l)
		done := make(chan error, 1)
		go func() {
			_, err := c.Read(make([]byte, 1))
			done <- err
		}()
		end.by(c, other)
		if err := <-done; !errors.Is(err, end.want) {
			t.Errorf("got %v, want %v", err, end.want)
		}
		if err := c.Close(); err != nil && !errors.Is(err, tcp.ErrClosed) {
			t.Error(err)
		}
		if _, err := c.Write([]byte{1}); !errors.Is(err, tcp.ErrClosed) {
			t.Errorf("writing to what was closed: %v", err)
		}
	}
}

// pair is both ends of a connection.
func pair(t *testing.T, l *tcp.Listener) (dialled, accepted *tcp.Conn) {
	t.Helper()
	dialled, err := tcp.Dial(never{}, tcp.Loopback(l.Port()), limit)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = dialled.Close(), accepted.Close() })
	return dialled, accepted
}

// TestManyAtOnce has each of many connections send and wait, while others come
// and go.
func TestManyAtOnce(t *testing.T) {
	l := listen(t)
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			})
		}
	})
	var clients sync.WaitGroup
	for g := range 16 {
		clients.Go(func() {
			for range 20 {
				c, err := tcp.Dial(never{}, tcp.Loopback(l.Port()), limit)
				if err != nil {
					t.Error(err)
					return
				}
				c.SetDeadline(clock.Now().Add(limit))
				for n := range 20 {
					said, heard := []byte{byte(g), byte(n)}, make([]byte, 2)
					if _, err := c.Write(said); err != nil {
						t.Error(err)
					}
					if _, err := io.ReadFull(c, heard); err != nil || !bytes.Equal(said, heard) {
						t.Errorf("said %d, heard %d, %v", said, heard, err)
					}
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	_ = l.Close()
	wait.Wait()
}

// TestDialEnds: a connection to an address that never answers ends with the
// limit or the context.
func TestDialEnds(t *testing.T) {
	l := listen(t)
	filled := fill(t, l)
	if !filled {
		t.Log("the system takes any number of connections that nobody accepts")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if c, err := tcp.Dial(until{ctx}, tcp.Loopback(l.Port()), limit); filled && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", c, err)
	}
	if c, err := tcp.Dial(never{}, tcp.Loopback(l.Port()), time.Millisecond); filled && !errors.Is(err, tcp.ErrTimeout) {
		t.Errorf("out of time: %v, %v", c, err)
	}
}

// fill connects until the listener's queue is full.
func fill(t *testing.T, l *tcp.Listener) bool {
	t.Helper()
	for range 5000 {
		c, err := tcp.Dial(never{}, tcp.Loopback(l.Port()), time.Second)
		if errors.Is(err, tcp.ErrTimeout) {
			return true
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	return false
}
