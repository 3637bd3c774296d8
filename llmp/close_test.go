package llmp

import (
	"errors"
	"testing"
	"time"

	"llmp/shmem"
)

// sent is how many messages fill sends.
const sent = 3

// fill sends over several pages and reads the first only.
func fill(t *testing.T, c *Client) {
	t.Helper()
	first := c.Map().ID
	for range sent {
		if err := c.Send(1, make([]byte, 3000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, err := c.Recv(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if c.Map().ID == first {
		t.Fatal("all went to one page")
	}
}

// drain reads to the end and returns how many messages came.
func drain(t *testing.T, r *Receiver) (n int) {
	t.Helper()
	for ; ; n++ {
		_, err := r.RecvContext(within(t, 30*time.Second))
		if errors.Is(err, ErrClosed) {
			return n
		}
		if err != nil {
			t.Fatalf("after %d messages: %v", n, err)
		}
	}
}

// TestCloseOfAChannelAlone: nobody else has it, so there is nobody to wait for
// and nothing to complain of. Where nobody can tell, Close waits and says so.
func TestCloseOfAChannelAlone(t *testing.T) {
	for name, p := range providers(t) {
		t.Run(name, func(t *testing.T) {
			c, err := NewP2P(1, Options{Provider: p, PageSize: 4096})
			if err != nil {
				t.Fatal(err)
			}
			fill(t, c)
			want := error(nil)
			if name == shmem.Posix {
				want = ErrTimeout
			}
			if err := c.Close(); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
}

// TestCloseOfAChannelNobodyKnows: as long as its pages were not made known there
// is nobody to wait for, whatever the system can tell.
func TestCloseOfAChannelNobodyKnows(t *testing.T) {
	for name, p := range providers(t) {
		t.Run(name, func(t *testing.T) {
			c, err := NewP2P(1, Options{Provider: p, PageSize: 4096})
			if err != nil {
				t.Fatal(err)
			}
			for range sent {
				if err := c.Send(1, make([]byte, 3000)); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCloseOfAChannelWithAnEnd: whoever has mapped the last page can read it
// after its sender has gone.
func TestCloseOfAChannelWithAnEnd(t *testing.T) {
	for _, name := range []string{shmem.Heap, shmem.SysV} {
		t.Run(name, func(t *testing.T) {
			o := Options{Provider: provider(t, name), PageSize: 4096}
			c, err := NewP2P(1, o)
			if err != nil {
				t.Fatal(err)
			}
			fill(t, c)
			m := c.Map()
			m.Offset = NoOffset
			r, err := AttachReceiver(m, o)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if n := drain(t, r); n == 0 || n == sent {
				t.Errorf("%d of %d messages were on the last page", n, sent)
			}
		})
	}
}

// TestCloseOfAChannelBehind: who is on an earlier page still has to come to the
// last one.
func TestCloseOfAChannelBehind(t *testing.T) {
	o := Options{Provider: provider(t, shmem.SysV), PageSize: 4096}
	c, err := NewP2P(1, o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := AttachReceiver(c.Map(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fill(t, c)
	c.grace = time.Minute
	closed := make(chan error, 1)
	go func() { closed <- c.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("closed while an end was behind: %v", err)
	case <-time.After(20 * time.Millisecond): // it waits, or has not come so far: both are well
	}
	if n := drain(t, r); n != sent {
		t.Errorf("%d of %d messages came", n, sent)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
