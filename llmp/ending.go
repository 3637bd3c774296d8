package llmp

import (
	"context"
	"sync"
	"time"
)

// What context.WithCancel, WithTimeout and AfterFunc do is done here by less
// where the C library is made of it: they would bring all kinds of contexts
// along, and with those the formatting of times.

// An ending is a context that end ends, and nothing else does.
type ending struct {
	mu    sync.Mutex
	done  chan struct{}
	calls map[*func()]struct{} // what remains to be called at the end
}

func newEnding() *ending {
	return &ending{done: make(chan struct{}), calls: map[*func()]struct{}{}}
}

// end ends it. Doing so twice does nothing.
func (e *ending) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.Err() != nil {
		return
	}
	close(e.done)
	for call := range e.calls {
		go (*call)()
	}
	e.calls = nil
}

// afterFunc is context.AfterFunc for an ending.
func (e *ending) afterFunc(_ context.Context, call func()) (stop func() bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.Err() != nil {
		go call()
		return func() bool { return false }
	}
	e.calls[&call] = struct{}{}
	return func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		_, waits := e.calls[&call]
		delete(e.calls, &call)
		return waits
	}
}

func (e *ending) Deadline() (time.Time, bool) { return time.Time{}, false }

func (e *ending) Done() <-chan struct{} { return e.done }

func (e *ending) Err() error {
	select {
	case <-e.done:
		return context.Canceled
	default:
		return nil
	}
}

func (e *ending) Value(any) any { return nil }

// whenOver calls f when ctx ends, unless stop was called before.
func whenOver(ctx context.Context, f func()) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	stopped := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
		case <-stopped:
		}
		select {
		case <-stopped: // perhaps both
		default:
			f()
		}
	}()
	return func() { close(stopped) }
}

// pause sleeps for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	over := make(chan struct{})
	// Not time.After, which asks package godebug what a timer's channel is like.
	defer time.AfterFunc(d, func() { close(over) }).Stop()
	select {
	case <-ctx.Done():
	case <-over:
	}
}
