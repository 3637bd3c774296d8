package llmp

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"llmp/internal/testkit"
	"llmp/shmem"
)

// A bus of TestRandomSchedules: one broker, whose messages are numbered, and
// readers of all kinds that come, read, stop, and go.
type schedule struct {
	t    *testing.T
	rng  *rand.Rand
	p    shmem.Provider
	b    *Broker
	o    BrokerOptions
	sent uint64

	libafl []*libaflReader
	ours   []*ourReader
}

// ourReader is a receiver of ours, with a slot or counted.
type ourReader struct {
	r    *Receiver
	e    *entry // nil: it came by a public door
	due  uint64
	lazy bool
}

const scheduleReaders = 7

func newSchedule(t *testing.T, rng *rand.Rand, o BrokerOptions) *schedule {
	b, err := NewBroker(o)
	if err != nil {
		t.Fatal(err)
	}
	return &schedule{t: t, rng: rng, p: o.Provider, b: b, o: o}
}

// door is where a new reader starts. Where attachments are not counted, Map
// cannot know that a LibAFL reader has come, and would show the same door twice.
func (s *schedule) door(libafl bool) (MapDescription, *entry) {
	if s.rng.IntN(2) == 0 && !(libafl && s.p.Name() == shmem.Posix) {
		return s.b.Map(), nil // by the environment
	}
	e, m, err := s.b.openEntry() // over TCP
	if errors.Is(err, ErrFull) {
		return MapDescription{}, nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	e.known = true
	return m, e
}

// leave closes a reader of ours. The broker learns of it as it learns of a
// client's end; for readers by a public door it has to see that they are gone,
// which not all providers let it.
func (s *schedule) leave(i int) {
	o := s.ours[i]
	if o.e == nil && o.r.page.isEntry() {
		return
	}
	_ = o.r.Close()
	if o.e != nil && o.e.state != entryOver {
		s.b.entries.leave(o.e)
	}
	s.ours = append(s.ours[:i], s.ours[i+1:]...)
}

func (s *schedule) join() {
	if len(s.libafl)+len(s.ours) >= scheduleReaders {
		return
	}
	libafl := s.rng.IntN(2) == 0
	door, e := s.door(libafl)
	if door.Size == 0 {
		return // no room for one more
	}
	if libafl {
		r, err := joinAsLibAFL(s.p, door)
		if err != nil {
			s.t.Fatal(err)
		}
		s.libafl = append(s.libafl, r)
		return
	}
	r, err := AttachReceiver(door, Options{Provider: s.p, counted: s.rng.IntN(4) == 0})
	if err != nil {
		s.t.Fatal(err)
	}
	s.ours = append(s.ours, &ourReader{r: r, e: e, lazy: s.rng.IntN(3) == 0})
}

func (s *schedule) send() {
	for range s.rng.IntN(20) {
		size := s.rng.IntN(400)
		if s.rng.IntN(100) == 0 {
			size = s.rng.IntN(3 * s.o.PageSize)
		}
		err := s.b.Send(1, 0, numbered(s.sent, size))
		if errors.Is(err, ErrFull) {
			return
		}
		if err != nil {
			s.t.Fatal(err)
		}
		s.sent++
	}
}

// round lets the broker look after its joiners.
func (s *schedule) round() {
	if _, err := s.b.Once(); err != nil {
		s.t.Fatal(err)
	}
	if s.rng.IntN(4) == 0 {
		_, _ = s.b.rest(0)
	}
}

func (s *schedule) readOne(o *ourReader, most int) {
	for range most {
		m, ok, err := o.r.Recv()
		if err != nil {
			if errors.Is(err, ErrCorrupt) || s.o.SlowTimeout == WaitForever {
				s.t.Fatalf("a reader of ours got %v after %d messages", err, o.due)
			}
			return
		}
		if !ok {
			return
		}
		if err := checkNumbered(m.Data, o.due); err != nil {
			s.t.Fatalf("a reader of ours: %v", err)
		}
		o.due++
	}
}

// checkEnd says whether a LibAFL reader may have ended so.
func (s *schedule) checkEnd(r *libaflReader) {
	if r.err == nil {
		return
	}
	if errors.Is(r.err, errWrong) || s.o.SlowTimeout == WaitForever {
		s.t.Fatalf("a counted reader got %v after %d messages", r.err, r.due)
	}
}

// act does one random thing.
func (s *schedule) act() {
	switch n := s.rng.IntN(100); {
	case n < 30:
		s.send()
	case n < 45:
		s.round()
	case n < 50:
		s.join()
	case n < 70 && len(s.libafl) > 0:
		i := s.rng.IntN(len(s.libafl))
		r := s.libafl[i]
		for range s.rng.IntN(60) {
			if !r.step() {
				break
			}
		}
		s.checkEnd(r)
		if r.err != nil {
			s.libafl = append(s.libafl[:i], s.libafl[i+1:]...)
		}
	case n < 95 && len(s.ours) > 0:
		o := s.ours[s.rng.IntN(len(s.ours))]
		if !o.lazy || s.rng.IntN(5) == 0 {
			s.readOne(o, s.rng.IntN(80))
		}
	case n < 97 && len(s.ours) > 0:
		s.leave(s.rng.IntN(len(s.ours)))
	case n < 98 && len(s.libafl) > 0 && s.o.SlowTimeout != WaitForever:
		i := s.rng.IntN(len(s.libafl))
		s.libafl[i].end(errors.New("killed"))
		s.libafl = append(s.libafl[:i], s.libafl[i+1:]...)
	}
}

// finish lets everybody read to the end: whoever has not been cut off must get
// all there is.
func (s *schedule) finish() {
	deadline := time.Now().Add(10 * time.Second)
	for {
		all := true
		s.round()
		for _, r := range s.libafl {
			for r.step() {
			}
			s.checkEnd(r)
			all = all && (r.err != nil || r.due == s.sent)
		}
		for _, o := range s.ours {
			s.readOne(o, 1000)
			all = all && (o.r.end != nil || o.due == s.sent)
		}
		if all {
			break
		}
		runtime.Gosched() // the archive works meanwhile
		if time.Now().After(deadline) {
			for _, r := range s.libafl {
				s.t.Errorf("a counted reader has %d of %d messages: step %d", r.due, s.sent, r.at)
			}
			for _, o := range s.ours {
				s.t.Errorf("a reader of ours has %d of %d messages, slot %v", o.due, s.sent, o.r.board != nil)
			}
			for _, e := range s.b.entries.all {
				own := e.s.past.(*ownPages)
				s.t.Errorf("an entry in state %d, next %d of %d, passed %v, image %d bytes, asked %d, turn %v, waits %v, %d pages, %d in limbo, on one of %d bytes", e.state, e.next, s.b.pages.last,
					e.passedDoor(), len(e.image), e.asked, s.b.entries.turn == e, e.waits, len(own.pages), len(own.limbo), e.s.page.size)
			}
			s.t.Errorf("%d filled, at most %d; pages from %d", s.b.entries.filling, s.b.maxFilling(), s.b.pages.pages[0].seq)
			s.t.Fatal("not everybody got everything")
		}
	}
	for _, r := range s.libafl {
		r.end(nil)
	}
	for _, o := range s.ours {
		_ = o.r.Close()
	}
	if err := s.b.Close(); err != nil {
		s.t.Error(err)
	}
}

// bounded says whether the broker keeps to its budget.
func (s *schedule) bounded() {
	if got := s.b.Stats().SharedBytes; got > uint64(s.o.Budget) {
		s.t.Fatalf("%d bytes of shared memory, budget %d: %d pages, %d ghosts, %d spare, together %d, entries %d of which idle %d",
			got, s.o.Budget, len(s.b.pages.pages), len(s.b.pages.ghosts), len(s.b.pages.spare),
			s.b.pages.footprint(), s.b.entries.footprint(), s.b.entries.idleFootprint())
	}
}

// TestRandomSchedules lets readers of all kinds, LibAFL's among them, stop at
// any step while pages are used again under them: each must get each message
// once, in order, with its bytes; who was cut off gets a beginning of that, and
// an error.
func TestRandomSchedules(t *testing.T) {
	runs, steps := 60, 6000
	if testing.Short() {
		runs, steps = 12, 2500
	}
	for name, timeout := range map[string]time.Duration{"patient": WaitForever, "strict": time.Nanosecond} {
		for pname, p := range providers(t) {
			t.Run(name+"/"+pname, func(t *testing.T) {
				t.Parallel()
				rng := testkit.Rand(t)
				for range runs / 6 {
					s := newSchedule(t, rng, BrokerOptions{
						Provider: p, PageSize: 4096, Budget: 1 << 20, SlowTimeout: timeout, ArchiveDir: t.TempDir(),
					})
					for range steps {
						s.act()
						s.bounded()
					}
					s.finish()
				}
			})
		}
	}
}
