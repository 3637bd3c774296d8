package llmp

import (
	"context"
	"errors"
	"time"

	"llmp/internal/clock"
	"llmp/internal/format"
	"llmp/internal/frame"
	"llmp/internal/tcp"
	"llmp/shmem"
)

// handshakeTimeout bounds each step of a handshake.
const handshakeTimeout = 10 * time.Second

// Connect joins the bus of the broker on 127.0.0.1:o.Port. It retries until a
// broker is there, o.ConnectTimeout is over or ctx ends. The first receive
// yields the broker's history from its start.
//
// Errors: ErrRefused (nobody listens), ErrTimeout (someone listens but does
// not answer), ErrProtocol (not a broker), ErrNotFound or ErrCorrupt (the
// broker's page; another provider?), ErrInvalid, ErrNoMemory, or the context's.
func Connect(ctx context.Context, o Options) (*Client, error) { return connectTo(inContext{ctx}, o) }

func connectTo(ctx ender, o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	conn, err := dialRetrying(ctx, o.Port, o.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer ctx.AfterFunc(func() { _ = conn.Close() })()
	c, err := handshake(conn, o)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return c, err
}

// handshake is the client's side, in LibAFL's order: the broker speaks first,
// and its page is attached before the answer.
func handshake(conn *tcp.Conn, o Options) (*Client, error) {
	hello, err := readHello(conn, o.Port)
	if err != nil {
		return nil, err
	}
	r, err := AttachReceiver(mapDescription(hello.Map), o)
	if err != nil {
		return nil, err
	}
	c, err := newClient(r, 0)
	if err != nil {
		return nil, err
	}
	id, err := c.introduce(conn, o.Port)
	if err != nil {
		c.s.release()
		_ = c.r.Close()
		return nil, err
	}
	c.s.setID(id)
	if o.SkipOwn {
		c.r.skip(id)
	}
	c.useBell()
	return c, nil
}

// introduce tells the broker this client's page and returns the id it got.
func (c *Client) introduce(conn *tcp.Conn, port uint16) (ClientID, error) {
	m := c.s.page
	req := frame.LocalClientHello{Map: frame.MapInfo{Size: m.size, ID: m.m.ID()}}
	if err := frame.Write(conn, frame.EncodeRequest(req)); err != nil {
		return 0, handshakeError(err, port)
	}
	resp, err := readResponse(conn, port)
	if err != nil {
		return 0, err
	}
	switch a := resp.(type) {
	case frame.LocalClientAccepted:
		return ClientID(a.ClientID), nil
	case frame.Error:
		return 0, fail(ErrProtocol, "the broker on port %d refused this client: %s", port, a.Description)
	default:
		return 0, fail(ErrProtocol, "the broker on port %d answered a hello with %s", port, frame.Name(resp))
	}
}

func readHello(conn *tcp.Conn, port uint16) (frame.BrokerConnectHello, error) {
	resp, err := readResponse(conn, port)
	if err != nil {
		return frame.BrokerConnectHello{}, err
	}
	switch h := resp.(type) {
	case frame.BrokerConnectHello:
		return h, nil
	case frame.Error:
		return frame.BrokerConnectHello{}, fail(ErrProtocol, "the broker on port %d says: %s", port, h.Description)
	default:
		return frame.BrokerConnectHello{}, fail(ErrProtocol, "whoever listens on port %d greeted with %s: is it an LLMP broker?", port, frame.Name(resp))
	}
}

func readResponse(conn *tcp.Conn, port uint16) (frame.Response, error) {
	conn.SetDeadline(clock.Now().Add(handshakeTimeout))
	body, err := frame.Read(conn)
	if err != nil {
		return nil, handshakeError(err, port)
	}
	resp, err := frame.DecodeResponse(body)
	if err != nil {
		return nil, handshakeError(err, port)
	}
	return resp, nil
}

// handshakeError says who is at fault when a handshake breaks.
func handshakeError(err error, port uint16) error {
	switch {
	case errors.Is(err, tcp.ErrTimeout):
		return fail(ErrTimeout, "whoever listens on port %d did not answer within %v: is it an LLMP broker, and does it run its loop?", port, handshakeTimeout)
	case errors.Is(err, frame.ErrTooBig), errors.Is(err, frame.ErrMalformed):
		return fail(ErrProtocol, "whoever listens on port %d is no LLMP broker: %v", port, err)
	default:
		return fail(ErrProtocol, "whoever listens on port %d hung up: %v; is it an LLMP broker?", port, err)
	}
}

// dialRetrying connects to the broker on this machine, waiting for it to come up.
func dialRetrying(ctx ender, port uint16, timeout time.Duration) (*tcp.Conn, error) {
	const firstNap, longestNap = 2 * time.Millisecond, 50 * time.Millisecond
	start, nap := clock.Now(), firstNap
	for {
		conn, err := tcp.Dial(ctx, tcp.Loopback(port), handshakeTimeout)
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			return nil, format.Errorf("connecting to the broker on port %d: %w", port, ctx.Err())
		}
		if !errors.Is(err, tcp.ErrRefused) {
			return nil, fail(ErrIO, "connecting to the broker on port %d: %v", port, err)
		}
		if timeout == NoWait || timeout >= 0 && clock.Since(start) >= timeout {
			return nil, fail(ErrRefused, "nobody listens on 127.0.0.1:%d: start one with `llmp broker --port %d`, or give its port", port, port)
		}
		pause(ctx, nap)
		nap = min(2*nap, longestNap)
	}
}

// Detach tells the broker on 127.0.0.1:port to forget a client, for instance
// one that crashed. There is no answer; an unknown id is ignored. Errors:
// ErrRefused, ErrTimeout, ErrProtocol, or the context's.
func Detach(ctx context.Context, port uint16, id ClientID) error {
	return detach(inContext{ctx}, port, id)
}

func detach(ctx ender, port uint16, id ClientID) error {
	conn, err := dialRetrying(ctx, port, NoWait)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := readHello(conn, port); err != nil {
		return err
	}
	req := frame.EncodeRequest(frame.ClientQuit{ClientID: uint32(id)})
	if err := frame.Write(conn, req); err != nil {
		return handshakeError(err, port)
	}
	return nil
}

func mapDescription(m frame.MapInfo) MapDescription {
	return MapDescription{ID: shmem.ID(m.ID), Size: m.Size, Offset: NoOffset}
}
