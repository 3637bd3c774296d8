package event

import "bytes"

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

func (d Decoder) maxSize() int {
	if d.MaxSize <= 0 {
		return DefaultMaxSize
	}
	return d.MaxSize
}
