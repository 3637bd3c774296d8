//go:build !linux

package tcp

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"llmp/internal/clock"
	"llmp/internal/format"
)

// A Conn is a connected socket, for one reader and one writer at a time. Close,
// from any goroutine, ends calls under way.
type Conn struct{ c net.Conn }

// Dial connects to a numeric address, within the limit, until something ends. The
// error is then ErrTimeout or what that says.
func Dial(until Ender, addr Addr, limit time.Duration) (*Conn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer until.AfterFunc(cancel)()
	d := net.Dialer{Timeout: limit}
	c, err := d.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		if until.Err() != nil {
			return nil, until.Err()
		}
		return nil, named(err)
	}
	return &Conn{c}, nil
}

// Read reads what is there, as io.Reader.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.c.Read(b)
	return n, named(err)
}

// Write writes all of b, as io.Writer.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.c.Write(b)
	return n, named(err)
}

// SetDeadline makes later calls fail with ErrTimeout; the zero moment makes them
// wait for ever.
func (c *Conn) SetDeadline(m clock.Moment) {
	var t time.Time
	if !m.IsZero() {
		t = time.Now().Add(clock.Until(m))
	}
	_ = c.c.SetDeadline(t)
}

// Close ends the connection.
func (c *Conn) Close() error { return named(c.c.Close()) }

// A Listener accepts connections.
type Listener struct{ l net.Listener }

// Listen listens on a numeric address; port 0 picks one.
func Listen(addr Addr) (*Listener, error) {
	l, err := net.Listen("tcp", addr.String())
	if err != nil {
		return nil, named(err)
	}
	return &Listener{l}, nil
}

// Port is where it listens.
func (l *Listener) Port() uint16 { return uint16(l.l.Addr().(*net.TCPAddr).Port) }

// Accept waits for the next connection, until Close; the error is then ErrClosed.
func (l *Listener) Accept() (*Conn, error) {
	c, err := l.l.Accept()
	if err != nil {
		return nil, named(err)
	}
	return &Conn{c}, nil
}

// Close stops listening and ends an Accept under way.
func (l *Listener) Close() error { return named(l.l.Close()) }

// named wraps an error in the one of this package that it is.
func named(err error) error {
	for from, to := range map[error]error{
		syscall.ECONNREFUSED: ErrRefused, syscall.EADDRINUSE: ErrInUse,
		os.ErrDeadlineExceeded: ErrTimeout, net.ErrClosed: ErrClosed,
	} {
		if errors.Is(err, from) {
			return format.Errorf("%w: %w", to, err)
		}
	}
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() {
		return format.Errorf("%w: %w", ErrTimeout, err)
	}
	return err
}
