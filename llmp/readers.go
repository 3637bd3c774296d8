package llmp

import (
	"math/bits"
	"sync/atomic"
	"time"

	"llmp/internal/clock"
)

// readers are the readers of a broker's broadcast pages who have a slot on its
// bell, as the broker sees them. Others can write to the slots: what the broker
// must not forget it keeps for itself.
type readers struct {
	bell  *bell
	cut   map[int]identity // whom it has cut off
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
	if place == 0 || place&placeCut != 0 || place>>1 > seq {
		return false
	}
	cut, found := r.cut[i]
	return !found || cut != r.bell.owner(i)
}

// cutOff cuts off who stands on page number seq or before it, and returns how
// many. Who moves on in the same moment is not cut off.
func (r *readers) cutOff(seq uint64) (n int) {
	for i := range r.bell.slots() {
		if !r.holds(i, seq) {
			continue
		}
		place := atomic.LoadUint64(r.bell.place(i))
		if place == 0 || place&placeCut != 0 || place>>1 > seq {
			continue
		}
		if atomic.CompareAndSwapUint64(r.bell.place(i), place, place|placeCut) {
			r.cut[i] = r.bell.owner(i)
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
		delete(r.cut, i)
	}
}
