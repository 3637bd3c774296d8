package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"llmp/llmp"
)

const brokerLong = `Runs a broker: the process that carries what one client of the bus sends to all
the others. It listens on 127.0.0.1 unless told otherwise, and everyone of the
same user can join, LibAFL's fuzzers included.

Runs until Ctrl-C or SIGTERM, or, with --exit-after, until so many clients have
come and all have gone. Then clients are told and the shared memory is freed. A
second signal ends it at once.

--connect joins the buses of two brokers, also on two machines: what is sent on
one is received on the other. Nothing is encrypted: tunnel it.

Exit codes: 0 it ended as asked, 1 failure (the port is taken), 2 usage,
3 a broker of --connect is not there, 4 it does not answer.`

const brokerExample = `  llmp broker                             # on port 1337
  llmp broker --port 0 --json             # on a free port, which it tells
  llmp broker --only-events               # for stock LibAFL fuzzers: drop all other tags
  llmp broker --history 64MiB             # late joiners get the newest 64 MiB
  llmp broker --port 4000 --connect 10.0.0.7:1337`

// brokering is one call of `llmp broker`.
type brokering struct {
	*app
	port        uint16
	provider    string
	peers       []string
	connectWait waitValue
	history     string
	slow        waitValue
	budget      sizeValue
	pageSize    sizeValue
	exitAfter   uint64
	spin        waitValue
	options     llmp.BrokerOptions
	json        bool
	quiet       bool
}

func (a *app) broker() *cobra.Command {
	b := &brokering{app: a, slow: waitValue(10 * time.Second), connectWait: waitValue(10 * time.Second)}
	cmd := &cobra.Command{
		Use:     "broker",
		Short:   "Run a broker",
		Long:    brokerLong,
		Example: brokerExample,
		Args:    cobra.NoArgs,
		RunE:    a.verb(func(*cobra.Command, []string) error { return b.run() }),
	}
	flags := cmd.Flags()
	addPort(flags, &b.port, "`port` to listen on; 0: a free one")
	flags.StringVar(&b.options.Bind, "bind", "127.0.0.1", "`address` to listen on; others than 127.0.0.1 let other machines' brokers in")
	flags.StringArrayVar(&b.peers, "connect", nil, "`host:port` of another broker to join; may be repeated")
	flags.Var(&b.connectWait, "connect-timeout", "how long to wait for each broker of --connect")
	flags.Var(&numberValue[uint64]{&b.exitAfter, math.MaxInt32}, "exit-after", "end once `n` clients have come and all have gone; 0: never")
	addProvider(flags, &b.provider)
	flags.StringVar(&b.history, "history", "all", "what late joiners get: all, none, or the newest messages, of at least this `size`")
	flags.Var(&b.budget, "budget", "shared memory for messages in flight (default 64 MiB)")
	flags.StringVar(&b.options.ArchiveDir, "archive-dir", "", "`directory` for the history that all have read (default $TMPDIR)")
	flags.Var(&b.slow, "slow-timeout", "how long a client that does not read may hold up a full bus")
	flags.BoolVar(&b.options.OnlyEvents, "only-events", false, "forward LibAFL's events and drop all other messages")
	flags.Var(&b.pageSize, "page-size", "size of the first page: a power of two from 4KiB to 1GiB (default 1 MiB)")
	flags.Var(&b.spin, "spin", "how long to look for messages before sleeping: burns a core, saves microseconds")
	flags.BoolVar(&b.json, "json", false, "print one JSON object at the start and one at the end")
	flags.BoolVarP(&b.quiet, "quiet", "q", false, "print nothing")
	exclusive(cmd, "json", "quiet")
	return cmd
}

// complete turns flags into options.
func (b *brokering) complete() (err error) {
	o := &b.options
	if o.Provider, err = providerByName(b.provider); err != nil {
		return err
	}
	if o.History, err = llmp.ParseHistory(b.history); err != nil {
		return usage("--history: %q: want all, none, or a size such as 64MiB", b.history)
	}
	if o.ArchiveDir != "" {
		if st, err := os.Stat(o.ArchiveDir); err != nil || !st.IsDir() {
			return usage("--archive-dir: %s is no directory: make it first", o.ArchiveDir)
		}
	}
	if _, err := netip.ParseAddr(o.Bind); err != nil {
		return usage("--bind: %q is no numeric address: want one such as 127.0.0.1 or 0.0.0.0", o.Bind)
	}
	for _, peer := range b.peers {
		if _, port, err := net.SplitHostPort(peer); err != nil || port == "" {
			return usage("--connect: %q: want host:port", peer)
		}
	}
	if b.slow == 0 {
		return usage("--slow-timeout 0 would cut off everyone: want a time, or never")
	}
	if b.spin == never {
		return usage("--spin needs a time, for instance 50us")
	}
	o.ExitAfter = int(b.exitAfter)
	o.Spin = time.Duration(b.spin)
	o.SlowTimeout = time.Duration(b.slow)
	o.Budget = int64(b.budget)
	o.PageSize = int(b.pageSize)
	return nil
}

