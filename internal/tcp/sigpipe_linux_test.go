package tcp_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// TestWriteRaisesNoSignal writes to who is gone. A SIGPIPE would be here before
// the signal that follows it.
func TestWriteRaisesNoSignal(t *testing.T) {
	got := make(chan os.Signal, 2)
	signal.Notify(got, syscall.SIGPIPE, syscall.SIGWINCH)
	defer signal.Stop(got)
	c, other := pair(t, listen(t))
	_ = other.Close()
	var err error
	for range 1000 {
		if _, err = c.Write(make([]byte, 1<<10)); err == syscall.EPIPE {
			break
		}
	}
	if err != syscall.EPIPE {
		t.Fatalf("writing to who is gone ends with %v", err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
		t.Fatal(err)
	}
	if sig := <-got; sig != syscall.SIGWINCH {
		t.Errorf("it raised %v", sig)
	}
}
