package event

import (
	"bytes"
	"compress/flate"
	"io"
)

// Compress returns what a message carries in place of an encoding of
// CompressFrom bytes or more: raw DEFLATE. It is for those who encode
// themselves; Encode does it where it is due.
func Compress(encoding []byte) []byte { return deflate(encoding) }

// Decompress returns the encoding that a message with FlagCompressed carries,
// of MaxSize bytes at most: for those who decode themselves. The result shares
// nothing with payload. Errors: ErrMalformed, ErrTooBig.
func (d Decoder) Decompress(payload []byte) ([]byte, error) {
	in := inflaters.Get().(*inflater)
	defer in.release()
	encoding, err := in.inflate(payload, d.maxSize())
	return bytes.Clone(encoding), err
}

// CompressTo is Compress for those who have their own buffer, and the encoding
// in parts. The only errors are those of w, as they are.
func CompressTo(w io.Writer, parts ...[]byte) error {
	d := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(d)
	d.Reset(w)
	for _, part := range parts {
		if _, err := d.Write(part); err != nil {
			return err
		}
	}
	return d.Close()
}

// DecompressTo is Decompress for those who have their own buffer. Errors:
// ErrMalformed, ErrTooBig, and those of w, as they are; w may have got a part
// by then.
func (d Decoder) DecompressTo(w io.Writer, payload []byte) error {
	in := inflaters.Get().(*inflater)
	defer in.release()
	return in.inflateTo(w, payload, d.maxSize())
}

func (d Decoder) maxSize() int {
	if d.MaxSize <= 0 {
		return DefaultMaxSize
	}
	return d.MaxSize
}
