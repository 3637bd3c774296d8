package main

import (
	"context"
	"encoding/hex"

	"llmp/llmp"
)

func p2pSend(_ context.Context, o *options) error {
	c, err := llmp.NewP2P(o.asID, o.bus)
	if err != nil {
		return err
	}
	d, err := c.Describe()
	if err != nil {
		return err
	}
	postcard, err := d.MarshalBinary()
	if err != nil {
		return err
	}
	printDescription(hex.EncodeToString(postcard))
	if err := sendAll(c.Sender(), o.out); err != nil {
		return err
	}
	untilStdinCloses()
	return finish(c, o.out.Count, 0)
}

// p2pRecv takes the receiving half of the other process's client.
func p2pRecv(ctx context.Context, o *options) error {
	d, err := parseDescription(o.description)
	if err != nil {
		return err
	}
	r, err := llmp.AttachReceiver(d.Receiver, o.bus)
	if err != nil {
		return err
	}
	for got := range o.out.Count {
		m, err := r.RecvContext(ctx)
		if err != nil {
			return err
		}
		printMessage(got, m)
	}
	if err := r.Close(); err != nil {
		return err
	}
	printDone(0, o.out.Count)
	return nil
}
