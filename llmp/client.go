package llmp

import (
	"context"
	"iter"
	"time"

	"llmp/internal/wire"
	"llmp/shmem"
)

// A Client is a member of the bus: a sender whose pages the broker reads, and
// a receiver on the broker's broadcast pages. One goroutine may send while
// another receives.
type Client struct {
	s    *Sender
	r    *Receiver
	bell *bell // the broker's, to wake it; nil where it has none

	channel bool          // made by NewP2P: there is no broker
	grace   time.Duration // how long Close waits
}

// NewClient makes a client that reads the broker page brokerMap of size bytes
// and sends as id on a fresh page. Nobody reads that page until the broker
// learns of it: see Map and Announce. Errors: ErrNotFound, ErrCorrupt (too
// small, no page), ErrPermission, ErrNoMemory.
func NewClient(brokerMap shmem.ID, size int, id ClientID, o Options) (*Client, error) {
	if size < 0 {
		return nil, fail(ErrInvalid, "a map of %d bytes", size)
	}
	r, err := AttachReceiver(MapDescription{ID: brokerMap, Size: uint64(size), Offset: NoOffset}, o)
	if err != nil {
		return nil, err
	}
	return newClient(r, id)
}

// newClient adds a fresh sending page to a receiver, which it takes over.
func newClient(r *Receiver, id ClientID) (*Client, error) {
	s, err := newSender(id, r.opts, ringOnPage)
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	return joined(s, r), nil
}

// joined makes a client of its two halves.
func joined(s *Sender, r *Receiver) *Client {
	c := &Client{s: s, r: r, grace: closeGrace}
	if r.opts.SkipOwn {
		r.skip(s.ID())
	}
	return c
}

// NewP2P makes a channel without a broker: a client whose receiver reads its
// own sender's pages. Another process takes over one end by description. Close
// waits, as for a broker, for one that is still on its way to the last page; at
// once it returns when nobody else is there. Where the system cannot tell (POSIX
// maps), it waits once its pages were made known by Map, Describe or a variable,
// and ErrTimeout says that nobody came: see MarkSafeToUnmap. Errors: ErrInvalid, ErrNoMemory.
func NewP2P(id ClientID, o Options) (*Client, error) {
	s, err := NewSender(id, o)
	if err != nil {
		return nil, err
	}
	r, err := AttachReceiver(s.page.place(0), o)
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	r.opts.SkipOwn = false // all there is are one's own
	c := joined(s, r)
	c.channel = true
	return c, nil
}

// AttachDescription takes over a client's two pages at the places it had
// reached. The former owner must not send any more, and someone must still be
// attached to the pages. Errors: ErrNotFound, ErrCorrupt, ErrPermission.
func AttachDescription(d ClientDescription, o Options) (*Client, error) {
	return AttachMaps(d.Sender, d.Receiver, o)
}

// AttachMaps is AttachDescription from two maps with message offsets.
func AttachMaps(sender, receiver MapDescription, o Options) (*Client, error) {
	s, err := AttachSender(sender, o)
	if err != nil {
		return nil, err
	}
	return attached(s, receiver, o)
}

// attached completes a client whose sender was taken over, closing that on failure.
func attached(s *Sender, receiver MapDescription, o Options) (*Client, error) {
	r, err := AttachReceiver(receiver, o)
	if err != nil {
		s.release() // without a word: it is not ours to end
		return nil, err
	}
	c := joined(s, r)
	c.resumeBell()
	return c, nil
}

// ID is what this client sends as.
func (c *Client) ID() ClientID { return c.s.ID() }

// Sender is the sending half. It must not outlive the client.
func (c *Client) Sender() *Sender { return c.s }

// Receiver is the receiving half. It must not outlive the client.
func (c *Client) Receiver() *Receiver { return c.r }

// Send sends one message; see Sender.Send.
func (c *Client) Send(tag Tag, data []byte) error { return c.s.Send(tag, data) }

// SendFlags is Send with flags.
func (c *Client) SendFlags(tag Tag, flags Flags, data []byte) error {
	return c.s.SendFlags(tag, flags, data)
}

// SendMany sends messages together; see Sender.SendMany.
func (c *Client) SendMany(msgs []Outgoing) (int, error) { return c.s.SendMany(msgs) }

// Alloc opens a message on the page; see Sender.Alloc.
func (c *Client) Alloc(n int) ([]byte, error) { return c.s.Alloc(n) }

// Shrink makes the open message smaller; see Sender.Shrink.
func (c *Client) Shrink(n int) error { return c.s.Shrink(n) }

