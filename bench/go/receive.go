package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"llmp/llmp"
)

// receive is a client that blocks until it has the next message of another
// driver's `send`, which begins with its number and the time of sending. Then
// it reads on, as who did not would hold up the bus, until its stdin closes.
func receive(o *options) error {
	port, err := o.number("port", 0)
	if err != nil {
		return err
	}
	messages, err := o.number("messages", 1000)
	if err != nil {
		return err
	}
	if err := o.finish(); err != nil {
		return err
	}
	dieWithParent()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c, err := llmp.Connect(ctx, llmp.Options{Port: uint16(port)})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	start := time.Now()
	waits := make([]float64, 0, messages)
	for len(waits) < messages {
		m, err := c.RecvContext(ctx)
		if err != nil {
			return err
		}
		if len(m.Data) < 16 {
			return fmt.Errorf("a message of %d bytes", len(m.Data))
		}
		waits = append(waits, float64(sharedClock()-int64(binary.NativeEndian.Uint64(m.Data[8:])))/1e3)
	}
	seconds := time.Since(start).Seconds()
	if err := (row{Bench: "wake through the broker"}).report("us", waits); err != nil {
		return err
	}
	fmt.Printf("{\"seconds\":%.6f}\n", seconds)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	for err == nil {
		_, err = c.RecvContext(ctx)
	}
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, c.Close())
}
