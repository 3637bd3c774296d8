package llmp

import (
	"context"
	"time"
)

// SafeToUnmap says whether a receiver has mapped the page this sender sends
// on, so that the sender may let go of it without losing messages.
func (s *Sender) SafeToUnmap() bool {
	if s.cur.Base == nil {
		return true
	}
	joined, _ := loadCounters(s.cur.Base)
	return joined != 0
}

// MarkSafeToUnmap marks it so, though nobody may have read it: messages can
// be lost.
func (s *Sender) MarkSafeToUnmap() {
	if s.cur.Base != nil {
		addJoined(s.cur.Base)
	}
}

// safeToUnmapWithin waits until SafeToUnmap; false when the time is over.
func (s *Sender) safeToUnmapWithin(limit time.Duration) bool {
	nap, end := firstPoll, time.Now().Add(limit)
	for !s.SafeToUnmap() {
		left := time.Until(end)
		if left <= 0 {
			return false
		}
		time.Sleep(min(nap, left))
		nap = min(2*nap, lastPoll)
	}
	return true
}

// WaitSafeToUnmap waits until SafeToUnmap; the error is the context's.
func (s *Sender) WaitSafeToUnmap(ctx context.Context) error {
	nap := firstPoll
	for !s.SafeToUnmap() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(nap):
		}
		nap = min(2*nap, lastPoll)
	}
	return nil
}
