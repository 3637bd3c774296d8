package tcp

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"llmp/internal/clock"
	"llmp/internal/format"
)

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
	fd, sa, err := open(addr)
	if err != nil {
		return nil, err
	}
	if err = unix.Connect(fd, sa); err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return nil, dialError(err)
	}
	s, failed := newSocket(fd)
	if failed != nil {
		return nil, failed
	}
	if err == unix.EINPROGRESS {
		if err := s.connected(until, end); err != nil {
			_ = s.close()
			return nil, dialError(err)
		}
	}
	return newConn(s), nil
}

// connected waits for the end of a connect.
func (s *socket) connected(until Ender, end clock.Moment) error {
	err := s.wait(s.writable, end, until.Done())
	if err == errCancelled {
		return until.Err()
	}
	if err != nil {
		return err
	}
	code, err := s.try(func(fd int) (int, error) { return unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR) })
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	return err
}

func dialError(err error) error {
	if err == unix.ECONNREFUSED {
		return format.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// open makes a socket that does not block and is not inherited.
func open(addr Addr) (fd int, sa unix.Sockaddr, err error) {
	family := unix.AF_INET6
	if addr.is4() {
		family = unix.AF_INET
		sa = &unix.SockaddrInet4{Port: int(addr.port), Addr: [4]byte(addr.ip[12:])}
	} else {
		sa = &unix.SockaddrInet6{Port: int(addr.port), Addr: addr.ip}
	}
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	return fd, sa, err
}

func newConn(s *socket) *Conn {
	_, _ = s.try(func(fd int) (int, error) { return 0, unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) })
	return &Conn{s: s}
}

// Read reads what is there, as io.Reader.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.s.do(c.s.readable, c.until(), func(fd int) (int, error) { return unix.Read(fd, b) })
	if err != nil {
		return 0, err
	}
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Write writes all of b, as io.Writer.
func (c *Conn) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := c.s.do(c.s.writable, c.until(), func(fd int) (int, error) { return unix.Write(fd, b[done:]) })
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
	fd, sa, err := open(addr)
	if err != nil {
		return nil, err
	}
	port, err := listen(fd, sa)
	if err != nil {
		_ = unix.Close(fd)
		if err == unix.EADDRINUSE {
			err = format.Errorf("%w: %w", ErrInUse, err)
		}
		return nil, err
	}
	s, err := newSocket(fd)
	if err != nil {
		return nil, err
	}
	return &Listener{s, port}, nil
}

func listen(fd int, sa unix.Sockaddr) (port uint16, err error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, sa); err != nil {
		return 0, err
	}
	if err := unix.Listen(fd, 128); err != nil {
		return 0, err
	}
	bound, err := unix.Getsockname(fd)
	switch a := bound.(type) {
	case *unix.SockaddrInet4:
		port = uint16(a.Port)
	case *unix.SockaddrInet6:
		port = uint16(a.Port)
	}
	return port, err
}

// Port is where it listens.
func (l *Listener) Port() uint16 { return l.port }

// Accept waits for the next connection, until Close; the error is then ErrClosed.
func (l *Listener) Accept() (*Conn, error) {
	for {
		fd, err := l.s.do(l.s.readable, 0, func(fd int) (int, error) {
			conn, _, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
			return conn, err
		})
		if errors.Is(err, unix.ECONNABORTED) {
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
