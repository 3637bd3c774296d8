package llmp

import (
	"sync/atomic"
	"time"

	"llmp/internal/futex"
)

// A waiter sleeps until the page a receiver stands on gets another message.
//
// On pages that have an annex it notes itself there and sleeps on the message
// id; the sender wakes it. No wake-up is lost: the note is stored before the
// id is looked at for the last time, the sender stores the id before it looks
// at the note, and the barrier between the waiter's two steps stands in for
// the one the sender saves. Other pages are polled, backing off to 1 ms.
type waiter struct {
	r        *Receiver
	ctx      ender
	deadline time.Time // zero: none
	nap      time.Duration
	spinEnd  time.Time

	// For a context: wakes the sleeper from another goroutine.
	word     atomic.Pointer[uint32]
	unhook   func() bool
	finished chan struct{}
}

const (
	firstPoll = 50 * time.Microsecond
	lastPoll  = time.Millisecond
	// backstop bounds a sleep, in case a sender dies between its two steps.
	backstop = time.Second
)

// newWaiter waits until ctx (if not nil) ends or d (if not negative) is over.
func newWaiter(r *Receiver, ctx ender, d time.Duration) *waiter {
	w := &waiter{r: r, nap: firstPoll}
	now := time.Now()
	if d >= 0 {
		w.deadline = now.Add(d)
	}
	if r.opts.Spin > 0 {
		w.spinEnd = now.Add(r.opts.Spin)
	}
	if ctx != nil {
		w.ctx = ctx
		w.finished = make(chan struct{})
		w.unhook = ctx.AfterFunc(w.interrupt)
	}
	return w
}

// interrupt wakes the sleeper until it has seen that its context has ended.
func (w *waiter) interrupt() {
	for {
		if p := w.word.Load(); p != nil {
			futex.Wake(p, wakeAll)
		}
		select {
		case <-w.finished:
			return
		default:
			time.Sleep(lastPoll)
		}
	}
}

// stop ends what newWaiter started, before the page can go away.
func (w *waiter) stop() {
	if w.unhook == nil {
		return
	}
	w.word.Store(nil)
	close(w.finished)
	w.unhook()
}

// wait sleeps until it is worth looking again; false when the time or the
// context is over.
func (w *waiter) wait() bool {
	for !w.spinEnd.IsZero() {
		if w.ready() {
			return true
		}
		if time.Now().After(w.spinEnd) {
			w.spinEnd = time.Time{}
		}
	}
	left := backstop
	if !w.deadline.IsZero() {
		if left = time.Until(w.deadline); left <= 0 {
			return false
		}
	}
	if w.ctx != nil && w.ctx.Err() != nil {
		return false
	}
	note := w.r.cur.Waiters
	if note == nil {
		time.Sleep(min(w.nap, left))
		w.nap = min(2*w.nap, lastPoll)
		return true
	}
	word := futexWord(w.r.cur.Base)
	w.word.Store(word)
	defer w.word.Store(nil)
	seen := uint32(w.r.cur.SeenID)
	atomic.StoreUint32(note, 1)
	limit := backstop
	if !futex.Barrier() {
		limit = lastPoll // senders of this machine cannot be relied on to see the note
	}
	if w.ready() {
		return true
	}
	_ = w.r.sleeper.Wait(word, seen, min(left, limit))
	return true
}

func (w *waiter) ready() bool {
	return atomic.LoadUint64(currentID(w.r.cur.Base)) > w.r.cur.SeenID
}
