package event

import (
	"bytes"
	"compress/flate"
	"io"
	"math"
	"sync"

	"llmp/internal/format"
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
	out := bytes.NewBuffer(make([]byte, 0, len(b)/2))
	// Writes to a bytes.Buffer do not fail, and there are no other errors.
	if err := CompressTo(out, b); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// An inflater decompresses into a buffer of its own.
type inflater struct {
	source bytes.Reader
	flate  io.ReadCloser
	buf    []byte
}

var inflaters = sync.Pool{New: func() any {
	in := new(inflater)
	in.flate = flate.NewReader(&in.source)
	return in
}}

const (
	firstBuffer = 4 << 10
	pieces      = 32 << 10 // what flate yields at a time
	// keepBuffer is the largest buffer that waits for its next use.
	keepBuffer = 1 << 20
)

// release gives the inflater back; what inflate returned is invalid then.
func (in *inflater) release() {
	in.source.Reset(nil)
	if cap(in.buf) > keepBuffer {
		in.buf = nil
	}
	inflaters.Put(in)
}

// inflate returns what b decompresses to. The buffer doubles as bytes come
// out, up to limit+1. Like miniz_oxide, it ignores bytes behind the compressed
// data.
func (in *inflater) inflate(b []byte, limit int) ([]byte, error) {
	if err := in.start(b); err != nil {
		return nil, err
	}
	most := min(limit, math.MaxInt-1) + 1
	out := in.buf[:0]
	for {
		if len(out) == cap(out) {
			larger := make([]byte, len(out), min(max(firstBuffer, 2*cap(out)), most))
			copy(larger, out)
			out, in.buf = larger, larger
		}
		n, err := in.flate.Read(out[len(out):min(cap(out), most)])
		out = out[:len(out)+n]
		switch {
		case len(out) > limit:
			return nil, tooBig(limit)
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, damaged(err)
		}
	}
}

// inflateTo writes what b decompresses to, piece by piece.
func (in *inflater) inflateTo(w io.Writer, b []byte, limit int) error {
	if err := in.start(b); err != nil {
		return err
	}
	if len(in.buf) < pieces {
		in.buf = make([]byte, pieces)
	}
	for whole := 0; ; {
		n, err := in.flate.Read(in.buf)
		if n > limit-whole {
			return tooBig(limit)
		}
		whole += n
		if _, failed := w.Write(in.buf[:n]); failed != nil {
			return failed
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return damaged(err)
		}
	}
}

func (in *inflater) start(b []byte) error {
	in.source.Reset(b)
	if err := in.flate.(flate.Resetter).Reset(&in.source, nil); err != nil {
		return damaged(err)
	}
	return nil
}

func damaged(err error) error {
	return format.Errorf("%w: it does not decompress: %w", ErrMalformed, err)
}
