package frame

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	// firstRead is how much is allocated on the word of a header alone. From
	// there on the buffer doubles, so it never exceeds twice what arrived.
	firstRead = 4 << 10
	// copyLimit is the body up to which copying costs less than a second
	// write, and less than the delay that two small segments can bring.
	copyLimit = 64 << 10
	lenHeader = 4
)

// Read reads one frame and returns its body, freshly allocated.
//
// io.EOF: the stream ended before the frame began. io.ErrUnexpectedEOF: it
// ended inside. ErrTooBig: the header announces more than Max; nothing behind
// the header was read, so the stream is of no more use. Other errors are the
// reader's own.
func Read(r io.Reader) ([]byte, error) {
	var header [lenHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(header[:])
	if n > Max {
		return nil, tooBig(uint64(n))
	}
	body := make([]byte, min(int(n), firstRead))
	for have := 0; ; {
		got, err := io.ReadFull(r, body[have:])
		if have += got; err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if have == int(n) {
			return body, nil
		}
		larger := make([]byte, min(int(n), 2*have))
		copy(larger, body)
		body = larger
	}
}

// Write writes one frame: a single write for bodies of up to 64 KiB, two for
// larger ones, which are not copied.
//
// ErrTooBig: body is longer than Max, and nothing was written. After any other
// error part of the frame may be out, and the stream is of no more use.
func Write(w io.Writer, body []byte) error {
	if len(body) > Max {
		return tooBig(uint64(len(body)))
	}
	if len(body) <= copyLimit {
		buf := make([]byte, 0, lenHeader+len(body))
		buf = append(binary.BigEndian.AppendUint32(buf, uint32(len(body))), body...)
		return full(len(buf))(w.Write(buf))
	}
	header := binary.BigEndian.AppendUint32(make([]byte, 0, lenHeader), uint32(len(body)))
	if err := full(lenHeader)(w.Write(header)); err != nil {
		return err
	}
	return full(len(body))(w.Write(body))
}

// full turns a short write without an error, against io.Writer's contract, into one.
func full(want int) func(int, error) error {
	return func(n int, err error) error {
		if err == nil && n != want {
			return io.ErrShortWrite
		}
		return err
	}
}
