package llmp

import (
	"context"
	"errors"
	"math/bits"
	"sync/atomic"
	"time"

	"llmp/internal/clock"
	"llmp/internal/futex"
	"llmp/internal/wire"
)

// armEvery is how often a broker that does not sleep stops polling clients that
// fell silent.
const armEvery = 64

// Run forwards messages until ctx ends, Stop is called, or ExitAfter clients
// have come and all have gone; then it tells the clients. It sleeps when there
// is nothing to do. nil when it ended in one of these ways.
func (b *Broker) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, b.bell.shake)()
	l := b.NewLoop()
	for {
		r, err := l.Round(ctx)
		if r.Over || err != nil {
			return err
		}
		if r.Handled == 0 {
			b.checkTimeout()
		}
		if r.Sleep > 0 {
			futex.Wait(b.WakeWord(), r.Seq, b.untilTimeout(r.Sleep))
		}
	}
}

// A Loop is Run taken to pieces, for a host that sleeps in its own way between
// two rounds. The C library does: its host's signal handlers run meanwhile.
type Loop struct {
	b       *Broker
	nap     time.Duration
	spinEnd clock.Moment
	slept   time.Duration // how long the last round allowed to sleep
	sleeper futex.Sleeper
}

// A Round is what a round of a Loop came to.
type Round struct {
	Over    bool          // the broker has ended, and its clients were told
	Handled int           // messages
	Seq     uint32        // sleep only while WakeWord has this value,
	Sleep   time.Duration // and at most so long; 0: go on at once
}

// NewLoop starts a loop. A broker runs in one loop at a time.
func (b *Broker) NewLoop() *Loop {
	b.lastActive = clock.Now()
	return &Loop{b: b, nap: firstPoll}
}

// Round forwards what is there, without waiting.
func (l *Loop) Round(ctx context.Context) (Round, error) { return l.forward(inContext{ctx}) }

func (l *Loop) forward(ctx ender) (Round, error) {
	b := l.b
	l.awake()
	if b.over(ctx) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.end()
		return Round{Over: true}, nil
	}
	seq := atomic.LoadUint32(b.bell.seq()) // before the round: what rings during it counts
	n, err := b.Once()
	if err != nil || n > 0 || b.moved {
		l.nap, l.spinEnd = firstPoll, 0
		return Round{Handled: n}, err
	}
	if b.full { // receivers do not ring when they have read a page
		l.sleep(lastPoll)
		return Round{Seq: seq, Sleep: l.slept}, nil
	}
	if b.spinning(&l.spinEnd) {
		return Round{}, nil
	}
	if limit, found := b.rest(0); !found {
		l.sleep(limit)
	}
	return Round{Seq: seq, Sleep: l.slept}, nil
}

// sleep allows to sleep until somebody rings. limit is how soon to look all the
// same; up to lastPoll it is approached slowly.
func (l *Loop) sleep(limit time.Duration) {
	l.slept = limit
	if limit <= lastPoll {
		l.slept = min(l.nap, limit)
		l.nap = min(2*l.nap, lastPoll)
	}
	l.sleeper.Prepare()
	atomic.StoreUint32(l.b.bell.sleeping(), 1)
}

// awake ends the sleep that the last round may have allowed.
func (l *Loop) awake() {
	if l.slept == 0 {
		return
	}
	atomic.StoreUint32(l.b.bell.sleeping(), 0)
	if l.slept >= backstop {
		l.b.lookAtAll()
	}
	l.slept = 0
}

// over says whether Run has to end.
func (b *Broker) over(ctx ender) bool {
	if ctx.Err() != nil || atomic.LoadUint32(b.stop) != 0 {
		return true
	}
	if b.opts.ExitAfter == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.members) == 0 && int(b.nextID)-b.own >= b.opts.ExitAfter
}

func (b *Broker) spinning(end *clock.Moment) bool {
	if b.opts.Spin == 0 {
		return false
	}
	now := clock.Now()
	if end.IsZero() {
		*end = now.Add(b.opts.Spin)
	}
	return now.Before(*end)
}

func (b *Broker) checkTimeout() {
	if b.onTimeout == nil || b.timeout <= 0 {
		return
	}
	if now := clock.Now(); now.Sub(b.lastActive) >= b.timeout {
		b.lastActive = now
		b.onTimeout(b)
	}
}

