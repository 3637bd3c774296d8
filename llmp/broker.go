package llmp

import (
	"sync"
	"sync/atomic"
	"time"

	"llmp/internal/clock"
	"llmp/internal/cursor"
	"llmp/internal/tcp"
	"llmp/internal/wire"
	"llmp/shmem"
)

// A Broker copies what its clients send to one broadcast page that all read.
// Its methods are for one goroutine at a time; Stop, Stats and ClientStats may
// be called from any.
type Broker struct {
	opts BrokerOptions
	bell *bell

	// mu guards what the goroutines of listeners touch too. The loop holds
	// it for a round at a time.
	mu         sync.Mutex
	out        *Sender
	pages      *broadcast // the pages that out has written, and writes
	entries    entries
	readers    readers
	members    []*member    // ascending ids
	swept      clock.Moment // when the dead were last looked for
	hot        []*member    // those that are polled; the others ring
	nextID     ClientID
	own        int // ids that listeners took
	listeners  []*listener
	handshakes map[*tcp.Conn]struct{}
	proxies    map[*proxy]struct{}
	closing    bool
	tasks      sync.WaitGroup // goroutines of listeners and proxies

	// Of the loop alone.
	hooks       []Hook
	added       []Outgoing // by hooks, to follow the current message
	backlog     []pending  // what hooks let through or added when the bus was full
	inHook      bool
	shown       Message // what hooks see; one for all, so that none is allocated
	round       uint64
	lookedAtAll clock.Moment // by Once
	full        bool         // the last round ended since there was no room
	moved       bool         // the last round gave a joiner history
	ended       bool         // EXITING was said
	onTimeout   func(*Broker)
	timeout     time.Duration
	lastActive  clock.Moment

	stop  *uint32 // in memory that the C library may share
	count counters64
	start clock.Moment
}

// A Hook sees each message in the broker's goroutine, in the order in which
// hooks were added. It may change m.Tag and m.Flags, and m.Data: in place, by
// reslicing, or by putting another slice there. Broker.Send in a hook adds
// messages behind the current one.
type Hook func(b *Broker, client ClientID, m *Message) Verdict

// Verdict is what a hook says about a message.
type Verdict int

const (
	Forward Verdict = iota // on to the next hook, then to all clients
	Drop                   // handled here: nobody else sees it
)

// NewBroker makes a broker with an empty broadcast page and no clients.
// Errors: ErrInvalid, ErrNoMemory.
func NewBroker(o BrokerOptions) (*Broker, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &Broker{opts: o, proxies: map[*proxy]struct{}{}, stop: new(uint32), start: clock.Now()}
	if b.bell, err = newBell(o.Provider); err != nil {
		return nil, err
	}
	so := o.senderOptions()
	so.SendTimeout = NoWait // a full bus is for the loop to wait for
	b.out, err = newSenderOn(wire.NextMapSize(0, uint64(so.PageSize)), 0, so, b.onPage)
	if err != nil {
		b.bell.close()
		return nil, err
	}
	b.out.lean = true
	b.entries.b = b
	b.readers = readers{bell: b.bell, clean: b.cleanSlot}
	b.pages = newBroadcast(b, b.out.page)
	b.out.past = b.pages
	return b, nil
}

// onPage sets up a broadcast page: clients find the bell by it, and sleep on it.
func (b *Broker) onPage(pg *page) cursor.Ring {
	pg.setFlags(wire.AnnexFlagBroadcast)
	b.bell.announceOn(pg)
	return ringOnPage(pg)
}

// cleanSlot takes the marks of a reader that is no more off all pages.
func (b *Broker) cleanSlot(slot int) {
	for _, pg := range b.pages.mapped() {
		pg.unmarkMapped(slot)
	}
}

// StopWord is where a 1 makes Run return, WakeWord what has to be changed and
// woken then (see Stop). They are all that a signal handler needs.
func (b *Broker) StopWord() *uint32 { return b.stop }

// WakeWord is the futex on which Run sleeps.
func (b *Broker) WakeWord() *uint32 { return b.bell.seq() }

// MoveStopWord makes the broker look at another word, with the same value, to
// see whether to stop. For the C library.
func (b *Broker) MoveStopWord(to *uint32) {
	atomic.StoreUint32(to, atomic.LoadUint32(b.stop))
	b.stop = to
}

// Stop makes Run return soon, the current or the next one. Any goroutine, as
// long as the broker is not closed.
func (b *Broker) Stop() {
	atomic.StoreUint32(b.stop, 1)
	b.bell.shake()
}

// AddHook adds a hook behind those that are there. Not while Run is under way.
func (b *Broker) AddHook(h Hook) { b.hooks = append(b.hooks, h) }

// OnTimeout makes Run call f after each d without a message.
func (b *Broker) OnTimeout(d time.Duration, f func(*Broker)) { b.timeout, b.onTimeout = d, f }