func (b *brokering) run() error {
	if err := b.complete(); err != nil {
		return err
	}
	ctx, stop := interruptible(context.Background(), b.err)
	defer stop()

	broker, err := llmp.NewBroker(b.options)
	if err != nil {
		if errors.Is(err, llmp.ErrInvalid) {
			err = usage("%s", plain(err))
		}
		return err
	}
	defer broker.Close()
	for _, peer := range b.peers {
		if err := b.join(ctx, broker, peer); err != nil {
			return err
		}
	}
	port, err := broker.Listen(b.port)
	if errors.Is(err, llmp.ErrBusy) {
		return fmt.Errorf("port %d is taken, maybe by another broker ('llmp stat --port %d' tells): "+
			"join that one, or choose another with --port", b.port, b.port)
	}
	if errors.Is(err, llmp.ErrIO) {
		return fmt.Errorf("%w (--bind wants an address of this machine: 'ip addr' lists them)", err)
	}
	if err != nil {
		return err
	}
	if err := b.announce(port); err != nil {
		return err
	}
	start := time.Now()
	stopStatus := b.showStatus(broker)
	err = broker.Run(ctx)
	stopStatus()
	if closeErr := broker.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return b.summarize(broker.Stats(), time.Since(start))
}

// join connects to another broker, which may start a little later than this one.
func (b *brokering) join(ctx context.Context, broker *llmp.Broker, peer string) error {
	wait := ctx
	if b.connectWait != never {
		var cancel context.CancelFunc
		wait, cancel = context.WithTimeout(ctx, max(time.Duration(b.connectWait), time.Second)) // 0: one try, but not for ever
		defer cancel()
	}
	const pause = 100 * time.Millisecond
	for {
		err := broker.ConnectB2B(wait, peer)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !errors.Is(err, llmp.ErrRefused) || b.connectWait == 0:
			return fmt.Errorf("cannot join the broker at %s: %w", peer, err)
		}
		select {
		case <-wait.Done():
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("cannot join the broker at %s: %w", peer, err)
		case <-time.After(pause):
		}
	}
}

// listening is what `llmp broker --json` prints first.
type listening struct {
	Event   string `json:"event"` // "listening"
	Address string `json:"address"`
	Port    uint16 `json:"port"`
	PID     int    `json:"pid"`
}

// announce says where the broker listens and how to join it.
func (b *brokering) announce(port uint16) error {
	address := net.JoinHostPort(b.options.Bind, strconv.Itoa(int(port)))
	switch {
	case b.quiet:
		return nil
	case b.json:
		return printJSON(b.out, listening{"listening", address, port, os.Getpid()})
	}
	flag := portFlag(port)
	provider := ""
	if b.provider != defaultProvider() {
		provider = " --provider " + b.provider
	}
	_, err := fmt.Fprintf(b.out, `listening on %s, press Ctrl-C to stop
  receive   llmp recv --follow%s%s
  send      echo hello | llmp send --tag 0x1234%s%s
  inspect   llmp stat%s
`, address, flag, provider, flag, provider, flag)
	return err
}

// stopped is what `llmp broker --json` prints last.
type stopped struct {
	Event   string    `json:"event"` // "stopped"
	Seconds float64   `json:"seconds"`
	Stats   statsJSON `json:"stats"`
}

func (b *brokering) summarize(s llmp.Stats, ran time.Duration) error {
	switch {
	case b.quiet:
		return nil
	case b.json:
		return printJSON(b.out, stopped{"stopped", ran.Seconds(), statsJSON(s)})
	}
	_, err := fmt.Fprintf(b.out, "stopped after %v: %s, %s, %s\n", round(ran),
		count(s.ClientsSeen, "client"), count(s.Messages, "message"), formatBytes(s.Bytes))
	return err
}

// showStatus keeps one line up to date where a person watches.
func (b *brokering) showStatus(broker *llmp.Broker) (stop func()) {
	if b.quiet || b.json || !isTerminal(b.err) {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		defer io.WriteString(b.err, "\r\x1b[K")
		const interval = time.Second
		tick := time.NewTicker(interval)
		defer tick.Stop()
		var before llmp.Stats
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				now := broker.Stats()
				fmt.Fprintf(b.err, "\r\x1b[K%s", statusLine(now, before, interval))
				before = now
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

func statusLine(now, before llmp.Stats, interval time.Duration) string {
	perSecond := func(now, before uint64) uint64 {
		return uint64(float64(now-before) / interval.Seconds())
	}
	return fmt.Sprintf("%s  %s (%d/s)  %s (%s/s)  %s in memory",
		count(now.Clients, "client"),
		count(now.Messages, "message"), perSecond(now.Messages, before.Messages),
		formatBytes(now.Bytes), formatBytes(perSecond(now.Bytes, before.Bytes)),
		formatBytes(now.SharedBytes))
}
