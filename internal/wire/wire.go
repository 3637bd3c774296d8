// Package wire holds the numbers of the LLMP format: where each field of a
// page and a message lies, how large it is, and which tags and flags are taken.
//
// They are the numbers of LibAFL 0.16.1 (crate ll_mp, default features, 64 bit),
// see docs/protocol.md. capi/wire.h is generated from this file by
// `go generate ./internal/wire`, so that C and Go cannot drift apart.
package wire

//go:generate go run ./gen -out ../../capi/wire.h

// Page header. Offsets count from the start of the map.
const (
	PageMagic        = 0x1A1A1A1A1A1A1AF1 // a page in use
	PageMagicRetired = 0xDEADC0FEAF1BEEF1 // a page whose sender is done with it

	PageOffMagic     = 0
	PageOffSender    = 8
	PageOffJoined    = 12 // u16, atomic
	PageOffLeft      = 14 // u16, atomic
	PageOffCurrentID = 16 // u64, atomic: the store that commits
	PageOffTotal     = 24 // u64: map size - PageHeader
	PageOffUsed      = 32
	PageOffMaxAlloc  = 40
	PageHeader       = 48
)

// Message header. Offsets count from the start of the message.
const (
	MsgOffTag    = 0
	MsgOffSender = 4
	MsgOffBroker = 8
	MsgOffFlags  = 12
	MsgOffID     = 16
	MsgOffLen    = 24
	MsgOffPadded = 32
	MsgHeader    = 40

	// MsgAlign: every message ends on a multiple of it, counted from the
	// start of the map.
	MsgAlign = 64
)

// End of page. The message is 40 + 32 bytes long, but 128 are set aside for it.
const (
	EOPPayload    = 32 // u64 map size, 20 bytes id, 4 bytes of padding
	EOPOffMapSize = 0
	EOPOffMapID   = 8
	EOPReserve    = 128

	MapIDLen = 20 // NUL-padded, at most 19 characters
)

// Tags that carry meaning for the bus itself.
const (
	TagUnset         = 0x00DEADAF
	TagUninitialized = 0xA143AF11
	TagEndOfPage     = 0x0AF1E0F1
	TagNewClient     = 0x0C11E471 // NEW_SHM_CLIENT, payload as end of page
	TagClientExit    = 0x0C11E472 // payload: u32 client id
	TagExiting       = 0x013C5171 // no payload
	TagSlowReceiver  = 0x70051041 // SLOW_RECEIVER_PANIC
)

// TagLibAFLEvent is the tag under which LibAFL's fuzzers exchange events.
const TagLibAFLEvent = 0x002B0741

// Flags of a message.
const (
	FlagCompressed  = 0x1
	FlagFromB2B     = 0x2
	FlagFromMachine = 0x4
)

// Sizes.
const (
	// InitialMap is the first map's size (LibAFL's llmp_small_maps, its default).
	InitialMap = 1 << 20
	// SmallestMap is the smallest map that is accepted as a page: header,
	// one message header and the room for an end of page.
	SmallestMap = PageHeader + MsgHeader + EOPReserve
	// LargestMap is the largest map that is created or followed. It bounds
	// what one message may ask for: see MaxPayload.
	LargestMap = 1 << 32
	// MaxPayload is the largest payload of one message on a page. The next
	// map has room for twice the largest allocation, so it is a little less
	// than half the largest map.
	MaxPayload = 1 << 30
	// MaxFrame is the largest TCP frame that is sent or read.
	MaxFrame = 128 << 20
	// MaxFramePayload is the largest payload that can cross TCP: a frame
	// less the largest header of a RemoteNewMessage.
	MaxFramePayload = MaxFrame - 32
)

