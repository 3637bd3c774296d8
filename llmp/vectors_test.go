package llmp

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"llmp/internal/wire"
	"llmp/shmem"
)

// vectors are bytes that LibAFL's published crates really wrote.
type vectors struct {
	Page struct {
		Fresh   string `json:"fresh_hex"`
		MapSize int    `json:"map_size"`
		Page    string `json:"page_hex"`
		Sender  uint32 `json:"sender_id"`
		Sends   []struct{ Flags, Len, Seq, Tag uint32 }
	}
	Rollovers []struct {
		EOP         string `json:"eop_message_hex"`
		FirstSize   int    `json:"first_map_size"`
		FirstHeader string `json:"first_page_header_hex"`
		PayloadLen  int    `json:"payload_len"`
		SecondID    string `json:"second_id"`
		SecondSize  uint64 `json:"second_map_size"`
		Sent        int
		SentOnFirst int `json:"sent_on_first_page"`
	}
	Env struct {
		After  [][2]any `json:"after_3_sends_and_1_recv"`
		Before [][2]any `json:"before_any_message"`
	}
}

func loadVectors(t *testing.T) *vectors {
	t.Helper()
	raw, err := os.ReadFile("../testdata/wire/libafl-0.16.1.json")
	if err != nil {
		t.Fatal(err)
	}
	v := new(vectors)
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seqPayload is what the vectors' maker sent: byte i of send seq.
func seqPayload(seq, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(seq*31 + i)
	}
	return b
}

func diffAt(got, want []byte) int {
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			return i
		}
	}
	return -1
}

// plainSender makes pages exactly as LibAFL does.
func plainSender(t *testing.T, id ClientID) *Sender {
	t.Helper()
	s, err := NewSender(id, Options{Provider: provider(t, shmem.Heap), MaxPendingPages: 1024, plainPages: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.release)
	return s
}

func TestPageIsLibAFLs(t *testing.T) {
	v := loadVectors(t)
	s := plainSender(t, ClientID(v.Page.Sender))
	fresh := unhex(t, v.Page.Fresh)
	if at := diffAt(s.page.m.Bytes(), fresh); at >= 0 {
		t.Fatalf("a fresh page differs at byte %d", at)
	}
	for _, m := range v.Page.Sends {
		if err := s.SendFlags(Tag(m.Tag), Flags(m.Flags), seqPayload(int(m.Seq), int(m.Len))); err != nil {
			t.Fatal(err)
		}
	}
	want := unhex(t, v.Page.Page)
	if at := diffAt(s.page.m.Bytes(), want); at >= 0 {
		t.Fatalf("after the sends the page differs at byte %d: got %#x, want %#x", at, s.page.m.Bytes()[at], want[at])
	}
}

func TestRolloversAreLibAFLs(t *testing.T) {
	for _, ro := range loadVectors(t).Rollovers {
		s := plainSender(t, 3)
		first := s.page
		var second *page
		onFirst := 0
		for i := range ro.Sent {
			if err := s.Send(Tag(0x51305100), seqPayload(i, ro.PayloadLen)); err != nil {
				t.Fatal(err)
			}
			switch {
			case s.page == first:
				onFirst++
			case second == nil:
				second = s.page
			}
		}
		if onFirst != ro.SentOnFirst {
			t.Errorf("payload %d: %d messages on the first page, LibAFL had %d", ro.PayloadLen, onFirst, ro.SentOnFirst)
		}
		if got := second.size; got != ro.SecondSize {
			t.Errorf("payload %d: second map has %d bytes, LibAFL's %d", ro.PayloadLen, got, ro.SecondSize)
		}
		header := unhex(t, ro.FirstHeader)
		if at := diffAt(first.m.Bytes(), header); at >= 0 {
			t.Errorf("payload %d: first page's header differs at byte %d: got %x, want %x", ro.PayloadLen, at, first.m.Bytes()[:48], header)
		}
		// The link, but for the id, which is another map's.
		want := unhex(t, ro.EOP)
		used := *u64(first.base, wire.PageOffUsed)
		got := append([]byte(nil), bytesAt(first.base, wire.PageHeader+used-wire.EOPReserve, uint64(len(want)))...)
		id := second.m.ID()
		copy(want[wire.MsgHeader+wire.EOPOffMapID:], id[:])
		if at := diffAt(got, want); at >= 0 {
			t.Errorf("payload %d: end of page differs at byte %d:\n got %x\nwant %x", ro.PayloadLen, at, got, want)
		}
	}
}

func TestEnvironmentIsLibAFLs(t *testing.T) {
	v := loadVectors(t)
	text := func(x any) string { s, _ := x.(string); return s }
	check := func(name string, c *Client, want [][2]any) {
		t.Helper()
		vars, err := c.EnvVars(name)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, kv := range vars {
			got[kv[0]] = kv[1]
		}
		for _, kv := range want {
			key, val := text(kv[0]), text(kv[1])
			if key == name+envSender || key == name+envReceiver {
				val = c.Map().ID.String() // another run's map
			}
			if got[key] != val {
				t.Errorf("%s is %q, LibAFL wrote %q", key, got[key], val)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d variables, LibAFL wrote %d", len(got), len(want))
		}
	}
	c, err := NewP2P(5, Options{Provider: provider(t, shmem.Heap), MaxPendingPages: 1024, plainPages: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	check("VEC_A", c, v.Env.Before)
	for i := range 3 {
		if err := c.Send(1, seqPayload(i, 8)); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, err := c.Recv(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	check("VEC_B", c, v.Env.After)
}
