package robustness

import (
	"strings"
	"syscall"
	"testing"
)

// TestBrokerKilled kills the broker under its clients. Senders are told, nobody
// hangs, and the port and the machine are ready for another broker.
func TestBrokerKilled(t *testing.T) {
	rounds(t, func(t *testing.T) {
		b := newBus(t, "20s")
		for range 2 {
			sender, reader := b.sender(1<<40), b.play("receiver")
			sender.expect(t, "sending")
			b.broker.Kill()
			if line := sender.ReadLine(); !strings.HasPrefix(line, "gone:") {
				t.Errorf("a sender whose broker was killed says %q", line)
			}
			sender.ended(t)
			_ = reader.Stdin.Close() // it may wait for ever for a message; not to end
			reader.ReadLine()
			reader.ended(t)
			b.serve("20s")
		}
		last, reader := b.sender(100), b.play("receiver")
		reader.complete(t, ledger{last.tag: last.finish(t)})
		b.stop()
	})
}

// TestStopped has a receiver that is stopped and never goes on: the others get
// everything all the same, and it is told what became of it.
func TestStopped(t *testing.T) {
	rounds(t, func(t *testing.T) {
		b := newBus(t, "500ms")
		stopped, reader := b.play("receiver"), b.play("receiver")
		if path := buildProbe(t); path != "" {
			other := b.playC(path)
			other.signal(t, syscall.SIGSTOP)
			defer func() {
				other.signal(t, syscall.SIGCONT)
				other.lost = true
				other.complete(t, ledger{firstTag: 5000})
			}()
		}
		stopped.signal(t, syscall.SIGSTOP)
		sender := b.sender(5000)
		sender.expect(t, "sending")
		sender.expect(t, "all") // some 400 pages, of a budget of 128
		goal := ledger{sender.tag: sender.finish(t)}
		reader.complete(t, goal)
		stopped.signal(t, syscall.SIGCONT)
		stopped.lost = true
		stopped.complete(t, goal)
		b.stop()
	})
}