// The annex: memory past the declared size of a map that this implementation
// creates. LibAFL's peers map only the declared size and never see it; ours
// find it because the segment is larger than it was said to be. It carries what
// the format has no room for: who wants to be woken, and who still reads here.
const (
	AnnexSize  = 4096
	AnnexMagic = 0x3158_4e41_504d_4c4c // "LLMPANX1"

	AnnexOffMagic   = 0
	AnnexOffFlags   = 8  // u32, see AnnexFlag*
	AnnexOffClient  = 12 // u32: the id + 1 of the client that owns the page, once known
	AnnexOffBellID  = 16 // 20 bytes: map id of the broker's bell, on a page of a broker
	AnnexOffBellLen = 40 // u64: its size
	AnnexOffWaiters = 64 // u32: not 0 while a receiver sleeps on this page's message id

	// On a page with one reader at most: who of ours has left it and keeps it mapped.
	AnnexOffClaim  = 128 // u32: pid of that receiver; 0: none
	AnnexOffShared = 132 // u32: not 0 once a second one wanted to: nothing can be proved from the claim

	// On the pages of a joiner's entry.
	AnnexOffArrived = 136 // u32: not 0 once the joiner, one of ours, stands on the page linked to
	AnnexOffComing  = 140 // u32: not 0 once a receiver of ours, who rings when it moves on, stands here
	AnnexOffLinkSeq = 144 // u64: number of the broadcast page that the link leads to, or LinkMissed, LinkSlow

	// Where attachments are not counted: the process of ours that owns a client's
	// page, or stands on a page of its entry.
	AnnexOffPid   = 152 // u32; 0: not known
	AnnexOffNS    = 156 // u32: its pid namespace
	AnnexOffStart = 160 // u64: when it started, in clock ticks since boot

	// On a broadcast page.
	AnnexOffSeq    = 192 // u64: 1, 2, 3 ... in the order of the broadcast; 0: not in use
	AnnexOffMapped = 256 // BellReaders bits: which readers of ours have it mapped

	// LinkMissed: the joiner had not begun to receive when what was sent since
	// it came was needed again, and is not kept.
	LinkMissed = 0xFFFF_FFFF_FFFF_FFFF
	// LinkSlow: the joiner was cut off since it received too slowly.
	LinkSlow = 0xFFFF_FFFF_FFFF_FFFE

	// AnnexFlagRings: the owner of this page rings the broker's bell, so the
	// broker need not poll it.
	AnnexFlagRings = 0x1
	// AnnexFlagBroadcast: a broker's page that many read; readers of ours
	// take a slot on its bell.
	AnnexFlagBroadcast = 0x2
	// AnnexFlagEntry: a page of a joiner's entry; readers of ours ring the
	// broker when they leave it.
	AnnexFlagEntry = 0x4
	// AnnexFlagOnce: a page that is not used again, so that nobody need keep
	// it mapped.
	AnnexFlagOnce = 0x8
)

// The bell: one small map per broker, by which its clients wake it, and in
// which its readers say where they are.
const (
	BellMagic   = 0x324c_4542_504d_4c4c // "LLMPBEL2"
	BellSlots   = 4096                  // clients that can ring; the others are polled
	BellReaders = 1024                  // readers that can say where they are; the others are counted

	BellOffMagic    = 0
	BellOffHigh     = 8   // u32: reader slots that were ever in use
	BellOffSeq      = 64  // u32, the futex word: changes with each ring
	BellOffSleeping = 128 // u32: not 0 while the broker sleeps on seq
	BellOffRang     = 192 // BellSlots bits: who rang
	BellOffWant     = BellOffRang + BellSlots/8
	// Want: BellSlots u32, not 0 where the broker wants to be rung.
	BellOffReaders = (BellOffWant + 4*BellSlots + 63) / 64 * 64
	// Readers: BellReaders slots, one cache line each.
	BellSize = BellOffReaders + ReaderSlot*BellReaders

	ReaderSlot     = 64
	ReaderOffPid   = 0  // u32: the process; 0: the slot is free
	ReaderOffNS    = 4  // u32: its pid namespace
	ReaderOffStart = 8  // u64: when it started, in clock ticks since boot
	ReaderOffPlace = 16 // u64: number of the page it reads << 1; 1 is added when it was cut off; 0: none yet
	ReaderOffNonce = 24 // u64: the program; differs after an exec
)

// Align rounds n up to the next multiple of MsgAlign.
func Align(n uint64) uint64 { return (n + MsgAlign - 1) &^ (MsgAlign - 1) }

// Padded returns the padded length of a payload of n bytes whose message
// starts at offset off of the map.
func Padded(off, n uint64) uint64 { return Align(off+MsgHeader+n) - off - MsgHeader }

// NextMapSize returns the size of the map that follows one on which the
// largest allocation, header included, was maxAlloc; first is the size of
// the first map.
func NextMapSize(maxAlloc, first uint64) uint64 {
	need := max(2*maxAlloc+EOPReserve+PageHeader, first-1)
	size := uint64(1)
	for size < need {
		size <<= 1
	}
	return size
}
