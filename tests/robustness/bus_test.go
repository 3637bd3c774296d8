package robustness

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"llmp/internal/testkit"
	"llmp/llmp"
)

// A bus is a broker process and how to join it.
type bus struct {
	t      *testing.T
	broker *testkit.Process
	port   string
	tags   llmp.Tag // given to senders
}

// newBus starts a broker that cuts a receiver off after slow.
func newBus(t *testing.T, slow string) *bus {
	t.Helper()
	b := &bus{t: t, port: "0"}
	b.serve(slow)
	return b
}

func (b *bus) serve(slow string) {
	b.t.Helper()
	b.broker = testkit.Spawn(b.t, "broker", b.port, slow)
	b.port = b.broker.ReadLine()
}

// A player is a sender or receiver. lost is set for one that was treated so
// that it may have been cut off.
type player struct {
	*testkit.Process
	name string
	tag  llmp.Tag
	lost bool
}

// play starts a role on the bus, which joins it.
func (b *bus) play(role string, args ...string) *player {
	b.t.Helper()
	p := &player{Process: testkit.Spawn(b.t, role, append([]string{b.port}, args...)...), name: role}
	p.expect(b.t, "joined")
	return p
}

// sender starts one with a tag of its own that sends most messages.
func (b *bus) sender(most int) *player {
	b.t.Helper()
	tag := firstTag + b.tags
	b.tags++
	p := b.play("sender", strconv.Itoa(int(tag)), strconv.Itoa(most))
	p.tag = tag
	return p
}

func (p *player) expect(t *testing.T, start string) string {
	t.Helper()
	line := p.ReadLine()
	rest, ok := strings.CutPrefix(line, start)
	if !ok {
		t.Fatalf("%s %d says %q, want %q", p.name, p.PID, line, start)
	}
	return strings.TrimSpace(rest)
}

// finish has a sender stop, and says how much it has sent.
func (p *player) finish(t *testing.T) uint64 {
	t.Helper()
	_ = p.Stdin.Close()
	line := p.lastLine()
	rest, ok := strings.CutPrefix(line, "sent ")
	if !ok {
		t.Fatalf("sender %d says %q instead of how much it has sent", p.PID, line)
	}
	n, err := strconv.ParseUint(rest, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	p.ended(t)
	return n
}

// lastLine reads on until a process says how it ended.
func (p *player) lastLine() string {
	for {
		switch line := p.ReadLine(); line {
		case "joined", "sending", "all":
		default:
			return line
		}
	}
}

// ended waits for the end of a process, which must be a good one.
func (p *player) ended(t *testing.T) {
	t.Helper()
	if err := p.Wait(); err != nil {
		t.Errorf("%s %d ended badly: %v", p.name, p.PID, err)
	}
}

// complete waits until a receiver has got all of a goal.
func (p *player) complete(t *testing.T, goal ledger) {
	t.Helper()
	_, _ = io.WriteString(p.Stdin, goal.String()+"\n") // who was cut off reads no more
	line := p.ReadLine()
	if strings.HasPrefix(line, "gone:") && p.lost {
		t.Logf("%s %d was cut off: %s", p.name, p.PID, line)
	} else if !strings.HasPrefix(line, "got") {
		t.Errorf("%s %d says %q before it has got everything", p.name, p.PID, line)
	}
	p.ended(t)
}

func (p *player) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(p.PID, s); err != nil {
		t.Errorf("signal %v to %s %d: %v", s, p.name, p.PID, err)
	}
}

// stop ends the broker in good order.
func (b *bus) stop() {
	b.t.Helper()
	_ = b.broker.Stdin.Close()
	b.t.Log("broker: ", b.broker.ReadLine())
	if err := b.broker.Wait(); err != nil {
		b.t.Errorf("the broker ended badly: %v", err)
	}
}

func pids(players ...[]*player) string {
	var all []string
	for _, some := range players {
		for _, p := range some {
			all = append(all, fmt.Sprint(p.PID))
		}
	}
	return strings.Join(all, ",")
}
