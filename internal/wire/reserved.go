package wire

// Reserved says whether a tag belongs to the bus and may not be sent by a
// user. LibAFL reserves the same four; EXITING, CLIENT_EXIT and
// SLOW_RECEIVER_PANIC end connections and have verbs of their own.
func Reserved(tag uint32) bool { return reservedKinds>>(tag>>13%64)&1 != 0 && reserved(tag) }

// reservedKinds has, of 64 kinds of tags by six of their bits, those that
// reserved tags are of: one look tells that a tag is none of them. LibAFL's
// events and all tags below 8192 are of other kinds. Twin of PAGE_TAG_KINDS in
// capi/page.h.
const reservedKinds uint64 = 1<<(TagUnset>>13%64) | 1<<(TagUninitialized>>13%64) | 1<<(TagEndOfPage>>13%64) |
	1<<(TagNewClient>>13%64) | 1<<(TagClientExit>>13%64) | 1<<(TagExiting>>13%64) | 1<<(TagSlowReceiver>>13%64)

func reserved(tag uint32) bool {
	switch tag {
	case TagUnset, TagUninitialized, TagEndOfPage, TagNewClient,
		TagClientExit, TagExiting, TagSlowReceiver:
		return true
	}
	return false
}
