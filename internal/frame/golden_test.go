package frame

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"llmp/internal/wire"
)

const vectorFile = "../../testdata/wire/libafl-0.16.1.json"

// vectors is the part of the file that this package can read. LibAFL wrote
// the hex with postcard and the rest with serde_json, from the same values.
type vectors struct {
	Frames []struct {
		Name string          `json:"name"`
		Hex  string          `json:"frame_hex"`
		JSON json.RawMessage `json:"json"`
	} `json:"tcp_frames"`
	Env struct {
		Description string `json:"client_description_postcard_hex"`
		JSON        struct {
			Sender, Receiver jsonPlace
		} `json:"client_description_json"`
	} `json:"env"`
}

type jsonMap struct {
	Size uint64
	ID   struct{ ID [wire.MapIDLen]uint16 } // as uint8 it would be base64
}

func (m jsonMap) info() (i MapInfo) {
	i.Size = m.Size
	for k, b := range m.ID.ID {
		i.ID[k] = byte(b)
	}
	return i
}

type jsonPlace struct {
	Shmem  jsonMap
	Offset *uint64 `json:"last_message_offset"`
}

func (p jsonPlace) place() MapPlace {
	m := MapPlace{Size: p.Shmem.info().Size, ID: p.Shmem.info().ID}
	if p.Offset != nil {
		m.Offset, m.HasOffset = *p.Offset, true
	}
	return m
}

// jsonFrame has one field for each variant, and the fields of the remote message.
type jsonFrame struct {
	LocalClientHello *struct {
		Map jsonMap `json:"shmem_description"`
	}
	RemoteBrokerHello  *struct{ Hostname string }
	ClientQuit         *jsonIDs
	BrokerConnectHello *struct {
		Map      jsonMap `json:"broker_shmem_description"`
		Hostname string
	}
	LocalClientAccepted  *jsonIDs
	RemoteBrokerAccepted *jsonIDs
	Error                *struct{ Description string }

	ClientID uint32 `json:"client_id"`
	Tag      uint32
	Flags    uint32
	Payload  []uint16
}

type jsonIDs struct {
	ClientID uint32 `json:"client_id"`
	BrokerID uint32 `json:"broker_id"`
}

func (f jsonFrame) value() any {
	switch {
	case f.LocalClientHello != nil:
		return LocalClientHello{Map: f.LocalClientHello.Map.info()}
	case f.RemoteBrokerHello != nil:
		return RemoteBrokerHello{Hostname: f.RemoteBrokerHello.Hostname}
	case f.ClientQuit != nil:
		return ClientQuit{ClientID: f.ClientQuit.ClientID}
	case f.BrokerConnectHello != nil:
		return BrokerConnectHello{Map: f.BrokerConnectHello.Map.info(), Hostname: f.BrokerConnectHello.Hostname}
	case f.LocalClientAccepted != nil:
		return LocalClientAccepted{ClientID: f.LocalClientAccepted.ClientID}
	case f.RemoteBrokerAccepted != nil:
		return RemoteBrokerAccepted{BrokerID: f.RemoteBrokerAccepted.BrokerID}
	case f.Error != nil:
		return Error{Description: f.Error.Description}
	}
	m := RemoteMessage{ClientID: f.ClientID, Tag: f.Tag, Flags: f.Flags}
	for _, b := range f.Payload {
		m.Payload = append(m.Payload, byte(b))
	}
	return m
}

func loadVectors(t testing.TB) (v vectors) {
	t.Helper()
	b, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFramesAreLibAFLs(t *testing.T) {
	v := loadVectors(t)
	if len(v.Frames) != 8 {
		t.Fatalf("%d frames in %s, want 8", len(v.Frames), vectorFile)
	}
	for _, f := range v.Frames {
		var j jsonFrame
		if err := json.Unmarshal(f.JSON, &j); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		raw, want := unhex(t, f.Hex), j.value()
		body, err := Read(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}

		var got any
		var enc []byte
		switch want := want.(type) {
		case Request:
			got, err = DecodeRequest(body)
			enc = EncodeRequest(want)
		case Response:
			got, err = DecodeResponse(body)
			enc = EncodeResponse(want)
		case RemoteMessage:
			got, err = DecodeRemoteMessage(body)
			enc = AppendRemoteMessage(nil, want)
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: decoded %+v, %v; want %+v", f.Name, got, err, want)
		}
		var out bytes.Buffer
		if err := Write(&out, enc); err != nil || !bytes.Equal(out.Bytes(), raw) {
			t.Errorf("%s: wrote %x, %v; want %x", f.Name, out.Bytes(), err, raw)
		}
	}
}

func TestDescriptionIsLibAFLs(t *testing.T) {
	v := loadVectors(t)
	raw := unhex(t, v.Env.Description)
	sender, receiver := v.Env.JSON.Sender.place(), v.Env.JSON.Receiver.place()
	if !sender.HasOffset || sender.Offset == 0 || sender.Size == 0 {
		t.Fatalf("the vector was not understood: %+v", sender)
	}
	if b := EncodeDescription(sender, receiver); !bytes.Equal(b, raw) {
		t.Errorf("wrote %x, want %x", b, raw)
	}
	s, r, err := DecodeDescription(raw)
	if err != nil || s != sender || r != receiver {
		t.Errorf("decoded %+v, %+v, %v; want %+v, %+v", s, r, err, sender, receiver)
	}
}

func TestDescriptionWithoutOffsets(t *testing.T) {
	in := MapPlace{Size: 1 << 20, ID: [20]byte{'7'}}
	b := EncodeDescription(in, in)
	if want := 2 * (3 + 20 + 1); len(b) != want {
		t.Errorf("%d bytes, want %d", len(b), want)
	}
	if s, r, err := DecodeDescription(b); err != nil || s != in || r != in {
		t.Errorf("decoded %+v, %+v, %v", s, r, err)
	}
}

// LibAFL ignores bytes behind a value (postcard::from_bytes), so a later
// version may append fields.
func TestBytesBehindAFrameAreIgnored(t *testing.T) {
	for _, f := range loadVectors(t).Frames {
		body := append(unhex(t, f.Hex)[4:], 0xde, 0xad)
		var err error
		switch kind, _, _ := strings.Cut(f.Name, " "); kind {
		case "request":
			_, err = DecodeRequest(body)
		case "response":
			_, err = DecodeResponse(body)
		default:
			_, err = DecodeRemoteMessage(body)
		}
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

func TestStrangersArePanics(t *testing.T) {
	for name, f := range map[string]func(){
		"nil request":        func() { EncodeRequest(nil) },
		"nil response":       func() { EncodeResponse(nil) },
		"pointer, not value": func() { EncodeRequest(&ClientQuit{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: encoded", name)
				}
			}()
			f()
		}()
	}
}
