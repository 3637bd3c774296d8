//go:build unix

package tcp

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"llmp/internal/format"
)

// A Conn is a connected socket. Close, from any goroutine, ends calls under way.
type Conn struct{ f *os.File }

// Dial connects to a numeric address.
func Dial(ctx context.Context, addr netip.AddrPort) (*Conn, error) {
	fd, sa, err := socket(addr)
	if err != nil {
		return nil, err
	}
	err = unix.Connect(fd, sa)
	f := os.NewFile(uintptr(fd), "tcp") // registers with the poller: fd does not block
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		_ = f.Close()
		return nil, dialError(err)
	}
	if err != nil {
		if err = finishConnect(ctx, f); err != nil {
			_ = f.Close()
			return nil, dialError(err)
		}
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	return &Conn{f: f}, nil
}

// finishConnect waits for a connection under way, until ctx ends.
func finishConnect(ctx context.Context, f *os.File) error {
	stop := context.AfterFunc(ctx, func() { _ = f.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	first := true
	err = raw.Write(func(fd uintptr) bool {
		if first { // wait once for the poller to call it writable
			first = false
			if ready, perr := pollOut(int(fd)); perr == nil && !ready {
				return false
			}
		}
		code, gerr := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		switch {
		case gerr != nil:
			result = gerr
		case code != 0:
			result = syscall.Errno(code)
		}
		return true
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	return result
}

func pollOut(fd int) (bool, error) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, 0)
	return n > 0, err
}

func dialError(err error) error {
	if errors.Is(err, unix.ECONNREFUSED) {
		return format.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// socket makes a socket that does not block and is not inherited.
func socket(addr netip.AddrPort) (int, unix.Sockaddr, error) {
	if !addr.IsValid() {
		return -1, nil, ErrAddress
	}
	ip := addr.Addr().Unmap()
	var sa unix.Sockaddr
	family := unix.AF_INET
	if ip.Is4() {
		sa = &unix.SockaddrInet4{Port: int(addr.Port()), Addr: ip.As4()}
	} else {
		family = unix.AF_INET6
		sa = &unix.SockaddrInet6{Port: int(addr.Port()), Addr: ip.As16()}
	}
	syscall.ForkLock.RLock() // or a child started in between would inherit it
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, nil, err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, nil, err
	}
	return fd, sa, nil
}

// Read reads what is there, as io.Reader.
func (c *Conn) Read(b []byte) (int, error) { return c.f.Read(b) }

// Write writes all of b, as io.Writer.
func (c *Conn) Write(b []byte) (int, error) { return c.f.Write(b) }

// SetDeadline makes later calls fail with os.ErrDeadlineExceeded; the zero
// time makes them wait for ever.
func (c *Conn) SetDeadline(t time.Time) error { return c.f.SetDeadline(t) }

// Close ends the connection.
func (c *Conn) Close() error { return c.f.Close() }

// A Listener accepts connections.
type Listener struct {
	f    *os.File
	port uint16
}

// Listen listens on a numeric address; port 0 picks one.
func Listen(addr netip.AddrPort) (*Listener, error) {
	fd, sa, err := socket(addr)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*Listener, error) {
		_ = unix.Close(fd)
		if errors.Is(err, unix.EADDRINUSE) {
			err = format.Errorf("%w: %w", ErrInUse, err)
		}
		return nil, err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return fail(err)
	}
	if err := unix.Bind(fd, sa); err != nil {
		return fail(err)
	}
	if err := unix.Listen(fd, 128); err != nil {
		return fail(err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return fail(err)
	}
	l := &Listener{}
	switch a := bound.(type) {
	case *unix.SockaddrInet4:
		l.port = uint16(a.Port)
	case *unix.SockaddrInet6:
		l.port = uint16(a.Port)
	}
	l.f = os.NewFile(uintptr(fd), "listener")
	return l, nil
}

// Port is where it listens.
func (l *Listener) Port() uint16 { return l.port }

// Accept waits for the next connection, until Close.
func (l *Listener) Accept() (*Conn, error) {
	raw, err := l.f.SyscallConn()
	if err != nil {
		return nil, err
	}
	conn := -1
	var result error
	err = raw.Read(func(fd uintptr) bool {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		for {
			conn, _, result = unix.Accept(int(fd))
			switch {
			case errors.Is(result, unix.EINTR), errors.Is(result, unix.ECONNABORTED):
				continue
			case errors.Is(result, unix.EAGAIN):
				return false
			}
			if result == nil {
				unix.CloseOnExec(conn)
			}
			return true
		}
	})
	if err != nil { // the poller's own error for a closed file is not exported
		return nil, format.Errorf("%w: %w", os.ErrClosed, err)
	}
	if result != nil {
		return nil, result
	}
	if err := unix.SetNonblock(conn, true); err != nil {
		_ = unix.Close(conn)
		return nil, err
	}
	_ = unix.SetsockoptInt(conn, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	return &Conn{f: os.NewFile(uintptr(conn), "tcp")}, nil
}

// Close stops listening and ends an Accept under way.
func (l *Listener) Close() error { return l.f.Close() }
