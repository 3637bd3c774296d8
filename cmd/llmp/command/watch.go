package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"llmp/llmp"
)

// watchInterval is how long a broker that was killed goes unnoticed.
const watchInterval = time.Second

// watchBroker returns a context that ends, with llmp.ErrClosed in its cause,
// when nobody listens on the broker's port any more: a broker that is killed
// says nothing to its clients. LibAFL's brokers, which would log the question,
// are asked once. The context ends with ctx, too; call the function when done.
func watchBroker(ctx context.Context, port uint16) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			_, err := llmp.QueryStats(ctx, port)
			switch {
			case errors.Is(err, llmp.ErrRefused):
				cancel(brokerGone(port))
				return
			case errors.Is(err, llmp.ErrProtocol):
				return
			}
		}
	}()
	return ctx, func() {
		cancel(context.Canceled)
		<-done
	}
}

func brokerGone(port uint16) error {
	return fmt.Errorf("%w: the broker on port %d is gone without a word: was it killed?", llmp.ErrClosed, port)
}
