// Package command holds the verbs of the llmp program, one a file. It talks to
// package llmp only and holds no logic of the bus.
package command

import (
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `llmp is a message bus between processes of one machine, in the format of
LibAFL's LLMP: start a broker, then fuzzers, harnesses and scripts join it.

Exit codes of every verb:
  0    it worked
  1    it failed
  2    wrong usage: an unknown flag, a missing argument, a malformed value
  3    no broker there, or it ended in the middle
  4    the time is over
  128+n  ended by signal n (130: Ctrl-C), but for verbs that run until then`

const rootExample = `  llmp broker                                  # terminal 1: a bus on port 1337
  llmp recv --follow                           # terminal 2: show what is sent
  echo hello | llmp send --tag 0x1234          # terminal 3: send something
  llmp stat                                    # who is there?
  llmp doctor                                  # what is wrong here?`

// app is one call of the program.
type app struct {
	in       io.Reader
	out, err io.Writer
	// started: a verb's own code ran, so an error is no longer about how it
	// was called.
	started bool
}

// Main runs the program with these arguments (its own name left out) and
// returns its exit code.
func Main(args []string, in io.Reader, out, errw io.Writer) int {
	// A reader of our output that went away is an error like any other, so
	// that a client says goodbye before it ends.
	signal.Ignore(syscall.SIGPIPE)

	a := &app{in: in, out: out, err: errw}
	root := a.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	if err == nil {
		return ExitOK
	}
	if !a.started {
		err = usage("%v", err)
	}
	code := exitCode(err)
	if text := sentence(cmd.CommandPath(), err); text != "" {
		fmt.Fprintln(errw, text)
	}
	return code
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "llmp",
		Short:             "A message bus in LibAFL's LLMP format",
		Long:              rootLong,
		Example:           rootExample,
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Without a verb: the help, but not as if that were success.
			cmd.SetOut(a.err)
			_ = cmd.Help()
			return usage("which verb?")
		},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(a.help())
	root.AddCommand(a.broker(), a.send(), a.recv(), a.sync(), a.stat(), a.clean(), a.doctor(), a.version())
	return root
}

// help is `llmp help VERB`.
func (a *app) help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [VERB]",
		Short: "Show what a verb does and takes",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usage("there is no verb %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag() // as --help does
			return about.Help()
		},
	}
}

// flagError says what a flag wants, without the words of the parser.
func flagError(_ *cobra.Command, err error) error {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err
	}
	return fmt.Errorf("--%s: %s", bad.GetFlag().Name, plain(bad.Unwrap()))
}

// exclusive allows only one of these flags.
func exclusive(cmd *cobra.Command, names ...string) {
	earlier := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		var given []string
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				given = append(given, "--"+name)
			}
		}
		switch {
		case len(given) > 1:
			return fmt.Errorf("%s exclude each other: choose one", strings.Join(given, " and "))
		case earlier != nil:
			return earlier(cmd, args)
		}
		return nil
	}
}

// verb marks the moment from which errors are no longer about usage.
func (a *app) verb(run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.started = true
		return run(cmd, args)
	}
}
