package command

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"llmp/llmp"
)

const recvLong = `Joins the bus and prints the messages on it, the broker's history first. Ends
after --count messages (1 unless told otherwise), or runs on with --follow.

By default each message is one line for people. --json is one object a line,
with the payload in base64 or hex. --raw writes the payloads themselves, one
after the other; --lines writes each with a newline. --output-dir writes one
file a message, complete from the moment its name is there.

--timeout is the longest wait for the next message. With --count that is a
failure, with --follow the end.

Exit codes: 0 the messages came (--follow: it was ended by Ctrl-C, by --timeout
or by the broker), 1 failure, 2 usage, 3 no broker, or it ended before --count
messages came, 4 time-out.`

const recvExample = `  llmp recv                                       # one message, whatever it is
  llmp recv --tag 0x1234 --count 3 --timeout 5s   # three of one kind
  llmp recv --tag 7 --raw > picture.png           # its payload
  llmp recv --follow --output-dir corpus          # a file a message
  llmp recv --follow --timeout 1s --json | jq .len`

// receiving is one call of `llmp recv`.
type receiving struct {
	*app
	joining
	tags      tagsValue
	count     uint64
	follow    bool
	timeout   waitValue
	outputDir string
	raw       bool
	lines     bool
	json      bool
	encoding  string
	quiet     bool
}

func (a *app) recv() *cobra.Command {
	r := &receiving{app: a, timeout: never}
	cmd := &cobra.Command{
		Use:     "recv",
		Short:   "Receive messages and print or save them",
		Long:    recvLong,
		Example: recvExample,
		Args:    cobra.NoArgs,
		RunE:    a.verb(func(*cobra.Command, []string) error { return r.run() }),
	}
	flags := cmd.Flags()
	r.addTo(flags)
	flags.VarP(&r.tags, "tag", "t", "only messages with this tag; may be repeated")
	r.count = 1
	flags.VarP(&numberValue[uint64]{&r.count, math.MaxUint64}, "count", "n", "end after `n` messages")
	flags.BoolVarP(&r.follow, "follow", "f", false, "receive until interrupted")
	flags.Var(&r.timeout, "timeout", "longest wait for the next message")
	flags.StringVarP(&r.outputDir, "output-dir", "o", "", "write one file a message into this `directory`")
	flags.BoolVar(&r.raw, "raw", false, "write the payloads alone")
	flags.BoolVarP(&r.lines, "lines", "l", false, "write the payloads alone, each followed by a newline")
	flags.BoolVar(&r.json, "json", false, "print one JSON object a line")
	flags.StringVar(&r.encoding, "encoding", "base64", "how --json shows payloads: `base64` or hex")
	flags.BoolVarP(&r.quiet, "quiet", "q", false, "print nothing (with --output-dir, or to wait for a message)")
	exclusive(cmd, "count", "follow")
	exclusive(cmd, "raw", "lines", "json", "quiet")
	return cmd
}

func (r *receiving) run() (err error) {
	if r.count == 0 && !r.follow {
		return usage("--count 0 receives nothing: want 1 or more, or --follow")
	}
	sink, err := r.newSink()
	if err != nil {
		return err
	}
	ctx, stop := interruptible(context.Background(), r.err)
	defer stop()

	bus, err := r.connect(ctx, r.err, 0)
	if err != nil {
		return err
	}
	alive, stopWatching := watchBroker(ctx, r.port)
	defer stopWatching()
	n, err := r.receive(ctx, alive, bus, sink)
	if flushErr := sink.flush(); flushErr != nil && (err == nil || r.endsFollowing(err)) {
		err = flushErr
	}
	// Nothing was sent, so nothing can be lost by a broker that did not take it.
	_ = bus.Close()
	if r.endsFollowing(err) {
		return nil
	}
	if err != nil && !r.follow {
		return fmt.Errorf("%w (after %d of %s)", err, n, count(r.count, "message"))
	}
	return err
}

// endsFollowing says whether err is how --follow is expected to end.
func (r *receiving) endsFollowing(err error) bool {
	return r.follow && (errors.As(err, new(interrupted)) ||
		errors.Is(err, llmp.ErrTimeout) || errors.Is(err, llmp.ErrClosed))
}

// receive hands messages to the sink until there are enough. It returns how
// many. The end of ctx ends it at once, that of alive only when no message waits.
func (r *receiving) receive(ctx, alive context.Context, bus *llmp.Client, sink *sink) (n uint64, err error) {
	last := time.Now()
	for r.follow || n < r.count {
		m, err := r.next(ctx, alive, bus, sink, last)
		if err != nil {
			return n, err
		}
		if !r.wants(m.Tag) {
			continue
		}
		n++
		if err := sink.put(n, m); err != nil {
			return n, err
		}
		if r.timeout != never {
			last = time.Now()
		}
	}
	return n, nil
}

// next waits for a message until r.timeout after last.
func (r *receiving) next(ctx, alive context.Context, bus *llmp.Client, sink *sink, last time.Time) (llmp.Message, error) {
	if ctx.Err() != nil {
		return llmp.Message{}, context.Cause(ctx)
	}
	m, there, err := bus.Recv()
	if there || err != nil {
		return m, err
	}
	// Before it sleeps, others may see what came so far.
	if err := sink.flush(); err != nil {
		return m, err
	}
	wait := alive
	if r.timeout != never {
		var cancel context.CancelFunc
		wait, cancel = context.WithDeadline(alive, last.Add(time.Duration(r.timeout)))
		defer cancel()
	}
	m, err = bus.RecvContext(wait)
	switch {
	case err == nil || wait.Err() == nil:
		return m, err
	case ctx.Err() != nil:
		return m, context.Cause(ctx)
	case alive.Err() != nil:
		if m, there, err := bus.Recv(); there || err != nil {
			return m, err // the last that it sent
		}
		return m, context.Cause(alive)
	}
	return m, fmt.Errorf("%w: no message for %v", llmp.ErrTimeout, time.Duration(r.timeout))
}

func (r *receiving) wants(tag llmp.Tag) bool {
	for _, t := range r.tags {
		if t == tag {
			return true
		}
	}
	return len(r.tags) == 0
}
