package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"llmp/shmem"
)

// patience is how long a process may take to end when it is told to.
const patience = 3 * time.Second

// process makes a command that the context ends: with SIGTERM, and with
// SIGKILL if that does not help. It gets a process group of its own, so that
// Ctrl-C reaches the driver alone, which then ends the others in order.
func process(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	return cmd
}

// A broker is a running `llmp broker`.
type broker struct {
	cmd    *exec.Cmd
	port   uint16
	errors bytes.Buffer
}

// startBroker takes LibAFL's usual port, or another where that is taken.
func startBroker(ctx context.Context, llmp string) (*broker, error) {
	b, err := startBrokerOn(ctx, llmp, "1337")
	if err != nil {
		b, err = startBrokerOn(ctx, llmp, "0")
	}
	return b, err
}

func startBrokerOn(ctx context.Context, llmp, port string) (*broker, error) {
	// The broker outlives ctx: stop ends it, after the members.
	b := &broker{cmd: process(context.WithoutCancel(ctx), llmp, "broker", "--json", "--port", port)}
	b.cmd.Stderr = &b.errors
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	first, readErr := lines.ReadBytes('\n')
	var hello struct {
		Port uint16 `json:"port"`
	}
	if json.Unmarshal(first, &hello) != nil || hello.Port == 0 {
		err := b.stop()
		return nil, fmt.Errorf("the broker did not start: %w %s", errors.Join(readErr, err), b.errors.String())
	}
	b.port = hello.Port
	go io.Copy(io.Discard, lines)
	return b, nil
}

// stop ends the broker as Ctrl-C does.
func (b *broker) stop() error {
	_ = b.cmd.Process.Signal(syscall.SIGINT)
	hung := time.AfterFunc(patience, func() { _ = b.cmd.Process.Kill() })
	defer hung.Stop()
	if err := b.cmd.Wait(); err != nil {
		return fmt.Errorf("the broker ended with %w: %s", err, strings.TrimSpace(b.errors.String()))
	}
	return nil
}

func (b *broker) pid() int { return b.cmd.Process.Pid }

// A member is a process on the bus and what it says of itself.
type member struct {
	name           string
	cmd            *exec.Cmd
	sent, received tally // checksum of what was sent: not known
	took           time.Duration
	done           bool
	errors         bytes.Buffer
}

// progress: a member has received so many messages. Once its output ends, err
// says how it ended.
type progress struct {
	member   int
	received uint64
	ended    bool
	err      error
}

// runMembers runs all members at the same time and shows how far they are.
// When one fails, the others are ended as well: they would wait for it in vain.
func runMembers(ctx context.Context, port uint16, total uint64, shares []string, commands []command) ([]*member, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news := make(chan progress)
	members := make([]*member, len(commands))
	for i, c := range commands {
		args := append(slices.Clone(c.args), strconv.Itoa(int(port)), strconv.FormatUint(total, 10), shares[i])
		members[i] = &member{name: c.name, cmd: process(ctx, args...)}
		go func() {
			err := members[i].run(func(received uint64) { news <- progress{member: i, received: received} })
			news <- progress{member: i, ended: true, err: err}
		}()
	}
	show := newScreen(members, total)
	var failure error
	for running := len(members); running > 0; {
		p := <-news
		if p.ended {
			running--
			if p.err != nil && failure == nil {
				failure = p.err
				cancel()
			}
			continue
		}
		show.received(p.member, p.received)
	}
	show.end()
	return members, failure
}

// run starts the member and reads what it prints until it ends.
func (m *member) run(received func(uint64)) error {
	m.cmd.Stderr = &m.errors
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := m.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var n uint64
		if _, err := fmt.Sscanf(lines.Text(), "received %d", &n); err == nil {
			received(n)
		} else if m.parse(lines.Text()) == nil {
			received(m.received.messages)
		}
	}
	if err := m.cmd.Wait(); err != nil {
		return fmt.Errorf("%s ended with %w: %s", m.name, err, strings.TrimSpace(m.errors.String()))
	}
	if !m.done {
		return fmt.Errorf("%s ended without a result: %s", m.name, strings.TrimSpace(m.errors.String()))
	}
	return nil
}

// parse reads a member's last line.
func (m *member) parse(line string) error {
	var seconds float64
	_, err := fmt.Sscanf(line, "done sent=%d sent_bytes=%d received=%d received_bytes=%d checksum=%x seconds=%g",
		&m.sent.messages, &m.sent.bytes, &m.received.messages, &m.received.bytes, &m.received.checksum, &seconds)
	m.took = time.Duration(seconds * float64(time.Second))
	m.done = err == nil
	return err
}

// pids are those of the members that were started.
func pids(members []*member) []int {
	var all []int
	for _, m := range members {
		if m.cmd.Process != nil {
			all = append(all, m.cmd.Process.Pid)
		}
	}
	return all
}

// removeLeftOvers removes the shared memory that these processes, which have
// ended, left behind.
func removeLeftOvers(pids []int) error {
	orphans, err := shmem.Orphans()
	for _, o := range orphans {
		if slices.Contains(pids, o.PID) {
			err = errors.Join(err, o.Remove())
		}
	}
	return err
}

// checkLeftOvers fails if one of these processes, which have ended, left shared memory behind.
func checkLeftOvers(llmp string, pids []int) error {
	out, err := exec.Command(llmp, "clean", "--dry-run", "--json").Output()
	if err != nil {
		return fmt.Errorf("llmp clean --dry-run: %w", err)
	}
	for line := range bytes.Lines(out) {
		var orphan struct {
			ID  string `json:"id"`
			PID int    `json:"pid"`
		}
		if err := json.Unmarshal(line, &orphan); err != nil {
			return fmt.Errorf("llmp clean --dry-run: %w", err)
		}
		if slices.Contains(pids, orphan.PID) {
			return fmt.Errorf("process %d left shared memory %s behind", orphan.PID, orphan.ID)
		}
	}
	return nil
}
