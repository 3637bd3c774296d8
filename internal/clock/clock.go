// Package clock has moments: what time.Time is, without a calendar. A field of
// that type in a struct that becomes an interface value keeps all the methods
// of time.Time alive, time zones included.
package clock

import "time"

// A Moment is a time of this process's, by a clock that never goes back. The
// zero Moment is none, and lies before all others.
type Moment int64 // nanoseconds

// start is the first moment, or nearly.
var start = time.Now()

// first is that far from the zero Moment, so that what never was is longer ago
// than anybody waits: 73 years.
const first Moment = 1 << 61

// Now is the current moment.
func Now() Moment { return first + Moment(time.Since(start)) }

// Add is the moment d later.
func (m Moment) Add(d time.Duration) Moment {
	if d > 0 && m+Moment(d) < m {
		return 1<<63 - 1
	}
	return m + Moment(d)
}

// Sub is how long after o m is.
func (m Moment) Sub(o Moment) time.Duration { return time.Duration(m - o) }

// Before says whether m comes before o.
func (m Moment) Before(o Moment) bool { return m < o }

// IsZero says whether m is none.
func (m Moment) IsZero() bool { return m == 0 }

// Since is how long m is past.
func Since(m Moment) time.Duration { return Now().Sub(m) }

// Until is how long it is until m.
func Until(m Moment) time.Duration { return m.Sub(Now()) }
