package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// interruptible returns a context that the first SIGINT, SIGTERM or SIGHUP
// cancels, with interrupted as its cause. A second signal ends the process at
// once. The returned function gives the signals back.
func interruptible(parent context.Context, errw io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup asks us to outlive the terminal
		signals = append(signals, syscall.SIGHUP)
	}
	came := make(chan os.Signal, 2)
	signal.Notify(came, signals...)
	done := make(chan struct{})
	go func() {
		select {
		case sig := <-came:
			cancel(interrupted{sig})
		case <-done:
			return
		}
		select {
		case sig := <-came:
			fmt.Fprintln(errw, "llmp: forced to end")
			os.Exit(exitCode(interrupted{sig}))
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(came)
		close(done)
		cancel(nil)
	}
}
