// Command driver runs the demo: a broker and members in several languages on
// its bus, each of which sends its share of some files and receives them all.
// It compares what they received with the files themselves.
//
//	driver -llmp PATH -member NAME=COMMAND... FOLDER...
//
// A member is called with the port, the number of messages to receive, and the
// name of a list of the files to send; see ../member.c for what it prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// timeLimit is for everything, the members' start included.
const timeLimit = 55 * time.Second

// commands are the -member flags.
type commands []command

type command struct {
	name string
	args []string
}

func (c *commands) String() string { return "" }

func (c *commands) Set(s string) error {
	name, line, ok := strings.Cut(s, "=")
	args := strings.Fields(line)
	if !ok || len(args) == 0 {
		return errors.New("want NAME=COMMAND")
	}
	*c = append(*c, command{name, args})
	return nil
}

func main() {
	var members commands
	llmp := flag.String("llmp", "llmp", "the llmp `program`")
	everything := flag.Bool("everything", false, "take all files, not only images, archives and compressed data")
	flag.Var(&members, "member", "`NAME=COMMAND` of a member")
	flag.Parse()
	if len(members) == 0 || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, *llmp, members, flag.Args(), *everything); err != nil {
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "demo: interrupted; everything is cleaned up")
			os.Exit(130)
		}
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, llmp string, commands []command, folders []string, everything bool) error {
	files, err := findFiles(folders, everything)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no files in %s", strings.Join(folders, ", "))
	}
	expected, err := tallyFiles(files)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "llmp-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	shares, err := writeShares(scratch, files, len(commands))
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeoutCause(ctx, timeLimit, fmt.Errorf("it took more than %v", timeLimit))
	defer cancel()
	b, err := startBroker(ctx, llmp)
	if err != nil {
		return err
	}
	fmt.Printf("%d files, %s; a broker on port %d; members: %s\n",
		len(files), size(expected.bytes), b.port, names(commands))
	members, err := runMembers(ctx, b.port, expected.messages, shares, commands)
	err = errors.Join(err, b.stop())
	if err == nil {
		err = checkLeftOvers(llmp, append(pids(members), b.pid()))
	}
	if err != nil {
		// A LibAFL client that was ended from outside leaves its memory behind.
		err = errors.Join(err, removeLeftOvers(pids(members)))
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return err
	}
	return report(members, expected)
}

func names(commands []command) string {
	all := make([]string, len(commands))
	for i, c := range commands {
		all[i] = c.name
	}
	return strings.Join(all, ", ")
}
