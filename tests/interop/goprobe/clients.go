package main

import (
	"context"

	"llmp/llmp"

	"llmp/tests/interop/internal/series"
)

func connect(ctx context.Context, o *options) (*llmp.Client, error) {
	c, err := llmp.Connect(ctx, o.bus)
	if err == nil {
		printJoined(c.ID())
	}
	return c, err
}

// finish ends a client and says so.
func finish(c *llmp.Client, sent, received int) error {
	if err := c.Close(); err != nil {
		return err
	}
	printDone(sent, received)
	return nil
}

func send(ctx context.Context, o *options) error { return converse(ctx, o, o.out, nothing()) }

func recv(ctx context.Context, o *options) error {
	in := &incoming{limit: o.out.Count, tag: o.tag, allTags: o.allTags, skipOwn: o.skipOwn}
	if in.limit == 0 {
		in.limit = -1
	}
	return converse(ctx, o, series.Series{}, in)
}

func mixed(ctx context.Context, o *options) error {
	return converse(ctx, o, o.out, &incoming{limit: o.receive, allTags: true, skipOwn: true})
}

func converse(ctx context.Context, o *options, out series.Series, in *incoming) error {
	c, err := connect(ctx, o)
	if err != nil {
		return err
	}
	if err := exchange(ctx, c, out, in, out.Start, out.End()); err != nil {
		return err
	}
	return finish(c, out.Count, in.got)
}

// echo sends each message back under another tag, until it has seen as many as
// it was to and all its answers have been broadcast.
func echo(ctx context.Context, o *options) error {
	c, err := connect(ctx, o)
	if err != nil {
		return err
	}
	answers := make(chan []byte, o.out.Count)
	sent := make(chan error, 1)
	go func() {
		for range o.out.Count {
			if err := c.Send(o.replyTag, <-answers); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for seen, back := 0, 0; back < o.out.Count; {
		m, err := c.RecvContext(ctx)
		if err != nil {
			return err
		}
		switch {
		case m.Sender == c.ID() && m.Tag == o.replyTag:
			back++
		case m.Tag == o.tag && seen < o.out.Count:
			answers <- m.Clone().Data
			seen++
		}
	}
	if err := <-sent; err != nil {
		return err
	}
	return finish(c, o.out.Count, o.out.Count)
}

// detach tells the broker to forget a client.
func detach(ctx context.Context, o *options) error {
	if err := llmp.Detach(ctx, o.bus.Port, o.asID); err != nil {
		return err
	}
	printDone(0, 0)
	return nil
}
