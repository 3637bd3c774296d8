// Package sysvipc lists the SysV shared memory segments of this machine.
package sysvipc

import (
	"errors"
	"strconv"
	"strings"

	"llmp/internal/format"
	"llmp/internal/sys"
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
	text, err := sys.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		return nil, err
	}
	_, lines, _ := strings.Cut(string(text), "\n") // the first holds headings
	var all []Segment
	for line := range strings.Lines(lines) {
		s, err := parse(line)
		if err != nil {
			return all, format.Errorf("/proc/sysvipc/shm: %q: %w", line, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func parse(line string) (Segment, error) {
	var numbers [8]int64
	columns := strings.Fields(line)
	if len(columns) < len(numbers) {
		return Segment{}, errColumns
	}
	for i := range numbers {
		base := 10
		if i == 2 { // the mode
			base = 8
		}
		var err error
		if numbers[i], err = strconv.ParseInt(columns[i], base, 64); err != nil {
			return Segment{}, err
		}
	}
	return Segment{
		Key: int(numbers[0]), ID: int(numbers[1]), Mode: uint32(numbers[2]), Size: uint64(numbers[3]),
		Creator: int(numbers[4]), LastUser: int(numbers[5]), Attached: int(numbers[6]), UID: int(numbers[7]),
	}, nil
}

var errColumns = errors.New("fewer columns than are known")
