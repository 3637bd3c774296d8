package llmp

import (
	"llmp/internal/frame"
	"llmp/shmem"
)

// NoOffset stands for "no message yet" in a MapDescription.
const NoOffset = ^uint64(0)

// A MapDescription names a page and the last message there.
type MapDescription struct {
	ID     shmem.ID
	Size   uint64 // bytes
	Offset uint64 // of the last message, from byte 48 of the page; or NoOffset
}

// A ClientDescription is all it takes to take over a client's two pages.
type ClientDescription struct {
	Sender   MapDescription
	Receiver MapDescription
}

// MarshalBinary is the wire form, LibAFL's LlmpClientDescription in postcard:
// 128 bytes at most.
func (d ClientDescription) MarshalBinary() ([]byte, error) {
	return frame.EncodeDescription(d.Sender.toFrame(), d.Receiver.toFrame()), nil
}

// UnmarshalBinary reads the wire form. ErrCorrupt when it is truncated,
// malformed or followed by other bytes.
func (d *ClientDescription) UnmarshalBinary(b []byte) error {
	s, r, err := frame.DecodeDescription(b)
	if err != nil {
		return fail(ErrCorrupt, "a client description of %d bytes: %v", len(b), err)
	}
	*d = ClientDescription{Sender: fromFrame(s), Receiver: fromFrame(r)}
	return nil
}

func (m MapDescription) toFrame() frame.MapPlace {
	p := frame.MapPlace{Size: m.Size, ID: m.ID}
	if m.Offset != NoOffset {
		p.Offset, p.HasOffset = m.Offset, true
	}
	return p
}

func fromFrame(p frame.MapPlace) MapDescription {
	m := MapDescription{ID: p.ID, Size: p.Size, Offset: NoOffset}
	if p.HasOffset {
		m.Offset = p.Offset
	}
	return m
}

// Describe says where this client stands, for AttachDescription in another
// process. ErrBusy while an allocation is open.
func (c *Client) Describe() (ClientDescription, error) {
	s, err := c.s.describe()
	if err != nil {
		return ClientDescription{}, err
	}
	r, err := c.r.describe()
	return ClientDescription{Sender: s, Receiver: r}, err
}
