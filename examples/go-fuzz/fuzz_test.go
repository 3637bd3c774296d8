// Package gofuzz is a native Go fuzz test. It knows nothing of the bus: `llmp
// sync` beside it exchanges the corpus files that Go's fuzzer keeps.
package gofuzz

import (
	"bytes"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"testing"
)

func FuzzImage(f *testing.F) {
	f.Add([]byte("GIF89a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		// An image that says it is huge only takes memory.
		config, kind, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width*config.Height > 1<<20 {
			return
		}
		if img, again, err := image.Decode(bytes.NewReader(data)); err == nil && (img.Bounds().Dx() != config.Width || again != kind) {
			t.Errorf("%s of %v, but its header says %s of width %d", again, img.Bounds(), kind, config.Width)
		}
	})
}
