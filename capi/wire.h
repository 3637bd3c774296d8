/* Code generated from internal/wire/wire.go by internal/wire/gen. DO NOT EDIT. */
#ifndef LLMP_WIRE_H
#define LLMP_WIRE_H

/* Page header. Offsets count from the start of the map. */
#define WIRE_PAGE_MAGIC 0x1a1a1a1a1a1a1af1ull
#define WIRE_PAGE_MAGIC_RETIRED 0xdeadc0feaf1beef1ull
#define WIRE_PAGE_OFF_MAGIC 0u
#define WIRE_PAGE_OFF_SENDER 8u
#define WIRE_PAGE_OFF_JOINED 12u
#define WIRE_PAGE_OFF_LEFT 14u
#define WIRE_PAGE_OFF_CURRENT_ID 16u
#define WIRE_PAGE_OFF_TOTAL 24u
#define WIRE_PAGE_OFF_USED 32u
#define WIRE_PAGE_OFF_MAX_ALLOC 40u
#define WIRE_PAGE_HEADER 48u

/* Message header. Offsets count from the start of the message. */
#define WIRE_MSG_OFF_TAG 0u
#define WIRE_MSG_OFF_SENDER 4u
#define WIRE_MSG_OFF_BROKER 8u
#define WIRE_MSG_OFF_FLAGS 12u
#define WIRE_MSG_OFF_ID 16u
#define WIRE_MSG_OFF_LEN 24u
#define WIRE_MSG_OFF_PADDED 32u
#define WIRE_MSG_HEADER 40u
#define WIRE_MSG_ALIGN 64u

/* End of page. The message is 40 + 32 bytes long, but 128 are set aside for it. */
#define WIRE_EOP_PAYLOAD 32u
#define WIRE_EOP_OFF_MAP_SIZE 0u
#define WIRE_EOP_OFF_MAP_ID 8u
#define WIRE_EOP_RESERVE 128u
#define WIRE_MAP_ID_LEN 20u

/* Tags that carry meaning for the bus itself. */
#define WIRE_TAG_UNSET 0xdeadafu
#define WIRE_TAG_UNINITIALIZED 0xa143af11u
#define WIRE_TAG_END_OF_PAGE 0xaf1e0f1u
#define WIRE_TAG_NEW_CLIENT 0xc11e471u
#define WIRE_TAG_CLIENT_EXIT 0xc11e472u
#define WIRE_TAG_EXITING 0x13c5171u
#define WIRE_TAG_SLOW_RECEIVER 0x70051041u

/* TagLibAFLEvent is the tag under which LibAFL's fuzzers exchange events. */
#define WIRE_TAG_LIB_AFL_EVENT 0x2b0741u

/* Flags of a message. */
#define WIRE_FLAG_COMPRESSED 1u
#define WIRE_FLAG_FROM_B2B 2u
#define WIRE_FLAG_FROM_MACHINE 4u

/* Sizes. */
#define WIRE_INITIAL_MAP 0x100000u
#define WIRE_SMALLEST_MAP 216u
#define WIRE_LARGEST_MAP 0x100000000ull
#define WIRE_MAX_PAYLOAD 0x40000000u
#define WIRE_MAX_FRAME 0x8000000u
#define WIRE_MAX_FRAME_PAYLOAD 0x7ffffe0u

/* The annex: memory past the declared size of a map that this implementation
 * creates. LibAFL's peers map only the declared size and never see it; ours
 * find it because the segment is larger than it was said to be. It carries what
 * the format has no room for: who wants to be woken, and who still reads here. */
#define WIRE_ANNEX_SIZE 4096u
#define WIRE_ANNEX_MAGIC 0x31584e41504d4c4cull
#define WIRE_ANNEX_OFF_MAGIC 0u
#define WIRE_ANNEX_OFF_FLAGS 8u
#define WIRE_ANNEX_OFF_CLIENT 12u
#define WIRE_ANNEX_OFF_BELL_ID 16u
#define WIRE_ANNEX_OFF_BELL_LEN 40u
#define WIRE_ANNEX_OFF_WAITERS 64u
#define WIRE_ANNEX_OFF_CLAIM 128u
#define WIRE_ANNEX_OFF_SHARED 132u
#define WIRE_ANNEX_OFF_ARRIVED 136u
#define WIRE_ANNEX_OFF_COMING 140u
#define WIRE_ANNEX_OFF_LINK_SEQ 144u
#define WIRE_ANNEX_OFF_PID 152u
#define WIRE_ANNEX_OFF_NS 156u
#define WIRE_ANNEX_OFF_START 160u
#define WIRE_ANNEX_OFF_SEQ 192u
#define WIRE_ANNEX_OFF_MAPPED 256u
#define WIRE_LINK_MISSED 0xffffffffffffffffull
#define WIRE_LINK_SLOW 0xfffffffffffffffeull
#define WIRE_ANNEX_FLAG_RINGS 1u
#define WIRE_ANNEX_FLAG_BROADCAST 2u
#define WIRE_ANNEX_FLAG_ENTRY 4u
#define WIRE_ANNEX_FLAG_ONCE 8u

/* The bell: one small map per broker, by which its clients wake it, and in
 * which its readers say where they are. */
#define WIRE_BELL_MAGIC 0x324c4542504d4c4cull
#define WIRE_BELL_SLOTS 4096u
#define WIRE_BELL_READERS 1024u
#define WIRE_BELL_OFF_MAGIC 0u
#define WIRE_BELL_OFF_HIGH 8u
#define WIRE_BELL_OFF_SEQ 64u
#define WIRE_BELL_OFF_SLEEPING 128u
#define WIRE_BELL_OFF_RANG 192u
#define WIRE_BELL_OFF_WANT 704u
#define WIRE_BELL_OFF_READERS 17088u
#define WIRE_BELL_SIZE 0x142c0u
#define WIRE_READER_SLOT 64u
#define WIRE_READER_OFF_PID 0u
#define WIRE_READER_OFF_NS 4u
#define WIRE_READER_OFF_START 8u
#define WIRE_READER_OFF_PLACE 16u
#define WIRE_READER_OFF_NONCE 24u

#endif /* LLMP_WIRE_H */
