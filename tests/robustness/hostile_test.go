package robustness

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"llmp/internal/sysvipc"
	"llmp/internal/testkit"
	"llmp/internal/wire"
	"llmp/llmp"
)

func init() { testkit.Role("hostile", playHostile) }

// playHostile: PORT SEED PIDS. A client that writes nonsense to all shared
// memory that these processes and itself made: pages, annexes, entries, bell.
func playHostile(args []string) error {
	port, err := strconv.ParseUint(args[0], 10, 16)
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	makers := map[string]bool{strconv.Itoa(unix.Getpid()): true}
	for pid := range strings.SplitSeq(args[2], ",") {
		makers[pid] = true
	}
	if c, err := llmp.Connect(context.Background(), llmp.Options{Port: uint16(port), PageSize: pageSize}); err == nil {
		defer func() { _ = c.Close() }() // its own pages are spoilt too
	}
	fmt.Println("joined")
	rng := rand.New(rand.NewPCG(seed, 0))
	in := lines()
	for n := 0; ; {
		segments, err := sysvipc.List()
		if err != nil {
			return err
		}
		for _, s := range segments {
			select {
			case <-in:
				fmt.Println("got", n)
				return nil
			default:
			}
			if makers[strconv.Itoa(s.Creator)] {
				n += spoil(rng, s.ID)
			}
		}
	}
}

// spoil scribbles over a segment, and says whether it could.
func spoil(rng *rand.Rand, id int) int {
	b, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		return 0 // gone meanwhile
	}
	defer func() { _ = unix.SysvShmDetach(b) }()
	if rng.IntN(8) == 0 {
		forge(rng, b)
	}
	for range rng.IntN(16) {
		at := rng.IntN(len(b))
		switch rng.IntN(4) {
		case 0: // where headers are
			at = rng.IntN(min(len(b), 256))
		case 1: // the annex
			at = max(0, len(b)-wire.AnnexSize) + rng.IntN(min(len(b), wire.AnnexSize))
		case 2: // what was just written, and is about to be read
			used := binary.LittleEndian.Uint64(b[wire.PageOffUsed:])
			at = int(min(used, uint64(len(b)-1))) &^ (wire.MsgAlign - 1)
			at = max(0, at-wire.MsgAlign*rng.IntN(16)) + 8*rng.IntN(wire.MsgAlign/8)
		}
		for i := range min(1+rng.IntN(8), len(b)-at) {
			b[at+i] = interesting(rng)
		}
	}
	return 1
}

// forge commits a message whose lengths are nonsense, so that readers come upon
// it at once.
func forge(rng *rand.Rand, b []byte) {
	used := binary.LittleEndian.Uint64(b[wire.PageOffUsed:])
	if uint64(len(b)) < wire.PageHeader+wire.MsgHeader || used > uint64(len(b))-wire.PageHeader-wire.MsgHeader {
		return
	}
	h := b[wire.PageHeader+used:]
	id := binary.LittleEndian.Uint64(b[wire.PageOffCurrentID:]) + 1
	for i := range wire.MsgHeader {
		h[i] = interesting(rng)
	}
	binary.LittleEndian.PutUint64(h[wire.MsgOffID:], id)
	n := rng.Uint64() >> rng.IntN(64)
	binary.LittleEndian.PutUint64(h[wire.MsgOffLen:], n)
	if rng.IntN(4) != 0 { // only the lengths are wrong, and even they agree
		binary.LittleEndian.PutUint32(h[wire.MsgOffTag:], uint32(firstTag))
		binary.LittleEndian.PutUint64(h[wire.MsgOffPadded:], wire.Padded(wire.PageHeader+used, n))
	}
	binary.LittleEndian.PutUint64(b[wire.PageOffCurrentID:], id)
}

// interesting is a byte of which several make numbers that are at a limit.
func interesting(rng *rand.Rand) byte {
	switch rng.IntN(4) {
	case 0:
		return 0
	case 1:
		return 0xff
	case 2:
		return 0x7f
	}
	return byte(rng.Uint32())
}

// TestHostile has a client that writes to all memory of the bus while others
// work. Messages can be lost, changed and held up by that; but everybody ends
// well when asked to, and the broker answers.
func TestHostile(t *testing.T) {
	rounds(t, func(t *testing.T) {
		rng := testkit.Rand(t)
		b := newBus(t, "500ms")
		var others []*player
		for range 2 {
			others = append(others, b.sender(5*eachSends), b.play("receiver", "careless"))
		}
		if path := buildProbe(t); path != "" {
			others = append(others, b.playC(path, "careless"))
		}
		victims := append([]*player{{Process: b.broker}}, others...)
		hostile := b.play("hostile", strconv.FormatUint(rng.Uint64(), 10), pids(victims))
		for range 10 {
			// Who joins such a bus is let in or told why not.
			late := &player{Process: testkit.Spawn(t, "receiver", b.port, "careless"), name: "late receiver"}
			time.Sleep(time.Duration(rng.IntN(200)) * time.Millisecond)
			others = append(others, late)
		}
		_ = hostile.Stdin.Close()
		t.Logf("%s segments spoilt", hostile.expect(t, "got"))
		hostile.ended(t)
		for _, p := range others {
			_ = p.Stdin.Close()
			t.Logf("%s: %s", p.name, p.lastLine())
			p.ended(t)
		}
		b.stop()
	})
}
