package tcp

import (
	"errors"
	"io"
	"sync/atomic"
	"syscall"
	"time"

	"llmp/internal/clock"
	"llmp/internal/format"
)

// Sockets are those of package syscall: golang.org/x/sys knows two dozen kinds of
// addresses, and whoever asks it for one has them all.

// A Conn is a connected socket, for one reader and one writer at a time. Close,
// from any goroutine, ends calls under way.
type Conn struct {
	s        *socket
	deadline atomic.Int64 // a clock.Moment; 0: none
}

// Dial connects to a numeric address, within the limit, until something ends. The
// error is then ErrTimeout or what that says.
func Dial(until Ender, addr Addr, limit time.Duration) (*Conn, error) {
	end := clock.Now().Add(limit)
	s, sa, err := open(addr)
	if err != nil {
		return nil, err
	}
	stop := until.AfterFunc(func() { _ = s.close() })
	_, err = s.do(s.writable, end, func(fd int) (int, error) { return 0, connect(fd, sa) })
	stop()
	if until.Err() != nil {
		err = until.Err()
	}
	if err == nil {
		return newConn(s), nil
	}
	_ = s.close()
	if err == syscall.ECONNREFUSED {
		err = format.Errorf("%w: %w", ErrRefused, err)
	}
	return nil, err
}

// connect begins to connect, or says how that goes.
func connect(fd int, sa syscall.Sockaddr) error {
	switch err := syscall.Connect(fd, sa); err {
	case syscall.EISCONN:
		return nil
	case syscall.EINPROGRESS, syscall.EALREADY:
		return syscall.EAGAIN
	default:
		return err
	}
}

// open makes a socket that is not inherited.
func open(addr Addr) (s *socket, sa syscall.Sockaddr, err error) {
	family := syscall.AF_INET6
	if addr.is4() {
		family = syscall.AF_INET
		sa = &syscall.SockaddrInet4{Port: int(addr.port), Addr: [4]byte(addr.ip[12:])}
	} else {
		sa = &syscall.SockaddrInet6{Port: int(addr.port), Addr: addr.ip}
	}
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	s, err = newSocket(fd)
	return s, sa, err
}

func newConn(s *socket) *Conn {
	_, _ = s.try(func(fd int) (int, error) {
		return 0, syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	})
	return &Conn{s: s}
}

// written orders what comes before a Write before what comes after the Read that
// gets it, where both are in one process: package syscall tells the race detector
// so of Write, but not of SendmsgN.
var written atomic.Uint32

// Read reads what is there, as io.Reader.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.s.do(c.s.readable, c.until(), func(fd int) (int, error) { return syscall.Read(fd, b) })
	if err != nil {
		return 0, err
	}
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	written.Load()
	return n, nil
}

// Write writes all of b, as io.Writer. It raises no SIGPIPE: the host whose
// thread this is may have a handler for it.
func (c *Conn) Write(b []byte) (int, error) {
	written.Add(1)
	done := 0
	for done < len(b) {
		n, err := c.s.do(c.s.writable, c.until(), func(fd int) (int, error) {
			return syscall.SendmsgN(fd, b[done:], nil, nil, syscall.MSG_NOSIGNAL)
		})
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// SetDeadline makes later calls fail with ErrTimeout; the zero moment makes them
// wait for ever.
func (c *Conn) SetDeadline(m clock.Moment) { c.deadline.Store(int64(m)) }

func (c *Conn) until() clock.Moment { return clock.Moment(c.deadline.Load()) }

// Close ends the connection.
func (c *Conn) Close() error { return c.s.close() }

// A Listener accepts connections.
type Listener struct {
	s    *socket
	port uint16
}

// Listen listens on a numeric address; port 0 picks one.
func Listen(addr Addr) (*Listener, error) {
	s, sa, err := open(addr)
	if err != nil {
		return nil, err
	}
	port, err := s.try(func(fd int) (int, error) { return listen(fd, sa) })
	if err != nil {
		_ = s.close()
		if err == syscall.EADDRINUSE {
			err = format.Errorf("%w: %w", ErrInUse, err)
		}
		return nil, err
	}
	return &Listener{s, uint16(port)}, nil
}

func listen(fd int, sa syscall.Sockaddr) (port int, err error) {
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := syscall.Bind(fd, sa); err != nil {
		return 0, err
	}
	if err := syscall.Listen(fd, 128); err != nil {
		return 0, err
	}
	bound, err := syscall.Getsockname(fd)
	switch a := bound.(type) {
	case *syscall.SockaddrInet4:
		port = a.Port
	case *syscall.SockaddrInet6:
		port = a.Port
	}
	return port, err
}

// Port is where it listens.
func (l *Listener) Port() uint16 { return l.port }

// Accept waits for the next connection, until Close; the error is then ErrClosed.
func (l *Listener) Accept() (*Conn, error) {
	for {
		fd, err := l.s.do(l.s.readable, 0, func(fd int) (int, error) {
			conn, _, err := syscall.Accept4(fd, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
			return conn, err
		})
		if errors.Is(err, syscall.ECONNABORTED) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s, err := newSocket(fd)
		if err != nil {
			return nil, err
		}
		return newConn(s), nil
	}
}

// Close stops listening and ends an Accept under way.
func (l *Listener) Close() error { return l.s.close() }
