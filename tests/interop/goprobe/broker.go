package main

import (
	"context"

	"llmp/llmp"
)

func runBroker(ctx context.Context, o *options) error { return serve(ctx, o, "") }

func runB2B(ctx context.Context, o *options) error { return serve(ctx, o, o.connect) }

// serve runs a broker until stdin closes, joined with the one at other if that is given.
func serve(ctx context.Context, o *options, other string) error {
	b, err := llmp.NewBroker(llmp.BrokerOptions{Provider: o.provider, ExitAfter: o.exitAfter})
	if err != nil {
		return err
	}
	defer b.Close()
	port, err := b.Listen(o.bus.Port)
	if err != nil {
		return err
	}
	if other != "" {
		if err := b.ConnectB2B(ctx, other); err != nil {
			return err
		}
	}
	printListening(port)
	go func() {
		untilStdinCloses()
		b.Stop()
	}()
	if err := b.Run(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	printDone(0, 0)
	return nil
}
