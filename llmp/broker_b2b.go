package llmp

import (
	"context"
	"errors"
	"sync/atomic"

	"llmp/internal/frame"
	"llmp/internal/tcp"
	"llmp/internal/wire"
)

// A proxy joins this broker with another over TCP. To this broker it is a
// client like any other: what comes from the other side it sends on a page of
// its own, with FlagFromB2B; what is broadcast here, but for its own messages,
// it writes to the other side. Brokers joined in a ring would pass messages
// round for ever, as LibAFL's: join them as a tree.
type proxy struct {
	b      *Broker
	conn   *tcp.Conn
	s      *Sender
	r      *Receiver
	bell   *bell
	ending *ending
	idle   atomic.Int32 // directions that have ended
}

// ConnectB2B joins this broker with the one at addr, "host:port" with a
// numeric host or localhost. Messages then cross in both directions, each
// once. Errors: ErrRefused, ErrTimeout, ErrProtocol, ErrInvalid, ErrClosed.
func (b *Broker) ConnectB2B(ctx context.Context, addr string) error {
	return b.connectB2B(inContext{ctx}, addr)
}

func (b *Broker) connectB2B(ctx ender, addr string) error {
	to, err := tcp.ParseAddr(addr)
	if err != nil {
		return fail(ErrInvalid, "cannot connect to a broker at %q: want a numeric host and a port, such as 10.0.0.2:1337", addr)
	}
	conn, err := tcp.Dial(ctx, to, handshakeTimeout)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, tcp.ErrRefused):
		return fail(ErrRefused, "nobody listens on %s: is the other broker up, and bound to that address?", addr)
	case errors.Is(err, tcp.ErrTimeout):
		return fail(ErrTimeout, "no answer from %s within %v", addr, handshakeTimeout)
	case err != nil:
		return fail(ErrIO, "connecting to the broker at %s: %v", addr, err)
	}
	if err := b2bHandshake(conn, to.Port()); err != nil {
		_ = conn.Close()
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.startProxy(conn)
}

func b2bHandshake(conn *tcp.Conn, port uint16) error {
	if _, err := readHello(conn, port); err != nil {
		return err
	}
	req := frame.EncodeRequest(frame.RemoteBrokerHello{Hostname: hostname()})
	if err := frame.Write(conn, req); err != nil {
		return handshakeError(err, port)
	}
	resp, err := readResponse(conn, port)
	if err != nil {
		return err
	}
	if e, ok := resp.(frame.Error); ok {
		return fail(ErrProtocol, "the other broker refused: %s", e.Description)
	}
	if _, ok := resp.(frame.RemoteBrokerAccepted); !ok {
		return fail(ErrProtocol, "the other broker answered with %s", frame.Name(resp))
	}
	return nil
}

// acceptB2B answers another broker's hello; false when the connection is not
// kept.
func (b *Broker) acceptB2B(conn *tcp.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	accepted := frame.RemoteBrokerAccepted{BrokerID: uint32(b.nextID)}
	if frame.Write(conn, frame.EncodeResponse(accepted)) != nil {
		return false
	}
	return b.startProxy(conn) == nil
}

// startProxy takes over conn. The caller holds the lock.
func (b *Broker) startProxy(conn *tcp.Conn) error {
	p, err := b.newProxy(conn)
	if err != nil {
		_ = conn.Close()
		return err
	}
	conn.SetDeadline(0)
	b.proxies[p] = struct{}{}
	b.count.b2b.Add(1)
	b.tasks.Add(2)
	go p.run(p.toRemote)
	go p.run(p.fromRemote)
	return nil
}

func (b *Broker) newProxy(conn *tcp.Conn) (*proxy, error) {
	opts := b.opts.senderOptions()
	e, err := b.newEntry(false)
	if err != nil {
		return nil, err
	}
	r, err := AttachReceiver(e.door.place(0), opts)
	if err != nil {
		b.entries.leave(e)
		return nil, err
	}
	s, err := newSender(b.nextID, opts, ringOnPage)
	if err != nil {
		_ = r.Close()
		b.entries.leave(e)
		return nil, err
	}
	m, err := b.admit(s.Map(), KindBroker)
	if err != nil {
		_ = r.Close()
		s.release()
		b.entries.leave(e)
		return nil, err
	}
	m.enter(e)
	r.skip(s.ID()) // what came from there does not go back
	p := &proxy{b: b, conn: conn, s: s, r: r, ending: new(ending)}
	s.ctx = p.ending // or a full bus would hold up Close
	c := &Client{s: s, r: r}
	c.useBell()
	p.bell = c.bell
	return p, nil
}

// stop ends both directions.
func (p *proxy) stop() {
	p.ending.end()
	_ = p.conn.Close()
}

// run is one direction; when one ends so does the other, and the last one
// takes leave of the broker.
func (p *proxy) run(direction func()) {
	defer p.b.tasks.Done()
	direction()
	p.stop()
	if p.idle.Add(1) < 2 {
		return
	}
	p.b.mu.Lock()
	delete(p.b.proxies, p)
	p.b.mu.Unlock()
	p.b.count.b2b.Add(^uint64(0))
	_ = p.s.Close()
	_ = p.r.Close()
	p.bell.close()
}

func (p *proxy) toRemote() {
	var body []byte
	for {
		m, ok, err := p.r.Recv()
		if !ok && err == nil {
			m, err = p.r.await(p.ending)
		}
		if err != nil {
			return // EXITING, or the end of this broker
		}
		if len(m.Data) > MaxFramePayload {
			p.b.count.ignored.Add(1)
			continue
		}
		body = frame.AppendRemoteMessage(body[:0], frame.RemoteMessage{
			ClientID: uint32(m.Sender), Tag: uint32(m.Tag), Flags: uint32(m.Flags), Payload: m.Data,
		})
		if frame.Write(p.conn, body) != nil {
			return
		}
	}
}

func (p *proxy) fromRemote() {
	for {
		body, err := frame.Read(p.conn)
		if err != nil {
			return
		}
		m, err := frame.DecodeRemoteMessage(body)
		if err != nil {
			p.b.count.ignored.Add(1)
			return
		}
		if wire.Reserved(m.Tag) {
			p.b.count.ignored.Add(1)
			continue
		}
		flags := Flags(m.Flags) | FlagFromB2B
		if p.s.SendFlags(Tag(m.Tag), flags, m.Payload) != nil {
			return
		}
	}
}