// Commit sends the open message; see Sender.Commit.
func (c *Client) Commit(tag Tag, flags Flags, n int) error { return c.s.Commit(tag, flags, n) }

// Cancel gives the open message back; see Sender.Cancel.
func (c *Client) Cancel() error { return c.s.Cancel() }

// Recv returns the next message without blocking; see Receiver.Recv.
func (c *Client) Recv() (Message, bool, error) {
	m, err := c.r.pop()
	return *m, m.ID != 0, err
}

// RecvMany receives messages of one page; see Receiver.RecvMany.
func (c *Client) RecvMany(into []Message) (int, error) { return c.r.RecvMany(into) }

// RecvTimeout waits for the next message; see Receiver.RecvTimeout.
func (c *Client) RecvTimeout(d time.Duration) (Message, bool, error) { return c.r.RecvTimeout(d) }

// RecvContext waits for the next message; see Receiver.RecvContext.
func (c *Client) RecvContext(ctx context.Context) (Message, error) { return c.r.RecvContext(ctx) }

// Messages iterates over what comes; see Receiver.Messages.
func (c *Client) Messages(ctx context.Context) iter.Seq2[Message, error] { return c.r.Messages(ctx) }

// Map is the page this client sends on now, for Announce elsewhere.
func (c *Client) Map() MapDescription { return c.s.Map() }

// Announce tells the broker about another client, which sends on the given
// map. That page must stay mapped by its owner until SafeToUnmap there. A
// broker that cannot attach it ignores it. Errors as Sender.Send; ErrInvalid
// for a size that no page has.
func (c *Client) Announce(id shmem.ID, size int) error {
	if size < wire.SmallestMap || uint64(size) > wire.LargestMap {
		return fail(ErrInvalid, "a page of %d bytes; it has %d to %d", size, wire.SmallestMap, uint64(wire.LargestMap))
	}
	return c.s.send(wire.TagNewClient, 0, c.s.cur.SenderID, encodeLink(id, uint64(size)))
}

// encodeLink makes the payload of NEW_SHM_CLIENT.
func encodeLink(id shmem.ID, size uint64) []byte {
	b := make([]byte, wire.EOPPayload)
	for i := range 8 {
		b[wire.EOPOffMapSize+i] = byte(size >> (8 * i))
	}
	copy(b[wire.EOPOffMapID:], id[:])
	return b
}

// SafeToUnmap says whether the receiver has mapped the page this client sends
// on, so that the client may let go of it.
func (c *Client) SafeToUnmap() bool { return c.s.SafeToUnmap() }

// MarkSafeToUnmap marks it so, though nobody may have read it: messages can be
// lost.
func (c *Client) MarkSafeToUnmap() { c.s.MarkSafeToUnmap() }

// WaitSafeToUnmap waits until SafeToUnmap; the error is the context's.
func (c *Client) WaitSafeToUnmap(ctx context.Context) error { return c.s.WaitSafeToUnmap(ctx) }

// closeGrace is how long Close waits for the reader to map the last page.
const closeGrace = 2 * time.Second

// Close says EXITING, waits until the broker has mapped the last page (2 s at
// most, ErrTimeout), and lets go of everything. Closing twice does nothing.
func (c *Client) Close() error {
	if c.s.cur.Base == nil {
		return nil
	}
	err := c.close()
	_ = c.r.Close()
	c.bell.close()
	return err
}

func (c *Client) close() error {
	if c.s.cur.OpenOff != 0 {
		cancel(c.s.cur)
	}
	c.s.opts.SendTimeout = c.grace
	err := c.s.send(wire.TagExiting, 0, c.s.cur.SenderID, nil)
	if err == nil && c.r.end == nil { // else there is no broker to wait for
		err = c.awaitReader()
	}
	c.s.release()
	return err
}

// awaitReader waits until the reader has mapped the last page.
func (c *Client) awaitReader() error {
	reader := "the broker"
	if c.channel {
		reader = "another process"
		_ = c.r.Close() // which is not whom we wait for
		if !c.s.shown && !c.r.shown {
			return nil // nobody can know of the page
		}
		if n, counted := c.s.page.m.Attached(); counted && (n > 1 || c.s.past.abandoned()) {
			return nil // somebody has the page, or nobody has any
		}
	}
	if !c.s.safeToUnmapWithin(c.grace) && !c.s.readerGone() {
		return fail(ErrTimeout, "%s did not pick up the last page within %v: what was sent on it may be lost", reader, c.grace)
	}
	return nil
}
