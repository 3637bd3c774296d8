package llmp

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestEnders: each ender calls what it was given, once, or not at all.
func TestEnders(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	e := new(ending)
	for name, c := range map[string]struct {
		e   ender
		end func()
	}{"context": {inContext{ctx}, cancel}, "ending": {e, e.end}} {
		if err := c.e.Err(); err != nil {
			t.Errorf("%s: %v before its end", name, err)
		}
		called := make(chan string, 4)
		c.e.AfterFunc(func() { called <- "before" })
		stop := c.e.AfterFunc(func() { called <- "stopped" })
		if !stop() || stop() {
			t.Errorf("%s: what was stopped was not to be called, and then it was", name)
		}
		c.end()
		c.end()
		if got := <-called; got != "before" {
			t.Errorf("%s: called %q", name, got)
		}
		if stop := c.e.AfterFunc(func() { called <- "late" }); stop() {
			t.Errorf("%s: stopped after the end", name)
		}
		if got := <-called; got != "late" {
			t.Errorf("%s: called %q", name, got)
		}
		if err := c.e.Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v after its end", name, err)
		}
	}
	if !(never{}).AfterFunc(func() { t.Error("never came") })() || (never{}).Err() != nil {
		t.Error("never has ended")
	}
}

func TestPause(t *testing.T) {
	pause(never{}, time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	go cancel()
	pause(inContext{ctx}, time.Hour)
}
