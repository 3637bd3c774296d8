package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"llmp/llmp"
	"llmp/llmp/event"
)

const syncLong = `Joins the bus for a fuzzer that keeps its test cases in files: honggfuzz, Go's
own, or any other. What appears in a --finds directory is sent to all fuzzers on
the bus as a new test case, each content once; what others find is written into
the --import directory, one file a test case, complete from the moment its name
is there, and named by its content.

--crashes is for files that crash the target: they are sent as objectives.
Without --import-crashes, objectives of others are passed over.

It runs until it is interrupted or the broker ends. --once sends what is there,
takes what is on the bus, and ends.

Exit codes: 0 it was ended by Ctrl-C or by the broker (--once: it is done),
1 failure, 2 usage, 3 no broker.`

const syncExample = `  llmp sync --finds out --import new                 # honggfuzz --input in --output out --dynamic_input new
  llmp sync --finds corpus --import corpus           # one directory for both
  llmp sync --once --import corpus                   # what was found until now
  llmp sync --format go --import testdata/fuzz/FuzzX # seeds for go test -fuzz`

// settle is how long the bus has to be silent for --once to end.
const settle = 300 * time.Millisecond

// syncing is one call of `llmp sync`.
type syncing struct {
	*app
	joining
	finds         []string
	crashes       []string
	importDir     string
	importCrashes string
	format        formatValue
	maxSize       sizeValue
	once          bool
	quiet         bool
	json          bool
}

// synced is what it came to.
type synced struct {
	Client   llmp.ClientID `json:"client"`
	Sent     uint64        `json:"sent"`
	Imported uint64        `json:"imported"`
	Known    uint64        `json:"known"`   // came in, but were here before
	Skipped  uint64        `json:"skipped"` // files and events that are too large or malformed
	Other    uint64        `json:"other"`   // messages that are no test cases
}

func (a *app) sync() *cobra.Command {
	s := &syncing{app: a, maxSize: 1 << 20}
	cmd := &cobra.Command{
		Use:     "sync",
		Short:   "Exchange test cases for a fuzzer that keeps them in files",
		Long:    syncLong,
		Example: syncExample,
		Args:    cobra.NoArgs,
		RunE:    a.verb(func(*cobra.Command, []string) error { return s.run() }),
	}
	flags := cmd.Flags()
	s.addTo(flags)
	flags.StringArrayVar(&s.finds, "finds", nil, "`directory` in which the fuzzer puts what it finds; may be repeated")
	flags.StringArrayVar(&s.crashes, "crashes", nil, "`directory` in which it puts crashing inputs; may be repeated")
	flags.StringVar(&s.importDir, "import", "", "`directory` for the test cases of others")
	flags.StringVar(&s.importCrashes, "import-crashes", "", "`directory` for the objectives of others")
	flags.Var(&s.format, "format", "how the files hold test cases: raw bytes, or go's corpus files, `raw or go`")
	flags.Var(&s.maxSize, "max-size", "largest test case that travels")
	flags.BoolVar(&s.once, "once", false, "exchange what is there, then end")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "print nothing")
	flags.BoolVar(&s.json, "json", false, "print the summary as one JSON object")
	cmd.MarkFlagsMutuallyExclusive("quiet", "json")
	return cmd
}

func (s *syncing) run() error {
	if len(s.finds)+len(s.crashes) == 0 && s.importDir == "" && s.importCrashes == "" {
		return usage("nothing to exchange: name a directory with --finds, --crashes, --import or --import-crashes")
	}
	store := newStore(s.format, int(s.maxSize))
	if err := store.makeDirs(s.importDir, s.importCrashes); err != nil {
		return err
	}
	watch, err := store.watch(s.finds, s.crashes)
	if err != nil {
		return err
	}
	defer watch.close()
	ctx, stop := interruptible(context.Background(), s.err)
	defer stop()
	bus, err := s.connect(ctx, s.err, sendPatience)
	if err != nil {
		return err
	}
	total, err := s.exchange(ctx, bus, store, watch)
	total.Client = bus.ID()
	if closeErr := bus.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return s.report(total)
}

