package wire

// Reserved says whether a tag belongs to the bus and may not be sent by a
// user. LibAFL reserves the same four; EXITING, CLIENT_EXIT and
// SLOW_RECEIVER_PANIC end connections and have verbs of their own.
func Reserved(tag uint32) bool { return MayBeReserved(tag) && reserved(tag) }

// MayBeReserved is false only for tags that are not Reserved, and true for few
// others: of 64 kinds of tags, by six of their bits, it tells those that
// reserved tags are of. LibAFL's events and all tags below 8192 are of other
// kinds. Twin of page_plain_tag in capi/page.h.
func MayBeReserved(tag uint32) bool {
	const kinds = 1<<(TagUnset>>13%64) | 1<<(TagUninitialized>>13%64) | 1<<(TagEndOfPage>>13%64) |
		1<<(TagNewClient>>13%64) | 1<<(TagClientExit>>13%64) | 1<<(TagExiting>>13%64) | 1<<(TagSlowReceiver>>13%64)
	return uint64(kinds)>>(tag>>13%64)&1 != 0
}

func reserved(tag uint32) bool {
	switch tag {
	case TagUnset, TagUninitialized, TagEndOfPage, TagNewClient,
		TagClientExit, TagExiting, TagSlowReceiver:
		return true
	}
	return false
}
