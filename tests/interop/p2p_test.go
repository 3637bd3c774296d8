package interop

import (
	"encoding/hex"
	"strconv"
	"testing"

	"llmp/internal/frame"

	"llmp/tests/interop/internal/series"
)

// TestP2P sends from one process to another one without a broker.
func TestP2P(t *testing.T) {
	for _, pair := range pairs("p2p-send", "p2p-recv") {
		sender, receiver := pair[0], pair[1]
		for _, provider := range providers {
			t.Run(sender.name+"_x_"+receiver.name+"/"+provider, func(t *testing.T) {
				said := series.Series{Seed: 14, Sizes: sizes, Tag: 0x5a01, Flags: 8, Count: len(sizes) + 21}
				s := sender.run(t, provider, "p2p-send", append(said.Args(), "--as-id", "79")...)
				r := receiver.run(t, provider, "p2p-recv", "--description", s.next("description").Postcard,
					"--count", strconv.Itoa(said.Count))
				check(t, r.messages(said.Count), said, 79)
				r.done()
				s.stop()
			})
		}
	}
}

// receiverOf is the receiving half of a description.
func receiverOf(t *testing.T, postcard string) frame.MapPlace {
	t.Helper()
	bytes, err := hex.DecodeString(postcard)
	if err != nil {
		t.Fatal(err)
	}
	_, receiver, err := frame.DecodeDescription(bytes)
	if err != nil {
		t.Fatalf("description %s: %v", postcard, err)
	}
	return receiver
}
