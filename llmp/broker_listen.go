package llmp

import (
	"errors"
	"io/fs"
	"time"

	"llmp/internal/clock"
	"llmp/internal/frame"
	"llmp/internal/sys"
	"llmp/internal/tcp"
)

// A listener lets clients and brokers in over TCP. It counts as a client and
// takes an id, as LibAFL's does; but it talks to the broker directly, so it
// needs no page.
type listener struct {
	b     *Broker
	l     *tcp.Listener
	id    ClientID
	slots chan struct{} // bounds handshakes under way
}

// maxHandshakes bounds the connections that have not said yet what they want.
const maxHandshakes = 128

// Listen listens on port of BrokerOptions.Bind for clients and other brokers;
// port 0 picks one. It returns the port. Clients get in at once, but nothing
// is forwarded to them before Run or Once. Errors: ErrBusy (the port is
// taken), ErrPermission, ErrInvalid, ErrIO, ErrClosed.
func (b *Broker) Listen(port uint16) (uint16, error) {
	addr, err := tcp.ParseHost(b.opts.Bind, port)
	if err != nil {
		return 0, fail(ErrInvalid, "cannot listen on %q: want a numeric address such as 127.0.0.1", b.opts.Bind)
	}
	l, err := tcp.Listen(addr)
	if err != nil {
		return 0, listenError(err, b.opts.Bind, port)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing || b.ended {
		_ = l.Close()
		return 0, brokerClosed()
	}
	ln := &listener{b: b, l: l, id: b.nextID, slots: make(chan struct{}, maxHandshakes)}
	b.nextID++
	b.own++
	b.listeners = append(b.listeners, ln)
	b.tasks.Add(1)
	go ln.acceptAll()
	return l.Port(), nil
}

func listenError(err error, bind string, port uint16) error {
	switch {
	case errors.Is(err, tcp.ErrInUse):
		return fail(ErrBusy, "port %d of %s is taken, perhaps by another broker: join that one, or choose another port", port, bind)
	case errors.Is(err, fs.ErrPermission):
		return fail(ErrPermission, "may not listen on port %d of %s: choose one above 1023", port, bind)
	}
	return fail(ErrIO, "cannot listen on port %d of %s: %v", port, bind, err)
}

func (l *listener) close() { _ = l.l.Close() }

func (l *listener) acceptAll() {
	defer l.b.tasks.Done()
	for {
		conn, err := l.l.Accept()
		if errors.Is(err, tcp.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, most likely: others may close some
			time.Sleep(handshakePause)
			if l.b.isClosing() {
				return
			}
			continue
		}
		l.slots <- struct{}{}
		l.b.tasks.Add(1)
		go func() {
			defer l.b.tasks.Done()
			defer func() { <-l.slots }()
			l.serve(conn)
		}()
	}
}

const handshakePause = 10 * time.Millisecond

func (b *Broker) isClosing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closing
}

// serve speaks first, hears one request and answers it.
func (l *listener) serve(conn *tcp.Conn) {
	kept := false
	defer func() {
		if !kept {
			_ = conn.Close()
		}
	}()
	if !l.b.adopt(conn) {
		return
	}
	defer l.b.disown(conn)
	conn.SetDeadline(clock.Now().Add(handshakeTimeout))
	e, m, err := l.b.awaitEntry()
	if err != nil {
		refuse(conn, err)
		return
	}
	defer l.b.closeEntry(e)
	hello := frame.BrokerConnectHello{Map: frame.MapInfo{Size: m.Size, ID: m.ID}, Hostname: hostname()}
	if frame.Write(conn, frame.EncodeResponse(hello)) != nil {
		return
	}
	body, err := frame.Read(conn)
	if err != nil {
		return
	}
	if isStatsQuery(body) {
		_ = frame.Write(conn, l.b.report().encode())
		return
	}
	req, err := frame.DecodeRequest(body)
	if err != nil {
		refuse(conn, err)
		return
	}
	switch q := req.(type) {
	case frame.LocalClientHello:
		l.welcome(conn, q, e)
	case frame.ClientQuit:
		l.b.mu.Lock()
		l.b.dismiss(ClientID(q.ClientID))
		l.b.mu.Unlock()
		l.b.bell.shake()
	case frame.RemoteBrokerHello:
		kept = l.b.acceptB2B(conn)
	}
}

// welcome attaches a client's page before it answers, so that the client may
// do with its page what it likes from then on.
func (l *listener) welcome(conn *tcp.Conn, q frame.LocalClientHello, e *entry) {
	l.b.mu.Lock()
	m, err := l.b.admit(mapDescription(q.Map), KindLocal)
	if err == nil {
		m.enter(e)
	}
	l.b.mu.Unlock()
	if err != nil {
		refuse(conn, err)
		return
	}
	_ = frame.Write(conn, frame.EncodeResponse(frame.LocalClientAccepted{ClientID: uint32(m.id)}))
}

func refuse(conn *tcp.Conn, err error) {
	_ = frame.Write(conn, frame.EncodeResponse(frame.Error{Description: err.Error()}))
}

// awaitEntry makes an entry for whoever connects. When there is no room, it has
// some made and waits for it.
func (b *Broker) awaitEntry() (e *entry, m MapDescription, err error) {
	const patience, nap = handshakeTimeout / 2, time.Millisecond
	if e, m, err = b.openEntry(); !errors.Is(err, ErrFull) {
		return e, m, err
	}
	b.knock(1)
	defer b.knock(-1)
	for start := clock.Now(); errors.Is(err, ErrFull) && clock.Since(start) < patience; {
		time.Sleep(nap)
		e, m, err = b.openEntry()
	}
	return e, m, err
}

func (b *Broker) knock(more int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries.knocking += more
}

func (b *Broker) openEntry() (*entry, MapDescription, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing || b.ended {
		return nil, MapDescription{}, brokerClosed()
	}
	e, err := b.newEntry(false)
	if err != nil {
		return nil, MapDescription{}, err
	}
	return e, e.door.place(0), nil
}

// closeEntry takes it back if it was none that joined.
func (b *Broker) closeEntry(e *entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !e.known && e.state != entryOver {
		b.entries.leave(e)
	}
}

// adopt lets Close end a handshake under way; false when it already runs.
func (b *Broker) adopt(conn *tcp.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing {
		return false
	}
	if b.handshakes == nil {
		b.handshakes = map[*tcp.Conn]struct{}{}
	}
	b.handshakes[conn] = struct{}{}
	return true
}

func (b *Broker) disown(conn *tcp.Conn) {
	b.mu.Lock()
	delete(b.handshakes, conn)
	b.mu.Unlock()
}

func hostname() string {
	if h, err := sys.Hostname(); err == nil {
		return h
	}
	return "<unknown>"
}
