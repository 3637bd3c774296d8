package tcp

import (
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"llmp/internal/clock"
)

// Sockets do not block. Who finds one not ready waits for the poller to say so.
// The poller is one goroutine for all, and there while there are sockets: it
// takes a thread, as Go's own poller does, to which package os alone has access.
var poller struct {
	mu      sync.Mutex
	sockets map[int32]*socket // by file descriptor
	epoll   int               // while there are any
	emptied int               // an eventfd that says there are none any more
}

// enroll has the poller look at a socket. The poller tells of each change, and
// of how things are at first.
func enroll(s *socket) error {
	p := &poller
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sockets == nil {
		if err := startPoller(); err != nil {
			return err
		}
	}
	change := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(s.fd)}
	err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, s.fd, &change)
	if err == nil {
		p.sockets[int32(s.fd)] = s
	}
	stopIfIdle()
	return err
}

// dismiss ends that. A copy of the descriptor in a forked child would keep it up.
func dismiss(s *socket) {
	p := &poller
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, s.fd, nil)
	delete(p.sockets, int32(s.fd))
	stopIfIdle()
}

func startPoller() (err error) {
	p := &poller
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	p.emptied, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err == nil {
		err = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, p.emptied, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(p.emptied)})
		if err != nil {
			_ = unix.Close(p.emptied)
		}
	}
	if err != nil {
		_ = unix.Close(p.epoll)
		return err
	}
	p.sockets = map[int32]*socket{}
	go poll(p.epoll)
	return nil
}

// stopIfIdle wakes the poller so that it ends when there is no socket.
func stopIfIdle() {
	if len(poller.sockets) == 0 {
		_, _ = unix.Write(poller.emptied, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// poll is the poller's goroutine.
func poll(epoll int) {
	var events [64]unix.EpollEvent
	for {
		n, _ := unix.EpollWait(epoll, events[:], -1)
		if !tell(events[:max(n, 0)]) {
			return
		}
		// Those told have the processor first: while this goroutine waits in
		// the system, it would be a while until it is taken away from it.
		runtime.Gosched()
	}
}

// tell passes on what has happened; false when the poller has to end, and has
// given back what it had.
func tell(events []unix.EpollEvent) bool {
	p := &poller
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		if int(e.Fd) == p.emptied {
			var count [8]byte
			_, _ = unix.Read(p.emptied, count[:])
		}
		s := p.sockets[e.Fd]
		if s == nil {
			continue
		}
		if e.Events&^unix.EPOLLOUT != 0 {
			s.readable.tell()
		}
		if e.Events&^unix.EPOLLIN != 0 {
			s.writable.tell()
		}
	}
	if len(p.sockets) != 0 {
		return true // one may have come just when there was none
	}
	p.sockets = nil
	_ = unix.Close(p.emptied)
	_ = unix.Close(p.epoll)
	return false
}

// A readiness says that it is worth to try again. It has room for one word, and
// may be out of date: who was told tries, and waits again if that was in vain.
type readiness chan struct{}

func (r readiness) tell() {
	select {
	case r <- struct{}{}:
	default:
	}
}

// wait waits to be told, or for the deadline, if any.
func (r readiness) wait(deadline clock.Moment) {
	if !deadline.IsZero() {
		defer time.AfterFunc(clock.Until(deadline), r.tell).Stop()
	}
	<-r
}

// A socket is a file descriptor that the poller looks at.
type socket struct {
	fd                 int
	readable, writable readiness

	mu   sync.RWMutex // held to use fd: its number may be another's once it is closed
	over bool
}

// newSocket takes over a file descriptor that does not block.
func newSocket(fd int) (*socket, error) {
	s := &socket{fd: fd, readable: make(readiness, 1), writable: make(readiness, 1)}
	if err := enroll(s); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return s, nil
}

// try makes a call on the descriptor.
func (s *socket) try(call func(fd int) (int, error)) (int, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.over {
		return 0, ErrClosed
	}
	for {
		if n, err := call(s.fd); err != unix.EINTR {
			return n, err
		}
	}
}

// do makes a call as soon as it need not block. Its errors are the call's,
// ErrClosed, and ErrTimeout when the deadline (zero: none) has passed.
func (s *socket) do(ready readiness, deadline clock.Moment, call func(fd int) (int, error)) (int, error) {
	for {
		if !deadline.IsZero() && clock.Until(deadline) <= 0 {
			return 0, ErrTimeout
		}
		n, err := s.try(call)
		if err != unix.EAGAIN {
			return n, err
		}
		ready.wait(deadline)
	}
}

// close closes the descriptor and ends calls under way.
func (s *socket) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return ErrClosed
	}
	s.over = true
	s.readable.tell()
	s.writable.tell()
	dismiss(s)
	return unix.Close(s.fd)
}
