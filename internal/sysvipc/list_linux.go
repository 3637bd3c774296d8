// Package sysvipc lists the SysV shared memory segments of this machine.
package sysvipc

import (
	"fmt"
	"os"
	"strings"
)

// A Segment is one line of /proc/sysvipc/shm.
type Segment struct {
	Key      int
	ID       int
	Mode     uint32 // permissions, and 0o1000 once it is marked for removal
	Size     uint64 // bytes
	Creator  int    // process id; 0 if it is not visible from here
	LastUser int    // process that attached or detached last
	Attached int
	UID      int // the owner's
}

// List returns all segments of this IPC namespace.
func List() ([]Segment, error) {
	text, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		return nil, err
	}
	_, lines, _ := strings.Cut(string(text), "\n") // the first holds headings
	var all []Segment
	for line := range strings.Lines(lines) {
		var s Segment
		if _, err := fmt.Sscanf(line, "%d %d %o %d %d %d %d %d",
			&s.Key, &s.ID, &s.Mode, &s.Size, &s.Creator, &s.LastUser, &s.Attached, &s.UID); err != nil {
			return all, fmt.Errorf("/proc/sysvipc/shm: %q: %w", line, err)
		}
		all = append(all, s)
	}
	return all, nil
}
