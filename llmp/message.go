package llmp

import (
	"strconv"

	"llmp/internal/wire"
)

// A Tag says what a message is about. Users choose freely, but for the tags
// that the bus keeps for itself.
type Tag uint32

// Tags that the bus keeps for itself. Sending one is ErrInvalid.
const (
	TagUnset             Tag = wire.TagUnset
	TagUninitialized     Tag = wire.TagUninitialized
	TagEndOfPage         Tag = wire.TagEndOfPage
	TagNewShmClient      Tag = wire.TagNewClient
	TagClientExit        Tag = wire.TagClientExit
	TagExiting           Tag = wire.TagExiting
	TagSlowReceiverPanic Tag = wire.TagSlowReceiver
)

// TagLibAFLEvent is the tag of LibAFL's fuzzer events. A stock LibAFL fuzzer
// decodes every message it receives as such an event, whatever the tag, and
// ends with an error where it cannot: keep other tags off a bus that such
// fuzzers share, or set BrokerOptions.OnlyEvents.
const TagLibAFLEvent Tag = wire.TagLibAFLEvent

// String returns the tag in hexadecimal, as LibAFL prints it.
func (t Tag) String() string { return "0x" + strconv.FormatUint(uint64(t), 16) }

// Flags travel with a message.
type Flags uint32

// Flags with a meaning; any others travel unchanged.
const (
	FlagCompressed  Flags = wire.FlagCompressed  // the payload is a raw DEFLATE stream
	FlagFromB2B     Flags = wire.FlagFromB2B     // came from another broker over TCP
	FlagFromMachine Flags = wire.FlagFromMachine // came from another machine
)

// A ClientID names a member of the bus. The broker gives them out from 0; 0 is
// the broker's listener, and also the sender of the broker's own messages.
type ClientID uint32

// A Message as it was received. Data points into shared memory: it is valid
// until the next receive call on the handle it came from.
type Message struct {
	Tag    Tag
	Sender ClientID // the origin; a broker keeps it
	Flags  Flags
	ID     uint64 // 1, 2, 3 … on each page
	Data   []byte
}

// Clone returns the message with a copy of its data, to keep.
func (m Message) Clone() Message {
	m.Data = append(make([]byte, 0, len(m.Data)), m.Data...)
	return m
}

// Outgoing is one message of SendMany.
type Outgoing struct {
	Tag   Tag
	Flags Flags
	Data  []byte
}

// MaxPayload is the largest payload of one message on a page, in bytes.
const MaxPayload = wire.MaxPayload

// MaxFramePayload is the largest payload that crosses TCP to another broker,
// in bytes; larger messages stay on their side and are counted.
const MaxFramePayload = wire.MaxFramePayload
