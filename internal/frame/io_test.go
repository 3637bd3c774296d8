package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"testing/iotest"
)

func header(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

// countWrites keeps what was written and how often.
type countWrites struct {
	bytes.Buffer
	calls int
}

func (c *countWrites) Write(b []byte) (int, error) {
	c.calls++
	return c.Buffer.Write(b)
}

func TestFramesOfAllSizesRoundTrip(t *testing.T) {
	var stream countWrites
	sizes := []int{0, 1, firstRead - 1, firstRead, firstRead + 1, 3 * firstRead, copyLimit, copyLimit + 1, 1 << 20}
	for _, n := range sizes {
		calls := stream.calls
		if err := Write(&stream, pattern(n)); err != nil {
			t.Fatal(err)
		}
		if calls = stream.calls - calls; n <= copyLimit && calls != 1 {
			t.Errorf("%d bytes took %d writes", n, calls)
		}
	}
	r := iotest.HalfReader(&stream)
	for _, n := range sizes {
		if b, err := Read(r); err != nil || !bytes.Equal(b, pattern(n)) {
			t.Fatalf("%d bytes: got %d, %v", n, len(b), err)
		}
	}
	if _, err := Read(r); err != io.EOF {
		t.Errorf("at the end of the stream: %v, want io.EOF", err)
	}
}

func TestLargeFrameOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	body := pattern(3 << 20)
	sent := make(chan error, 1)
	go func() {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			err = Write(c, body)
			c.Close()
		}
		sent <- err
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := Read(c); err != nil || !bytes.Equal(got, body) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestTruncatedFrames(t *testing.T) {
	whole := append(header(2*firstRead), pattern(2*firstRead)...)
	for _, n := range []int{1, 3, 4, 5, firstRead + 3, firstRead + 4, firstRead + 5, len(whole) - 1} {
		if _, err := Read(bytes.NewReader(whole[:n])); err != io.ErrUnexpectedEOF {
			t.Errorf("after %d bytes: %v, want io.ErrUnexpectedEOF", n, err)
		}
	}
	broken := errors.New("cable cut")
	_, err := Read(io.MultiReader(bytes.NewReader(whole[:9]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestTooLongFrames(t *testing.T) {
	for _, n := range []uint32{Max + 1, 1<<32 - 1} {
		r := bytes.NewReader(append(header(n), 1, 2, 3))
		if _, err := Read(r); !errors.Is(err, ErrTooBig) || r.Len() != 3 {
			t.Errorf("%d bytes: %v, %d left unread", n, err, r.Len())
		}
	}
	var out countWrites
	if err := Write(&out, make([]byte, Max+1)); !errors.Is(err, ErrTooBig) || out.calls != 0 {
		t.Errorf("write: %v after %d calls", err, out.calls)
	}
}

// A header that lies must not cost more memory than the bytes that came.
func TestLyingHeaderAllocatesLittle(t *testing.T) {
	in := append(header(Max), pattern(10_000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read(bytes.NewReader(in))
	runtime.ReadMemStats(&after)
	if err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes allocated for %d that arrived", used, len(in))
	}
}

type shortWriter struct{}

func (shortWriter) Write(b []byte) (int, error) { return len(b) - 1, nil }

func TestShortWriteIsAnError(t *testing.T) {
	if err := Write(shortWriter{}, []byte("ab")); err != io.ErrShortWrite {
		t.Errorf("got %v", err)
	}
}
