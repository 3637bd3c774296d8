package llmp

import (
	"context"
	"sync"
	"time"
)

// The C library has no contexts, and what it is made of does not need them: to
// convert anything to context.Context is to link all that time.Time can do, time
// zones included, because of its method Deadline. So what waits takes an ender.

// An ender is what waiting needs of a context: each context is one.
type ender interface {
	Done() <-chan struct{}
	Err() error
}

// never is an ender that does not end, as context.Background.
type never struct{}

func (never) Done() <-chan struct{} { return nil }
func (never) Err() error            { return nil }

// An ending is an ender that end ends.
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

// An afterFunc is context.AfterFunc for a certain context.
type afterFunc = func(f func()) (stop func() bool)

// afterFunc is that for an ending.
func (e *ending) afterFunc(call func()) (stop func() bool) {
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

func (e *ending) Done() <-chan struct{} { return e.done }

func (e *ending) Err() error {
	select {
	case <-e.done:
		return context.Canceled
	default:
		return nil
	}
}

// whenOver is context.AfterFunc for any ender.
func whenOver(e ender, f func()) (stop func()) {
	if e.Done() == nil {
		return func() {}
	}
	stopped := make(chan struct{})
	go func() {
		select {
		case <-e.Done():
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

// pause sleeps for d, or until e ends.
func pause(e ender, d time.Duration) {
	over := make(chan struct{})
	// Not time.After, which asks package godebug what a timer's channel is like.
	defer time.AfterFunc(d, func() { close(over) }).Stop()
	select {
	case <-e.Done():
	case <-over:
	}
}
