//go:build !unix

package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// A Conn is a connected socket. Close, from any goroutine, ends calls under way.
type Conn struct{ net.Conn }

// Dial connects to a numeric address.
func Dial(ctx context.Context, addr netip.AddrPort) (*Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr.String())
	if errors.Is(err, syscall.ECONNREFUSED) {
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return &Conn{c}, err
}

// A Listener accepts connections.
type Listener struct{ l net.Listener }

// Listen listens on a numeric address; port 0 picks one.
func Listen(addr netip.AddrPort) (*Listener, error) {
	l, err := net.Listen("tcp", addr.String())
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: %w", ErrInUse, err)
	}
	return &Listener{l}, err
}

// Port is where it listens.
func (l *Listener) Port() uint16 { return uint16(l.l.Addr().(*net.TCPAddr).Port) }

// Accept waits for the next connection, until Close.
func (l *Listener) Accept() (*Conn, error) {
	c, err := l.l.Accept()
	return &Conn{c}, err
}

// Close stops listening and ends an Accept under way.
func (l *Listener) Close() error { return l.l.Close() }
