//go:build !linux

package futex

import "time"

func waitAny([]Word, time.Duration) error { return ErrUnsupported }
