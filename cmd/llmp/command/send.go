package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"llmp/internal/wire"
	"llmp/llmp"
)

const sendLong = `Joins the bus, sends each FILE as one message (or each line, with --lines),
waits until the broker has taken them all, and leaves.

FILE "-", or none at all, is the standard input. --tag is what receivers select
messages by: choose any number, but for the few that the bus keeps for itself.

On a full bus, when a receiver is far behind, it waits; --timeout bounds that.

Exit codes: 0 all is sent, 1 failure, 2 usage, 3 no broker, 4 time-out.`

const sendExample = `  echo hello | llmp send --tag 0x1234
  llmp send --tag 7 seeds/*.png                   # one message a file
  seq 1 1000 | llmp send --tag 7 --lines          # one message a line
  llmp send --tag event --flags 1 event.bin       # LibAFL's event, compressed`

// sending is one call of `llmp send`.
type sending struct {
	*app
	joining
	tag     tagValue
	flags   flagsValue
	lines   bool
	timeout waitValue
	quiet   bool
	json    bool
}

// sent is what `llmp send --json` prints.
type sent struct {
	Messages uint64        `json:"messages"`
	Bytes    uint64        `json:"bytes"`
	Tag      llmp.Tag      `json:"tag"`
	Client   llmp.ClientID `json:"client"`
	Seconds  float64       `json:"seconds"`
}

func (a *app) send() *cobra.Command {
	s := &sending{app: a, timeout: never}
	cmd := &cobra.Command{
		Use:     "send --tag T [FILE...|-]",
		Short:   "Send files or lines as messages",
		Long:    sendLong,
		Example: sendExample,
		RunE:    a.verb(func(_ *cobra.Command, files []string) error { return s.run(files) }),
	}
	flags := cmd.Flags()
	s.addTo(flags)
	flags.VarP(&s.tag, "tag", "t", "tag of the messages: decimal, 0x hexadecimal, or event (required)")
	flags.Var(&s.flags, "flags", "flags of the messages, decimal or 0x hexadecimal")
	flags.BoolVarP(&s.lines, "lines", "l", false, "send each line as one message, without its newline")
	flags.Var(&s.timeout, "timeout", "how long to wait while the bus is full")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "print nothing")
	flags.BoolVar(&s.json, "json", false, "print the summary as one JSON object")
	exclusive(cmd, "quiet", "json")
	return cmd
}

func (s *sending) run(files []string) error {
	if !s.tag.set {
		return usage("give the messages a tag, for instance --tag 0x1234")
	}
	if wire.Reserved(uint32(s.tag.tag)) {
		return usage("tag %v belongs to the bus itself: choose another", s.tag.tag)
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	if err := checkReadable(files); err != nil {
		return err
	}
	ctx, stop := interruptible(context.Background(), s.err)
	defer stop()

	bus, err := s.connect(ctx, s.err, sendPatience)
	if err != nil {
		return err
	}
	start := time.Now()
	ctx, stopWatching := watchBroker(ctx, s.port)
	defer stopWatching()
	ctx, stopReading := readAlong(ctx, bus)
	total, err := s.sendAll(ctx, bus, files)
	if err == nil {
		err = s.waitTaken(ctx, bus, total.Messages)
	}
	stopReading()
	total.Tag, total.Client = s.tag.tag, bus.ID()
	if closeErr := bus.Close(); err == nil {
		err = closeErr
	}
	total.Seconds = time.Since(start).Seconds()
	if err != nil {
		return fmt.Errorf("%w (after %s)", err, count(total.Messages, "message"))
	}
	return s.report(total)
}

func (s *sending) sendAll(ctx context.Context, bus *llmp.Client, files []string) (total sent, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	payloads := readPayloads(ctx, s.in, files, s.lines)
	for {
		select {
		case <-ctx.Done():
			return total, context.Cause(ctx)
		case p, more := <-payloads:
			if !more {
				return total, nil
			}
			if p.err != nil {
				return total, p.err
			}
			if err := s.sendOne(ctx, bus, p.data); err != nil {
				return total, err
			}
			total.Messages++
			total.Bytes += uint64(len(p.data))
		}
	}
}

// sendPatience is how long a send waits on a full bus before it looks whether
// the user still wants it.
const sendPatience = 100 * time.Millisecond

func (s *sending) sendOne(ctx context.Context, bus *llmp.Client, data []byte) error {
	var waited time.Duration
	for {
		err := bus.SendFlags(s.tag.tag, llmp.Flags(s.flags), data)
		if !errors.Is(err, llmp.ErrFull) {
			return err
		}
		waited += sendPatience
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case s.timeout != never && waited >= time.Duration(s.timeout):
			return fmt.Errorf("%w: the bus is full since %v; 'llmp stat' shows who does not keep up",
				llmp.ErrTimeout, waited)
		}
	}
}

// waitTaken waits until the broker has handled all messages. LibAFL's brokers
// do not tell; they have mapped the last page, and so will read it.
func (s *sending) waitTaken(ctx context.Context, bus *llmp.Client, messages uint64) error {
	if err := bus.WaitSafeToUnmap(ctx); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return err
	}
	const longest = 100 * time.Millisecond
	for pause := time.Millisecond; ; pause = min(2*pause, longest) {
		report, err := llmp.QueryStats(ctx, s.port)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, llmp.ErrRefused):
			return brokerGone(s.port)
		case err != nil:
			return nil
		}
		self := slices.IndexFunc(report.Clients, func(c llmp.ClientStats) bool { return c.ID == bus.ID() })
		switch {
		case self < 0:
			return fmt.Errorf("%w: the broker removed this client", llmp.ErrClosed)
		case report.Clients[self].Messages >= messages:
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// readAlong passes over what others send, so that this client, which has no
// use for it, does not hold up the bus. The context it returns ends with ctx
// or with the broker; call the function before closing the client.
func readAlong(ctx context.Context, bus *llmp.Client) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, err := bus.RecvContext(ctx)
			if errors.Is(err, llmp.ErrClosed) {
				cancel(fmt.Errorf("%w: the broker ended", llmp.ErrClosed))
			}
			if err != nil {
				return
			}
		}
	}()
	return ctx, func() {
		cancel(context.Canceled)
		<-done
	}
}

func (s *sending) report(total sent) error {
	switch {
	case s.quiet:
		return nil
	case s.json:
		return printJSON(s.out, total)
	}
	_, err := fmt.Fprintf(s.out, "sent %s, %s, tag %v, as client %d\n",
		count(total.Messages, "message"), formatBytes(total.Bytes), total.Tag, total.Client)
	return err
}
