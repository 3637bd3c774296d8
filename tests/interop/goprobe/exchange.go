package main

import (
	"context"
	"errors"
	"fmt"

	"llmp/llmp"

	"llmp/tests/interop/internal/series"
)

// Incoming says which messages are reported, and how many.
type incoming struct {
	limit   int // -1: all until the broker ends
	tag     llmp.Tag
	allTags bool
	skipOwn bool
	got     int
}

func (in *incoming) complete() bool { return in.limit >= 0 && in.got >= in.limit }

func (in *incoming) take(own bool, m llmp.Message) {
	if !in.complete() && (in.allTags || m.Tag == in.tag) && !(own && in.skipOwn) {
		printMessage(in.got, m)
		in.got++
	}
}

// nothing reports no message.
func nothing() *incoming { return &incoming{} }

// sendAll sends a series.
func sendAll(s *llmp.Sender, out series.Series) error {
	for i := out.Start; i < out.End(); i++ {
		if err := s.SendFlags(llmp.Tag(out.Tag), llmp.Flags(out.Flags), out.Payload(i)); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return nil
}

// exchange sends out while it receives, reports what in wants, and waits until
// the own messages from index back to below backUntil have come back as they
// were sent.
func exchange(ctx context.Context, c *llmp.Client, out series.Series, in *incoming, back, backUntil int) error {
	sent := make(chan error, 1)
	go func() { sent <- sendAll(c.Sender(), out) }()
	for back < backUntil || !in.complete() {
		m, err := c.RecvContext(ctx)
		if errors.Is(err, llmp.ErrClosed) && in.limit < 0 && back >= backUntil {
			print(line{Event: "closed"})
			break
		}
		if err != nil {
			return err
		}
		own := m.Sender == c.ID()
		if own && uint32(m.Tag) == out.Tag && back < backUntil {
			if !out.Matches(back, m.Data) {
				return fmt.Errorf("own message %d came back changed", back)
			}
			back++
		}
		in.take(own, m)
	}
	return <-sent
}
