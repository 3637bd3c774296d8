package event

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math"
	"sync"
)

// LibAFL compresses with miniz_oxide's level 1; so does Go with its own. Both
// are there for speed, and what each makes the other reads.

// deflaters keeps compressors, which are several hundred KiB each.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return w
}}

func deflate(b []byte) []byte {
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	out := bytes.NewBuffer(make([]byte, 0, len(b)/2))
	w.Reset(out)
	// Writes to a bytes.Buffer do not fail, and the writer has no other errors.
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// An inflater decompresses into a buffer of its own.
type inflater struct {
	source  bytes.Reader
	limited io.LimitedReader
	flate   io.ReadCloser
	buf     bytes.Buffer
}

var inflaters = sync.Pool{New: func() any {
	in := new(inflater)
	in.flate = flate.NewReader(&in.source)
	in.limited.R = in.flate
	return in
}}

// keepBuffer is the largest buffer that waits for its next use.
const keepBuffer = 1 << 20

// release gives the inflater back; what inflate returned is invalid then.
func (in *inflater) release() {
	in.source.Reset(nil)
	if in.buf.Cap() > keepBuffer {
		in.buf = bytes.Buffer{}
	}
	inflaters.Put(in)
}

// inflate returns what b decompresses to. The buffer grows with what comes
// out, and no more than limit+1 bytes ever do. Like miniz_oxide, it ignores
// bytes behind the compressed data.
func (in *inflater) inflate(b []byte, limit int) ([]byte, error) {
	in.source.Reset(b)
	in.buf.Reset()
	if err := in.flate.(flate.Resetter).Reset(&in.source, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	in.limited.N = int64(min(limit, math.MaxInt-1)) + 1
	if _, err := in.buf.ReadFrom(&in.limited); err != nil {
		return nil, fmt.Errorf("%w: it does not decompress: %w", ErrMalformed, err)
	}
	if in.buf.Len() > limit {
		return nil, tooBig(limit)
	}
	return in.buf.Bytes(), nil
}
