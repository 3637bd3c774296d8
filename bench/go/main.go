// Command go measures what the bus costs a Go program, on this machine, now.
// It prints JSON, an object a line. bench/run builds and calls it.
package main

import (
	"fmt"
	"os"
	"time"
)

const usage = `llmp-bench-go COMMAND [OPTIONS]

  pipeline    what a message costs in each step, in one thread
              --sizes 8,64,1024,65536  --megabytes 32 (a step, a turn)  --turns 5
              --history all  --idle 0 (other clients)  --alone 0 (1: each message
              goes all the way before the next is sent)
  round-trip  a message there and back between two processes that spin, pinned
              to a core each: a sender and a receiver each
              --sizes 64  --rounds 100000  --turns 5

  broker      a broker of other processes: says its port, and leaves when its stdin
              closes.  --history all  --budget-mib 64
  recv        a client that blocks for each message of llmp-bench-c's send --pause-us,
              and leaves when its stdin closes.  --port P  --messages 1000

--timeout SECONDS (300) bounds each process.
`

var commands = map[string]func(*options) error{
	"pipeline":   pipeline,
	"broker":     broker,
	"recv":       receive,
	"round-trip": roundTrip,
	"reply":      reply, // the other process of a round trip
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "llmp-bench-go:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	if len(words) == 0 || words[0] == "--help" {
		fmt.Print(usage)
		return nil
	}
	command, ok := commands[words[0]]
	if !ok {
		return fmt.Errorf("no command is called %q\n\n%s", words[0], usage)
	}
	o, err := parseOptions(words[1:])
	if err != nil {
		return err
	}
	seconds, err := o.number("timeout", 300)
	if err != nil {
		return err
	}
	time.AfterFunc(time.Duration(seconds)*time.Second, func() {
		fmt.Fprintf(os.Stderr, "llmp-bench-go: not done after %d s\n", seconds)
		os.Exit(124)
	})
	return command(o)
}
