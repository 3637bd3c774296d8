package llmp

import (
	"math/bits"
	"sync/atomic"
	"time"

	"llmp/internal/clock"
)

// readers are the readers of a broker's broadcast pages who have a slot on its
// bell, as the broker sees them. That one was cut off stands in its place and
// nowhere else: who takes the slot after it may be of the same process, and must
// not be taken for it.
type readers struct {
	bell  *bell
	swept clock.Moment
	clean func(slot int) // takes the slot's marks off all pages
}

// sweepEvery bounds how often processes are looked for.
const sweepEvery = 100 * time.Millisecond

// hold says whether somebody stands on page number seq, or on one before it.
func (r *readers) hold(seq uint64) bool {
	for i := range r.bell.slots() {
		if r.holds(i, seq) {
			return true
		}
	}
	return false
}

func (r *readers) holds(i int, seq uint64) bool {
	place := atomic.LoadUint64(r.bell.place(i))
	return place != 0 && place&placeCut == 0 && place>>1 <= seq
}

// A stay is how long a reader has been seen to hold up a full bus.
type stay struct {
	who   identity
	since clock.Moment
}

// note keeps in stays, by their slots, who stands on page number seq or before
// it, and since when they have been seen there.
func (r *readers) note(seq uint64, stays map[int]stay, now clock.Moment) {
	for i := range r.bell.slots() {
		if !r.holds(i, seq) {
			delete(stays, i)
		} else if who := r.bell.owner(i); stays[i].who != who {
			stays[i] = stay{who: who, since: now}
		}
	}
}

// cutOff cuts off those in stays who have been there since then or longer, if
// they stand on page number seq or before it still, and returns how many. Who
// moves on in the same moment is not cut off.
func (r *readers) cutOff(seq uint64, stays map[int]stay, then clock.Moment) (n int) {
	for i, s := range stays {
		place := atomic.LoadUint64(r.bell.place(i))
		if then.Before(s.since) || place == 0 || place&placeCut != 0 || place>>1 > seq {
			continue
		}
		if atomic.CompareAndSwapUint64(r.bell.place(i), place, place|placeCut) {
			n++
		}
	}
	return n
}

// trusted counts those of a set of slots whose processes can be seen to live.
func (r *readers) trusted(s *slotSet) (n int) {
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			i := w*64 + bits.TrailingZeros64(word)
			if atomic.LoadUint32(r.bell.pid(i)) != 0 && atomic.LoadUint32(r.bell.namespace(i)) == self().namespace {
				n++
			}
		}
	}
	return n
}

// sweep frees the slots of processes that are no more.
func (r *readers) sweep(now clock.Moment) {
	if now.Sub(r.swept) < sweepEvery {
		return
	}
	r.swept = now
	for i := range r.bell.slots() {
		o := r.bell.owner(i)
		if o.pid != 0 && o.lives() {
			continue
		}
		if o.pid == 0 && atomic.LoadUint64(r.bell.place(i)) == 0 {
			continue // free
		}
		r.clean(i)
		r.bell.giveSlot(i)
	}
}
