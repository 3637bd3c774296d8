package tcp_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"testing"
	"time"

	"llmp/internal/tcp"
)

func addr(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
}

func listen(t *testing.T) *tcp.Listener {
	t.Helper()
	l, err := tcp.Listen(addr(0))
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
	c, err := tcp.Dial(context.Background(), addr(l.Port()))
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
	if _, err := tcp.Dial(context.Background(), addr(port)); !errors.Is(err, tcp.ErrRefused) {
		t.Fatalf("got %v, want ErrRefused", err)
	}
}

func TestPortInUse(t *testing.T) {
	l := listen(t)
	if _, err := tcp.Listen(addr(l.Port())); !errors.Is(err, tcp.ErrInUse) {
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
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Fatalf("got %v, want os.ErrClosed", err)
	}
}

func TestDeadline(t *testing.T) {
	l := listen(t)
	c, err := tcp.Dial(context.Background(), addr(l.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %v, want os.ErrDeadlineExceeded", err)
	}
}

func TestParseAddr(t *testing.T) {
	for in, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1:80", "localhost:7": "127.0.0.1:7", "[::1]:9": "[::1]:9",
	} {
		if got, err := tcp.ParseAddr(in); err != nil || got.String() != want {
			t.Errorf("ParseAddr(%q) = %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "host:1", "1.2.3.4", "1.2.3.4:99999", ":1"} {
		if _, err := tcp.ParseAddr(in); !errors.Is(err, tcp.ErrAddress) {
			t.Errorf("ParseAddr(%q) = %v, want ErrAddress", in, err)
		}
	}
}
