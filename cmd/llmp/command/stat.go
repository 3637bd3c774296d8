package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"llmp/llmp"
)

const statLong = `Asks the broker who is on the bus and prints, for each client, how many messages
and bytes it has sent and how long it has been silent; then what the broker
holds in memory and on disk. Nobody on the bus notices.

A broker of another program that hosts llmp answers as well; LibAFL's own does
not know the question.

Exit codes: 0 printed (--watch: ended by Ctrl-C), 1 failure, 2 usage, 3 no
broker, or it ended, 4 it does not answer.`

const statExample = `  llmp stat
  llmp stat --port 4000 --json | jq .stats.messages
  llmp stat --watch 1s`

// stating is one call of `llmp stat`.
type stating struct {
	*app
	joining
	watch waitValue
	json  bool
}

func (a *app) stat() *cobra.Command {
	s := &stating{app: a}
	cmd := &cobra.Command{
		Use:     "stat",
		Short:   "Show who is on the bus",
		Long:    statLong,
		Example: statExample,
		Args:    cobra.NoArgs,
		RunE:    a.verb(func(*cobra.Command, []string) error { return s.run() }),
	}
	flags := cmd.Flags()
	s.addPort(flags)
	flags.VarP(&s.watch, "watch", "w", "print again at this interval (default once)")
	flags.BoolVar(&s.json, "json", false, "print one JSON object a line")
	return cmd
}

func (s *stating) run() error {
	if s.watch == never {
		return usage("--watch needs an interval, for instance 1s")
	}
	if s.port == 0 {
		return usage("port 0 is nobody's: name the broker's port")
	}
	ctx, stop := interruptible(context.Background(), s.err)
	defer stop()
	for first := true; ; first = false {
		err := s.once(ctx, first)
		if s.watch != 0 && errors.As(err, new(interrupted)) {
			return nil
		}
		if s.watch == 0 || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Duration(s.watch)):
		}
	}
}

// queryTimeout is how long a broker may take to answer. A busy one answers
// between two messages.
const queryTimeout = 5 * time.Second

func (s *stating) once(ctx context.Context, first bool) error {
	report, err := query(ctx, s.port)
	if err != nil {
		return err
	}
	if s.json {
		return printJSON(s.out, newReportJSON(report))
	}
	if !first {
		between := "\n"
		if isTerminal(s.out) {
			between = "\x1b[H\x1b[2J" // a fresh screen
		}
		if _, err := io.WriteString(s.out, between); err != nil {
			return err
		}
	}
	return printReport(s.out, s.port, report)
}

func query(ctx context.Context, port uint16) (llmp.StatsReport, error) {
	wait, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	report, err := llmp.QueryStats(wait, port)
	if err != nil && ctx.Err() == nil && wait.Err() != nil {
		err = fmt.Errorf("%w: port %d does not answer for %v; is it a broker?", llmp.ErrTimeout, port, queryTimeout)
	}
	return report, noBroker(ctx, port, err)
}

func printReport(w io.Writer, port uint16, r llmp.StatsReport) error {
	s := r.Stats
	fmt.Fprintf(w, "broker on port %d of %s, llmp %s, up %v\n\n", port, r.Hostname, r.Version, round(r.Uptime))

	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "client\tkind\tmessages\tbytes\tsilent for\t")
	for _, c := range r.Clients {
		fmt.Fprintf(t, "%d\t%v\t%d\t%s\t%v\t\n", c.ID, c.Kind, c.Messages, formatBytes(c.Bytes), round(c.Idle))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, `
clients    %d now, %d since the start, %d cut off (too slow), %d removed (bad pages)
messages   %d handled (%s), %d forwarded, %d dropped, %d ignored
memory     %s in %s, %s on disk, %s of history lost
brokers    %d connected
`, s.Clients, s.ClientsSeen, s.CutOff, s.BadClients,
		s.Messages, formatBytes(s.Bytes), s.Forwarded, s.Dropped, s.Ignored,
		formatBytes(s.SharedBytes), count(s.Pages, "page"), formatBytes(s.ArchivedBytes), count(s.Lost, "page"),
		s.B2B)
	return err
}