// AddClient adds a client by the page it sends on, as if it had been
// announced, and returns its id. Errors: ErrNotFound, ErrCorrupt, ErrInvalid.
func (b *Broker) AddClient(id shmem.ID, size int) (ClientID, error) {
	if size < 0 {
		return 0, fail(ErrInvalid, "a map of %d bytes", size)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m, err := b.admit(MapDescription{ID: id, Size: uint64(size), Offset: NoOffset}, KindLocal)
	if err != nil {
		return 0, err
	}
	return m.id, nil
}

// Send broadcasts a message of the broker's own, as client 0. Inside a hook it
// is added behind the current message. Errors as Sender.Send.
func (b *Broker) Send(tag Tag, flags Flags, data []byte) error {
	if wire.Reserved(uint32(tag)) {
		return reservedTag(tag)
	}
	if b.inHook { // the loop holds the lock
		if uint64(len(data)) > MaxPayload {
			return tooBig(len(data))
		}
		b.added = append(b.added, Outgoing{Tag: tag, Flags: flags, Data: append([]byte(nil), data...)})
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return brokerClosed()
	}
	if len(b.backlog) > 0 {
		return fail(ErrFull, "messages of hooks wait already: let the loop run, and send again later")
	}
	if err := b.out.SendFlags(tag, flags, data); err != nil {
		return err
	}
	b.count.forwarded.Add(1)
	return nil
}

func brokerClosed() error {
	return fail(ErrClosed, "this broker has ended: its clients were told; make a new one")
}

// Map is the page on which a new client starts to read. It is for one client,
// or receiver, alone: once that has attached it, Map says another one. A second
// one that starts on the same page gets everything, too, or ErrNotFound. It
// stays valid until the broker ends, however much is sent before it is used.
// The map is empty when the broker has ended or there is no memory for one.
func (b *Broker) Map() MapDescription {
	m, _ := b.doorMap()
	return m
}

func (b *Broker) doorMap() (MapDescription, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing || b.ended {
		return MapDescription{Offset: NoOffset}, brokerClosed()
	}
	e, err := b.entries.door()
	if err != nil {
		return MapDescription{Offset: NoOffset}, err
	}
	return e.door.place(0), nil
}

// EnvVars are the variables for NewClientFromEnv: NAME and NAME_SIZE. They are
// for one client: see Map.
func (b *Broker) EnvVars(name string) ([][2]string, error) {
	m, err := b.doorMap()
	if err != nil {
		return nil, err
	}
	return mapVars(name, m, false)
}

// ToEnv sets the variables of EnvVars in this process, for a child.
func (b *Broker) ToEnv(name string) error { return setEnv(b.EnvVars(name)) }

// Close says EXITING to all, stops listening and lets go of everything. A client
// that has joined but not begun to read has a moment to do so (200 ms); then it
// is told of the end alone, and misses what was sent before. Closing twice does
// nothing. Not inside a hook, nor while Run is under way.
func (b *Broker) Close() error {
	b.mu.Lock()
	if b.closing {
		b.mu.Unlock()
		return nil
	}
	b.closing = true
	b.end()
	for _, l := range b.listeners {
		l.close()
	}
	for conn := range b.handshakes {
		_ = conn.Close()
	}
	for p := range b.proxies {
		p.stop()
	}
	b.mu.Unlock()
	b.tasks.Wait() // they may take the lock once more
	b.farewell()
	b.mu.Lock() // a late Stats
	defer b.mu.Unlock()
	b.entries.end()
	b.entries.release()
	for _, m := range b.members {
		m.close()
	}
	b.members, b.hot = nil, nil
	b.out.release()
	b.bell.close()
	return nil
}

// end says EXITING, once.
func (b *Broker) end() {
	if !b.ended {
		b.ended = true
		b.pages.force = true
		_ = b.flush()
		_ = b.out.send(wire.TagExiting, 0, b.out.cur.SenderID, nil)
	}
}

// How long Close waits for joiners: that long without seeing one move, and no
// longer than the second in all.
const (
	farewellPatience = 200 * time.Millisecond
	farewellLimit    = 2 * time.Second
)

// farewell gives those who are attached, but have not begun to read, are amid the
// history or some pages behind, a moment to get what was sent before the end.
// Afterwards there is nobody who could give it to them.
func (b *Broker) farewell() {
	start := clock.Now()
	behind := uint64(0)
	for moved := start; clock.Since(moved) < farewellPatience && clock.Since(start) < farewellLimit; {
		b.mu.Lock()
		served := b.entries.serve()
		before := behind
		behind = b.pages.behind()
		if served || behind != before {
			moved = clock.Now()
		}
		coming := b.entries.coming()
		b.mu.Unlock()
		if !coming && behind == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
