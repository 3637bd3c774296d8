package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"llmp/llmp"
)

// broker is the broker of a bus of processes, as `llmp broker` runs one. It says
// its port, and leaves when its stdin closes.
func broker(o *options) error {
	history, err := llmp.ParseHistory(o.text("history", "all"))
	if err != nil {
		return err
	}
	budget, err := o.number("budget-mib", 64)
	if err != nil {
		return err
	}
	if err := o.finish(); err != nil {
		return err
	}
	dieWithParent()
	b, err := llmp.NewBroker(llmp.BrokerOptions{History: history, Budget: int64(budget) << 20})
	if err != nil {
		return err
	}
	port, err := b.Listen(0)
	if err != nil {
		return errors.Join(err, b.Close())
	}
	fmt.Println(port)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	err = b.Run(ctx)
	stop()
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(b.Stats()), b.Close())
}
