package robustness

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"llmp/llmp"
)

// firstTag is the tag of the first sender; each sender has one of its own.
const firstTag llmp.Tag = 0x6000

// payload is message seq of the sender with this tag: who, which, filling, a
// checksum. probe.c makes the same.
func payload(tag llmp.Tag, seq uint64) []byte {
	state := uint64(tag)<<32 ^ seq
	n := 16 + int(mix(&state)%600)
	b := make([]byte, n)
	binary.LittleEndian.PutUint32(b, uint32(tag))
	binary.LittleEndian.PutUint64(b[4:], seq)
	for i := 12; i < n-4; i++ {
		b[i] = byte(mix(&state))
	}
	binary.LittleEndian.PutUint32(b[n-4:], crc32.ChecksumIEEE(b[:n-4]))
	return b
}

// mix is splitmix64.
func mix(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// A ledger is what a receiver has got: how many of each sender.
type ledger map[llmp.Tag]uint64

// enter checks that a message is the one that was due, byte by byte.
func (l ledger) enter(tag llmp.Tag, data []byte) error {
	due := l[tag]
	if !bytes.Equal(data, payload(tag, due)) {
		return fmt.Errorf("sender %#x: message %d was due, came %s", uint32(tag), due, describe(data))
	}
	l[tag] = due + 1
	return nil
}

// describe says what a payload is that was not expected.
func describe(b []byte) string {
	if len(b) < 16 || crc32.ChecksumIEEE(b[:len(b)-4]) != binary.LittleEndian.Uint32(b[len(b)-4:]) {
		return fmt.Sprintf("%d bytes with a wrong checksum: %x", len(b), b[:min(len(b), 64)])
	}
	return fmt.Sprintf("message %d of sender %#x", binary.LittleEndian.Uint64(b[4:]), binary.LittleEndian.Uint32(b))
}

// reached says whether all of a goal is there.
func (l ledger) reached(goal ledger) bool {
	for tag, n := range goal {
		if l[tag] < n {
			return false
		}
	}
	return true
}
