package llmp

import (
	"context"
	"errors"
)

// A Connection is whatever a port needed: exactly one of the two is set.
type Connection struct {
	Broker *Broker
	Client *Client
}

// OnPort becomes the broker where nobody listens on port, else a client of the
// one that does. A broker listens, and forwards once it is run. Errors as
// NewBroker, Broker.Listen (but for ErrBusy) and Connect.
func OnPort(ctx context.Context, port uint16, bo BrokerOptions, co Options) (*Connection, error) {
	b, err := NewBroker(bo)
	if err != nil {
		return nil, err
	}
	if _, err = b.Listen(port); err == nil {
		return &Connection{Broker: b}, nil
	}
	_ = b.Close()
	if !errors.Is(err, ErrBusy) {
		return nil, err
	}
	co.Port = port
	c, err := Connect(ctx, co)
	if err != nil {
		return nil, err
	}
	return &Connection{Client: c}, nil
}

// Send sends as whichever it is. Errors as Broker.Send and Client.SendFlags.
func (c *Connection) Send(tag Tag, flags Flags, data []byte) error {
	if c.Broker != nil {
		return c.Broker.Send(tag, flags, data)
	}
	return c.Client.SendFlags(tag, flags, data)
}

// Close closes whichever it is.
func (c *Connection) Close() error {
	if c.Broker != nil {
		return c.Broker.Close()
	}
	return c.Client.Close()
}
