package llmp

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestEnding(t *testing.T) {
	e := newEnding()
	if e.Err() != nil {
		t.Errorf("%v before its end", e.Err())
	}
	called := make(chan string, 4)
	e.afterFunc(func() { called <- "before" })
	stop := e.afterFunc(func() { called <- "stopped" })
	if !stop() || stop() {
		t.Error("what was stopped was not to be called, and then it was")
	}
	e.end()
	e.end()
	if got := <-called; got != "before" {
		t.Errorf("called %q", got)
	}
	if stop := e.afterFunc(func() { called <- "late" }); stop() {
		t.Error("stopped after the end")
	}
	if got := <-called; got != "late" {
		t.Errorf("called %q", got)
	}
	<-e.Done()
	if !errors.Is(e.Err(), context.Canceled) {
		t.Errorf("%v after its end", e.Err())
	}
}

func TestWhenOver(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	called := make(chan struct{})
	stop := whenOver(ctx, func() { close(called) })
	cancel()
	<-called
	stop()

	before := runtime.NumGoroutine()
	var times atomic.Int32
	for range 1000 {
		ctx, cancel = context.WithCancel(context.Background())
		whenOver(ctx, func() { times.Add(1) })()
		cancel()
	}
	whenOver(never{}, func() { times.Add(1) })()
	eventually(t, "nobody watches any more", func() bool { return runtime.NumGoroutine() <= before })
	if n := times.Load(); n != 0 {
		t.Errorf("called %d times, though it was stopped", n)
	}
}

func TestPause(t *testing.T) {
	pause(never{}, time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	go cancel()
	pause(ctx, time.Hour)
}
