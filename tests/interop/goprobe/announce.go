package main

import (
	"context"
	"fmt"

	"llmp/llmp"
	"llmp/shmem"
)

// announce tells the broker about somebody else's page, or about a second
// sender of this process.
func announce(ctx context.Context, o *options) error {
	if o.mapID != "" {
		return announceOther(ctx, o)
	}
	c, err := connect(ctx, o)
	if err != nil {
		return err
	}
	second, err := llmp.NewSender(o.asID, o.bus)
	if err != nil {
		return err
	}
	defer second.Close()
	if err := tell(c, second.Map().ID, int(second.Map().Size)); err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() { sent <- sendAll(second, o.out) }()
	for i := o.out.Start; i < o.out.End(); {
		m, err := c.RecvContext(ctx)
		if err != nil {
			return err
		}
		if m.Sender != o.asID || m.Tag != o.tag {
			continue
		}
		if !o.out.Matches(i, m.Data) {
			return fmt.Errorf("message %d came back changed", i)
		}
		i++
	}
	if err := <-sent; err != nil {
		return err
	}
	return finish(c, o.out.Count, 0)
}

func announceOther(ctx context.Context, o *options) error {
	id, err := shmem.ParseID(o.mapID)
	if err != nil {
		return err
	}
	c, err := connect(ctx, o)
	if err != nil {
		return err
	}
	if err := tell(c, id, o.mapSize); err != nil {
		return err
	}
	return finish(c, 0, 0)
}

func tell(c *llmp.Client, id shmem.ID, size int) error {
	if err := c.Announce(id, size); err != nil {
		return err
	}
	print(line{Event: "announced", ID: id.String(), Size: uint64(size)})
	return nil
}