// exchange sends in one goroutine and receives in another until both are done.
func (s *syncing) exchange(ctx context.Context, bus *llmp.Client, store *store, watch *watch) (synced, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := make(chan error, 1)
	var sent outgoing
	go func() {
		err := s.sendFinds(ctx, bus, store, watch, &sent)
		if err != nil {
			cancel(err)
		}
		out <- err
	}()
	total, err := s.receive(ctx, bus, store)
	if !errors.Is(err, errDone) {
		cancel(err)
	}
	sendErr := <-out
	total.Sent, total.Skipped = sent.sent, total.Skipped+sent.skipped
	for _, e := range []error{err, sendErr} {
		if e != nil && !errors.Is(e, errDone) && !errors.As(e, new(interrupted)) && !errors.Is(e, llmp.ErrClosed) {
			return total, e
		}
	}
	return total, nil
}

// errDone ends both directions of --once.
var errDone = errors.New("done")

// outgoing counts what went out.
type outgoing struct{ sent, skipped uint64 }

// sendFinds sends the test cases that are there, and, unless --once, those that come.
func (s *syncing) sendFinds(ctx context.Context, bus *llmp.Client, store *store, watch *watch, n *outgoing) error {
	for {
		f, err := watch.next(ctx, !s.once)
		if err != nil {
			if errors.Is(err, errDone) {
				return nil // the receiving side ends --once
			}
			return err
		}
		input, err := store.read(f)
		if err != nil {
			n.skipped++
			continue
		}
		if input == nil {
			continue // known
		}
		if err := s.sendOne(ctx, bus, f.objective, input, n.sent+1); err != nil {
			return err
		}
		n.sent++
	}
}

func (s *syncing) sendOne(ctx context.Context, bus *llmp.Client, objective bool, input []byte, count uint64) error {
	var e event.Event = event.NewTestcase{Input: input, CorpusSize: count}
	if objective {
		e = event.Objective{Input: input, Size: count}
	}
	payload, flags, err := event.Encode(e, event.Now(0))
	if err != nil {
		return err
	}
	for {
		err := bus.SendFlags(llmp.TagLibAFLEvent, llmp.Flags(flags), payload)
		if !errors.Is(err, llmp.ErrFull) {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// receive writes what others found, until ctx ends or, with --once, nothing more comes.
func (s *syncing) receive(ctx context.Context, bus *llmp.Client, store *store) (n synced, err error) {
	limits := event.Decoder{MaxSize: 2*int(s.maxSize) + 4096}
	for {
		m, err := s.next(ctx, bus)
		if err != nil {
			return n, err
		}
		if m.Sender == bus.ID() {
			continue
		}
		if m.Tag != llmp.TagLibAFLEvent {
			n.Other++
			continue
		}
		input, dir := []byte(nil), ""
		switch e, _, err := limits.Decode(m.Data, uint32(m.Flags)); e := e.(type) {
		case event.NewTestcase:
			input, dir = e.Input, s.importDir
		case event.Objective:
			input, dir = e.Input, s.importCrashes
		default:
			if err != nil {
				n.Skipped++
			} else {
				n.Other++
			}
			continue
		}
		switch {
		case dir == "" || input == nil:
			n.Other++
		case len(input) > int(s.maxSize):
			n.Skipped++
		default:
			written, err := store.write(dir, input)
			if err != nil {
				return n, err
			}
			if written {
				n.Imported++
			} else {
				n.Known++
			}
		}
	}
}

func (s *syncing) next(ctx context.Context, bus *llmp.Client) (llmp.Message, error) {
	if s.once {
		m, ok, err := bus.RecvTimeout(settle)
		if err == nil && !ok {
			err = errDone
		}
		return m, err
	}
	m, err := bus.RecvContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return m, err
}

func (s *syncing) report(total synced) error {
	switch {
	case s.quiet:
		return nil
	case s.json:
		return printJSON(s.out, total)
	}
	_, err := fmt.Fprintf(s.out, "sent %s, imported %d, %d known before, %d skipped (too large or malformed), as client %d\n",
		count(total.Sent, "test case"), total.Imported, total.Known, total.Skipped, total.Client)
	return err
}
