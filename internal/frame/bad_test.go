package frame

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"llmp/internal/postcard"
)

// testdata/wire-bad holds bytes that must be refused. A file's name is
// <decoder>.<error>.<detail>.bin: who must refuse it, how, and what is wrong.
const badFolder = "../../testdata/wire-bad"

var badDecoders = map[string]func([]byte) error{
	"frame":       func(b []byte) error { _, err := Read(bytes.NewReader(b)); return err },
	"request":     func(b []byte) error { _, err := DecodeRequest(b); return err },
	"response":    func(b []byte) error { _, err := DecodeResponse(b); return err },
	"remote":      func(b []byte) error { _, err := DecodeRemoteMessage(b); return err },
	"description": func(b []byte) error { _, _, err := DecodeDescription(b); return err },
}

var badErrors = map[string]error{
	"end":      postcard.ErrEnd,
	"varint":   postcard.ErrVarint,
	"option":   postcard.ErrOption,
	"utf8":     postcard.ErrUTF8,
	"variant":  postcard.ErrVariant,
	"trailing": postcard.ErrTrailing,
	"toobig":   ErrTooBig,
	"cut":      io.ErrUnexpectedEOF,
}

func TestBadBytesAreRefused(t *testing.T) {
	files, err := filepath.Glob(badFolder + "/*.bin")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, file := range files {
		name := filepath.Base(file)
		decoder, rest, _ := strings.Cut(name, ".")
		if strings.HasPrefix(decoder, "event") {
			continue // package event reads these
		}
		reason, _, _ := strings.Cut(rest, ".")
		decode, want := badDecoders[decoder], badErrors[reason]
		if decode == nil || want == nil {
			t.Errorf("%s: no decoder %q or no error %q", name, decoder, reason)
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := decode(b); !errors.Is(err, want) || decoder != "frame" && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
		seen[decoder]++
	}
	for decoder := range badDecoders {
		if seen[decoder] == 0 {
			t.Errorf("no file for %s in %s", decoder, badFolder)
		}
	}
}
