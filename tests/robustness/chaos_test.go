package robustness

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"llmp/internal/testkit"
)

// TestChaos kills, stops and adds senders and receivers at random while pages
// turn over. Receivers of ours in Go and C, and LibAFL's where cargo is, must
// each get every message of every sender from the first one on.
func TestChaos(t *testing.T) {
	rounds(t, func(t *testing.T) { newChaos(t, testkit.Rand(t)).run() })
}

const (
	chaosSteps  = 60
	mostSenders = 5
	mostReaders = 8
	eachSends   = 3000 // messages
)

type chaos struct {
	t         *testing.T
	rng       *rand.Rand
	bus       *bus
	senders   []*player
	readers   []*player
	finished  ledger // what those senders that were not killed have sent
	cProbe    string
	libafl    *libafl
	stoppages int
}

func newChaos(t *testing.T, rng *rand.Rand) *chaos {
	return &chaos{t: t, rng: rng, bus: newBus(t, "20s"), finished: ledger{}, cProbe: buildProbe(t)}
}

func (c *chaos) run() {
	c.addReader()
	c.addSender()
	c.libafl = joinLibAFL(c.t, c.bus)
	victim := joinLibAFL(c.t, c.bus)
	for i := range chaosSteps {
		c.step()
		switch i {
		case chaosSteps / 3:
			c.libafl.pause(c.t, time.Duration(c.rng.IntN(500))*time.Millisecond)
		case chaosSteps / 2:
			victim.murder(c.t)
		}
		time.Sleep(time.Duration(c.rng.IntN(60)) * time.Millisecond)
	}
	for len(c.senders) > 0 {
		c.finishSender()
	}
	c.addReader() // late: all there ever was
	for _, r := range c.readers {
		r.complete(c.t, c.finished)
	}
	c.bus.stop()
	c.libafl.check(c.t, c.finished)
	c.t.Logf("%d readers to the end; %d times one was stopped", len(c.readers), c.stoppages)
}

// step does one thing at random.
func (c *chaos) step() {
	switch c.rng.IntN(10) {
	case 0, 1:
		c.addSender()
	case 2, 3:
		c.addReader()
	case 4:
		c.finishSender()
	case 5:
		if i, ok := c.pick(c.senders); ok {
			c.senders[i].Kill()
			c.senders = without(c.senders, i)
		}
	case 6, 7:
		if i, ok := c.pick(c.readers); ok {
			c.readers[i].Kill()
			c.readers = without(c.readers, i)
		}
	default:
		c.stopAwhile()
	}
}

// stopAwhile stops a process, which may then be anywhere, and later goes on
// with it or kills it.
func (c *chaos) stopAwhile() {
	from := &c.readers
	if c.rng.IntN(3) == 0 {
		from = &c.senders
	}
	i, ok := c.pick(*from)
	if !ok {
		return
	}
	p := (*from)[i]
	p.signal(c.t, syscall.SIGSTOP)
	c.stoppages++
	time.Sleep(time.Duration(c.rng.IntN(300)) * time.Millisecond)
	if c.rng.IntN(4) == 0 {
		p.Kill()
		*from = without(*from, i)
		return
	}
	p.signal(c.t, syscall.SIGCONT)
}

func (c *chaos) addSender() {
	if len(c.senders) < mostSenders {
		c.senders = append(c.senders, c.bus.sender(eachSends))
	}
}

func (c *chaos) addReader() {
	if len(c.readers) >= mostReaders {
		return
	}
	if c.cProbe != "" && c.rng.IntN(3) == 0 {
		c.readers = append(c.readers, c.bus.playC(c.cProbe))
		return
	}
	c.readers = append(c.readers, c.bus.play("receiver"))
}

func (c *chaos) finishSender() {
	if i, ok := c.pick(c.senders); ok {
		p := c.senders[i]
		c.senders = without(c.senders, i)
		c.finished[p.tag] = p.finish(c.t)
	}
}

func (c *chaos) pick(from []*player) (int, bool) {
	if len(from) == 0 {
		return 0, false
	}
	return c.rng.IntN(len(from)), true
}

func without(all []*player, i int) []*player {
	return append(append([]*player(nil), all[:i]...), all[i+1:]...)
}
