// Package series makes the payloads that all programs of these tests can
// compute: see USAGE in ../../src/main.rs.
package series

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// A Series is a row of messages under one tag.
type Series struct {
	Seed  uint64
	Sizes []int // of messages 0, 1, 2 ..., over and over
	Tag   uint32
	Flags uint32
	Start int // index of the first message
	Count int
}

// End is the index behind the last message.
func (s Series) End() int { return s.Start + s.Count }

// Payload returns the bytes of message i.
func (s Series) Payload(i int) []byte {
	payload := make([]byte, s.Sizes[i%len(s.Sizes)])
	base := s.Seed*131 + uint64(i)*31
	for j := range payload {
		payload[j] = byte(base + uint64(j))
	}
	return payload
}

// Matches says whether payload is that of message i.
func (s Series) Matches(i int, payload []byte) bool { return bytes.Equal(payload, s.Payload(i)) }

// Sum returns the SHA-256 of payload in hexadecimal.
func Sum(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// Args is the series on a command line.
func (s Series) Args() []string {
	sizes := make([]string, len(s.Sizes))
	for i, n := range s.Sizes {
		sizes[i] = strconv.Itoa(n)
	}
	return []string{
		"--count", strconv.Itoa(s.Count), "--start", strconv.Itoa(s.Start),
		"--sizes", strings.Join(sizes, ","), "--seed", strconv.FormatUint(s.Seed, 10),
		"--tag", strconv.FormatUint(uint64(s.Tag), 10), "--flags", strconv.FormatUint(uint64(s.Flags), 10),
	}
}

// ParseSizes reads the value of --sizes.
func ParseSizes(text string) ([]int, error) {
	var sizes []int
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("--sizes: %q is no number of bytes", field)
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}
