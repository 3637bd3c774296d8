package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
)

// A screen shows how many messages each member has received: on a terminal in
// one line that changes, else with a line for each tenth of the work.
type screen struct {
	members  []*member
	total    uint64
	got      []uint64
	terminal bool
	tenths   uint64
}

func newScreen(members []*member, total uint64) *screen {
	st, err := os.Stdout.Stat()
	return &screen{
		members: members, total: total, got: make([]uint64, len(members)),
		terminal: err == nil && st.Mode()&os.ModeCharDevice != 0,
	}
}

func (s *screen) received(member int, n uint64) {
	s.got[member] = n
	var sum uint64
	for _, n := range s.got {
		sum += n
	}
	tenths := sum * 10 / (s.total * uint64(len(s.got)))
	switch {
	case s.terminal:
		fmt.Print("\r\x1b[K" + s.line())
	case tenths > s.tenths:
		fmt.Println(s.line())
	}
	s.tenths = tenths
}

func (s *screen) line() string {
	words := make([]string, len(s.got))
	for i, n := range s.got {
		words[i] = fmt.Sprintf("%s %d%%", s.members[i].name, n*100/s.total)
	}
	return "received: " + strings.Join(words, "  ")
}

func (s *screen) end() {
	if s.terminal {
		fmt.Print("\r\x1b[K")
	}
}

// report prints the table and fails if a member received something else than the files.
func report(members []*member, expected tally) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\nmember\tsent\t\treceived\t\tchecksum\ttime\t")
	var sent tally
	good := true
	for _, m := range members {
		sent.messages += m.sent.messages
		sent.bytes += m.sent.bytes
		mark := ""
		if m.received != expected {
			good, mark = false, " DIFFERS"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%s\t%016x%s\t%.2f s\t\n", m.name, m.sent.messages, size(m.sent.bytes),
			m.received.messages, size(m.received.bytes), m.received.checksum, mark, m.took.Seconds())
	}
	fmt.Fprintf(t, "the files\t%d\t%s\t\t\t%016x\t\t\n", expected.messages, size(expected.bytes), expected.checksum)
	if err := t.Flush(); err != nil {
		return err
	}
	if !good {
		return errors.New("what was received differs from the files")
	}
	if sent.messages != expected.messages || sent.bytes != expected.bytes {
		return fmt.Errorf("%d messages were sent, and there are %d files", sent.messages, expected.messages)
	}
	fmt.Println("\nEvery member received every file; nothing is left behind.")
	return nil
}

func size(n uint64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
