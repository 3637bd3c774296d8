// Command llmp is the bus for the shell: it runs a broker, sends and receives
// messages, shows who is on the bus, and finds out why it does not work.
//
// See `llmp --help`.
package main

import (
	"os"

	"llmp/cmd/llmp/command"
)

func main() {
	os.Exit(command.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