// untilTimeout shortens a sleep so that it ends when OnTimeout's function is due.
func (b *Broker) untilTimeout(sleep time.Duration) time.Duration {
	if b.onTimeout == nil || b.timeout <= 0 {
		return sleep
	}
	return min(sleep, max(b.timeout-clock.Since(b.lastActive), 0))
}

// rest asks the polled members that were silent for some rounds to ring from
// now on. limit is how long the broker may sleep without being rung: some may
// have to be polled. found: one has just sent.
func (b *Broker) rest(silent uint64) (limit time.Duration, found bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	limit = backstop
	b.sweepMembers(clock.Now())
	if silent == 0 {
		b.pages.tidy()
		b.entries.sweep(clock.Now())
		if soon := b.entries.polls(); soon != 0 {
			limit = soon
		}
	}
	polls := false
	defer func() {
		if polls {
			limit = lastPoll
		}
	}()
	var asked []*member
	keep := b.hot[:0]
	for _, m := range b.hot {
		switch {
		case m.quit || b.round-m.lastRound < silent:
			keep = append(keep, m)
			found = found || m.quit
		case m.rings():
			atomic.StoreUint32(b.bell.want(m.id), 1)
			m.hot = false
			asked = append(asked, m)
		default:
			keep = append(keep, m)
			polls = true
		}
	}
	clear(b.hot[len(keep):])
	b.hot = keep
	if len(asked) == 0 {
		return limit, found
	}
	// The clients' half of this barrier is saved (see publish): after it,
	// either we see a message committed before, or its sender sees want.
	reliable := futex.Barrier()
	for _, m := range asked {
		if m.ready() || !reliable {
			b.heat(m)
			found = found || m.ready()
			polls = polls || !reliable
		}
	}
	return limit, found
}

// restOnce is rest for a host that calls Once and sleeps, or does not, in its own
// way. It has to be seen to here that nobody is overlooked.
func (b *Broker) restOnce(handled int) {
	b.rest(armEvery)
	if now := clock.Now(); now.Sub(b.lookedAtAll) >= backstop {
		b.lookedAtAll = now
		b.lookAtAll()
	}
	if handled == 0 {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.pages.tidy()
	}
}

// heatRung polls those who rang. The bits lie in shared memory: who set one
// without having sent costs a look, no more.
func (b *Broker) heatRung() {
	for word := range min(wire.BellSlots, int(b.nextID)+63) / 64 {
		p := b.bell.rang(word)
		if atomic.LoadUint64(p) == 0 {
			continue
		}
		for rang := atomic.SwapUint64(p, 0); rang != 0; rang &= rang - 1 {
			if m := b.find(ClientID(word*64 + bits.TrailingZeros64(rang))); m != nil {
				b.heat(m)
			}
		}
	}
}

// lookAtAll polls everyone once, in case a client died between committing and
// ringing, or handed its page to a peer that cannot ring.
func (b *Broker) lookAtAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.members {
		if m.ready() || !m.rings() {
			b.heat(m)
		}
	}
}

// RunAll runs several brokers in one loop, until each has ended as in Run. The
// first error ends it.
func RunAll(ctx context.Context, brokers ...*Broker) error {
	var running []*Loop
	for _, b := range brokers {
		defer context.AfterFunc(ctx, b.bell.shake)()
		running = append(running, b.NewLoop())
	}
	nap := firstPoll
	var words []futex.Word
	for {
		sleep := backstop
		kept := running[:0]
		words = words[:0]
		for _, l := range running {
			r, err := l.Round(ctx)
			if err != nil {
				return err
			}
			if r.Over {
				continue
			}
			kept = append(kept, l)
			words = append(words, futex.Word{Addr: l.b.WakeWord(), Val: r.Seq})
			sleep = min(sleep, l.b.untilTimeout(r.Sleep))
			if r.Handled == 0 {
				l.b.checkTimeout()
			}
		}
		running = kept
		if len(running) == 0 {
			return nil
		}
		if sleep == 0 {
			nap = firstPoll
			continue
		}
		if errors.Is(futex.WaitAny(words, sleep), futex.ErrUnsupported) {
			// Wake up often enough instead.
			time.Sleep(min(nap, sleep))
			nap = min(2*nap, lastPoll)
		}
	}
}
