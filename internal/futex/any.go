package futex

import (
	"errors"
	"time"
)

// A Word is one of those that WaitAny sleeps on.
type Word struct {
	Addr *uint32
	Val  uint32 // sleep only while it has this value
}

// MaxAny is how many words WaitAny can sleep on.
const MaxAny = 128

// ErrUnsupported: this system cannot sleep on several words.
var ErrUnsupported = errors.New("cannot sleep on several words here")

// WaitAny is Wait for several words: it sleeps until one changes. It returns
// ErrUnsupported at once where the system cannot do that, or for more than
// MaxAny words.
func WaitAny(words []Word, timeout time.Duration) error { return waitAny(words, timeout) }
