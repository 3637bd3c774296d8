package llmp

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// The C library has no contexts, and what it is made of does not need them: to
// convert anything to context.Context is to link all that time.Time can do, time
// zones included, because of its method Deadline. So what waits takes an ender.

// An ender is what waiting needs of a context.
type ender interface {
	// Err is not nil once it has ended.
	Err() error
	// AfterFunc has f called, in a goroutine of its own, when it ends, unless
	// stop comes before; stop then returns true.
	AfterFunc(f func()) (stop func() bool)
}

// An inContext is a context as an ender.
type inContext struct{ context.Context }

func (c inContext) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(c.Context, f) }

// never is the ender that does not end.
type never struct{}

func (never) Err() error                          { return nil }
func (never) AfterFunc(func()) (stop func() bool) { return func() bool { return true } }

// An ending is the ender that end ends.
type ending struct {
	over  atomic.Bool
	mu    sync.Mutex
	calls []*func() // what remains to be called at the end
}

// end ends it. Doing so twice does nothing.
func (e *ending) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over.Store(true)
	for _, call := range e.calls {
		go (*call)()
	}
	e.calls = nil
}

func (e *ending) Err() error {
	if e.over.Load() {
		return context.Canceled
	}
	return nil
}

func (e *ending) AfterFunc(f func()) (stop func() bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over.Load() {
		go f()
		return func() bool { return false }
	}
	e.calls = append(e.calls, &f)
	return func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		for i, call := range e.calls {
			if call == &f {
				e.calls = append(e.calls[:i], e.calls[i+1:]...)
				return true
			}
		}
		return false
	}
}

// pause sleeps for d, or until e ends.
func pause(e ender, d time.Duration) {
	over := make(chan struct{}, 2)
	wake := func() { over <- struct{}{} }
	// Not time.After, which asks package godebug what a timer's channel is like.
	defer time.AfterFunc(d, wake).Stop()
	defer e.AfterFunc(wake)()
	<-over
}
