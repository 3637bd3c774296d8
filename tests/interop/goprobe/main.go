// Goprobe is the Go side of these tests: the commands and the lines of the Rust
// peer (../src/main.rs, USAGE), on package llmp.
package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// exitTimedOut is the status when the time is over, as of timeout(1).
const exitTimedOut = 124

var commands = map[string]func(context.Context, *options) error{
	"broker":           runBroker,
	"b2b":              runB2B,
	"send":             send,
	"recv":             recv,
	"mixed":            mixed,
	"echo":             echo,
	"announce":         announce,
	"detach":           detach,
	"to-env":           toEnv,
	"from-env":         fromEnv,
	"describe":         describe,
	"from-description": fromDescription,
	"p2p-send":         p2pSend,
	"p2p-recv":         p2pRecv,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		print(line{Event: "error", Error: err.Error()})
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("which command?")
	}
	command, ok := commands[args[0]]
	if !ok {
		return fmt.Errorf("no command is called %q", args[0])
	}
	o, err := parse(args[0], args[1:])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	// Whatever does not look at the context ends a little later.
	time.AfterFunc(o.timeout+2*time.Second, func() {
		print(line{Event: "error", Error: fmt.Sprintf("not done after %v", o.timeout)})
		os.Exit(exitTimedOut)
	})
	return command(ctx, o)
}
