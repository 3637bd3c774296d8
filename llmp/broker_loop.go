package llmp

import (
	"context"
	"math/bits"
	"sync/atomic"
	"time"

	"llmp/internal/futex"
	"llmp/internal/wire"
)

// armEvery is how often a busy broker stops polling clients that fell silent.
const armEvery = 64

// Run forwards messages until ctx ends, Stop is called, or ExitAfter clients
// have come and all have gone; then it tells the clients. It sleeps when there
// is nothing to do. nil when it ended in one of these ways.
func (b *Broker) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, b.bell.shake)()
	b.lastActive = time.Now()
	nap := firstPoll
	var spinEnd time.Time
	for {
		over, err := b.step(ctx, &nap, &spinEnd)
		if over || err != nil {
			return err
		}
	}
}

// step is one round of Run, and a sleep if there was nothing to do.
func (b *Broker) step(ctx context.Context, nap *time.Duration, spinEnd *time.Time) (over bool, err error) {
	if b.over(ctx) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.end()
		return true, nil
	}
	seq := atomic.LoadUint32(b.bell.seq()) // before the round: what rings during it counts
	n, err := b.Once()
	if err != nil {
		return true, err
	}
	if n > 0 {
		*nap, *spinEnd = firstPoll, time.Time{}
		if b.round%armEvery == 0 {
			b.rest(armEvery)
		}
		return false, nil
	}
	b.checkTimeout()
	if b.spinning(spinEnd) {
		return false, nil
	}
	polls, found := b.rest(0)
	if !found && !b.over(ctx) {
		b.sleep(seq, b.sleepLimit(polls, nap))
	}
	return false, nil
}

// over says whether Run has to end.
func (b *Broker) over(ctx context.Context) bool {
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

func (b *Broker) spinning(end *time.Time) bool {
	if b.opts.Spin == 0 {
		return false
	}
	now := time.Now()
	if end.IsZero() {
		*end = now.Add(b.opts.Spin)
	}
	return now.Before(*end)
}

func (b *Broker) checkTimeout() {
	if b.onTimeout == nil || b.timeout <= 0 {
		return
	}
	if now := time.Now(); now.Sub(b.lastActive) >= b.timeout {
		b.lastActive = now
		b.onTimeout(b)
	}
}

// rest asks the polled members that were silent for some rounds to ring from
// now on. polls: some cannot, and must be polled; found: one has just sent.
func (b *Broker) rest(silent uint64) (polls, found bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
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
		return polls, found
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
	return polls, found
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

// sleepLimit is how long the broker may sleep without being rung.
func (b *Broker) sleepLimit(polls bool, nap *time.Duration) time.Duration {
	limit := backstop
	if polls {
		limit = *nap
		*nap = min(2**nap, lastPoll)
	}
	if b.onTimeout != nil && b.timeout > 0 {
		limit = min(limit, max(b.timeout-time.Since(b.lastActive), 0))
	}
	return limit
}

// sleep waits until the bell rings or the time is over.
func (b *Broker) sleep(seq uint32, limit time.Duration) {
	atomic.StoreUint32(b.bell.sleeping(), 1)
	futex.Wait(b.bell.seq(), seq, limit)
	atomic.StoreUint32(b.bell.sleeping(), 0)
	if limit >= backstop {
		b.lookAtAll()
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
	running := append([]*Broker(nil), brokers...)
	for _, b := range running {
		defer context.AfterFunc(ctx, b.bell.shake)()
		b.lastActive = time.Now()
	}
	nap := firstPoll
	for len(running) > 0 {
		idle := true
		kept := running[:0]
		for _, b := range running {
			if b.over(ctx) {
				b.mu.Lock()
				b.end()
				b.mu.Unlock()
				continue
			}
			kept = append(kept, b)
			n, err := b.Once()
			if err != nil {
				return err
			}
			idle = idle && n == 0
			b.checkTimeout()
		}
		running = kept
		if !idle {
			nap = firstPoll
			continue
		}
		// Several words to sleep on: wake up often enough instead.
		time.Sleep(nap)
		nap = min(2*nap, lastPoll)
	}
	return nil
}
