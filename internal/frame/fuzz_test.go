package frame

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

// seed adds the bodies of LibAFL's frames whose name starts with kind.
func seed(f *testing.F, kind string) {
	for _, v := range loadVectors(f).Frames {
		if strings.HasPrefix(v.Name, kind) {
			f.Add(unhex(f, v.Hex)[4:])
		}
	}
}

// checkCodec: what decodes must encode to something no longer (canonical
// varints) that decodes to the same value and encodes to the same bytes.
func checkCodec[T any](t *testing.T, in []byte, decode func([]byte) (T, error), encode func(T) []byte) {
	v, err := decode(in)
	if err != nil {
		if !errors.Is(err, ErrMalformed) {
			t.Fatalf("%x: %v is not ErrMalformed", in, err)
		}
		return
	}
	enc := encode(v)
	if len(enc) > len(in) {
		t.Fatalf("%x: encoded again it is longer, %x", in, enc)
	}
	again, err := decode(enc)
	if err != nil || !reflect.DeepEqual(v, again) {
		t.Fatalf("%x: %+v became %+v, %v", in, v, again, err)
	}
	if twice := encode(again); !bytes.Equal(enc, twice) {
		t.Fatalf("%x: encoded to %x, then to %x", in, enc, twice)
	}
	for n := range enc {
		if _, err := decode(enc[:n]); err == nil {
			t.Fatalf("%x: its first %d bytes are accepted too", enc, n)
		}
		if n > 64 {
			break // a long payload only repeats itself
		}
	}
}

func FuzzDecodeRequest(f *testing.F) {
	seed(f, "request")
	f.Fuzz(func(t *testing.T, b []byte) { checkCodec(t, b, DecodeRequest, EncodeRequest) })
}

func FuzzDecodeResponse(f *testing.F) {
	seed(f, "response")
	f.Fuzz(func(t *testing.T, b []byte) { checkCodec(t, b, DecodeResponse, EncodeResponse) })
}

func FuzzRemoteMessage(f *testing.F) {
	seed(f, "remote")
	f.Fuzz(func(t *testing.T, b []byte) {
		checkCodec(t, b, DecodeRemoteMessage, func(m RemoteMessage) []byte { return AppendRemoteMessage(nil, m) })
	})
}

func FuzzDecodeDescription(f *testing.F) {
	f.Add(unhex(f, loadVectors(f).Env.Description))
	type pair struct{ s, r MapPlace }
	f.Fuzz(func(t *testing.T, b []byte) {
		checkCodec(t, b,
			func(b []byte) (pair, error) { s, r, err := DecodeDescription(b); return pair{s, r}, err },
			func(p pair) []byte { return EncodeDescription(p.s, p.r) })
	})
}

// FuzzRead reads frames off a stream until it ends; written again they must
// give the bytes that were consumed.
func FuzzRead(f *testing.F) {
	for _, v := range loadVectors(f).Frames {
		f.Add(unhex(f, v.Hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		var again bytes.Buffer
		for {
			start := again.Len()
			body, err := Read(r)
			if err == nil {
				if err := Write(&again, body); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(again.Bytes(), b[:len(b)-r.Len()]) {
					t.Fatalf("%x: read and written it is %x", b, again.Bytes())
				}
				continue
			}
			if left := len(b) - start; (err == io.EOF) != (left == 0) ||
				err != io.EOF && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrTooBig) {
				t.Fatalf("%x: %v with %d bytes left", b, err, left)
			}
			return
		}
	})
}
