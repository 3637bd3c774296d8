package shmem

import (
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"llmp/internal/format"
)

// heap gives out ordinary Go memory under an id that only this process knows.
// The race detector is blind to mapped memory; with heap it sees all accesses.
type heap struct{}

const heapPrefix = "heap-"

// segment is one piece of memory with its attachments.
type segment struct {
	mem      []byte
	attached int
	detached bool // once at least
}

var heapMaps = struct {
	sync.Mutex
	last uint64
	byID map[ID]*segment
}{byID: map[ID]*segment{}}

// HeapMaps counts the heap maps of this process that are not closed, for tests
// that look for leaks.
func HeapMaps() int {
	heapMaps.Lock()
	defer heapMaps.Unlock()
	n := 0
	for _, s := range heapMaps.byID {
		n += s.attached
	}
	return n
}

func (heap) Name() string    { return Heap }
func (heap) StableIDs() bool { return true }

func (heap) Create(size, annex int) (Map, error) {
	if err := checkSize(size, annex); err != nil {
		return nil, err
	}
	heapMaps.Lock()
	defer heapMaps.Unlock()
	heapMaps.last++
	id, err := ParseID(heapPrefix + strconv.FormatUint(heapMaps.last, 10))
	if err != nil {
		return nil, err
	}
	s := &segment{mem: pageAligned(size + annex), attached: 1}
	heapMaps.byID[id] = s
	return &heapMap{view{id: id, size: size, mem: s.mem}}, nil
}

func (heap) Attach(id ID, size int) (Map, error) {
	if err := checkSize(size, 0); err != nil {
		return nil, err
	}
	id, err := ParseID(id.String()) // without what lies behind the NUL
	if err != nil {
		return nil, err
	}
	number, found := strings.CutPrefix(id.String(), heapPrefix)
	if _, err := strconv.ParseUint(number, 10, 64); !found || err != nil {
		return nil, format.Errorf("%w: %q is no heap map, want %sNUMBER", ErrInvalidID, id, heapPrefix)
	}
	heapMaps.Lock()
	defer heapMaps.Unlock()
	s := heapMaps.byID[id]
	if s == nil {
		return nil, format.Errorf("%w: %s in this process", ErrNotExist, id)
	}
	if len(s.mem) < size {
		return nil, tooSmall(id, len(s.mem), size)
	}
	s.attached++
	return &heapMap{view{id: id, size: size, mem: s.mem}}, nil
}

// pageAligned allocates n zeroed bytes that begin a page, as mapped memory does.
func pageAligned(n int) []byte {
	page := syscall.Getpagesize()
	mem := make([]byte, n+page)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(mem)))) & (page - 1)
	return mem[skip : skip+n : skip+n]
}

type heapMap struct{ view }

func (m *heapMap) Attached() (int, bool) {
	heapMaps.Lock()
	defer heapMaps.Unlock()
	if m.mem == nil {
		return 0, false
	}
	return heapMaps.byID[m.id].attached, true
}

func (m *heapMap) AllStay() (int, bool) {
	heapMaps.Lock()
	defer heapMaps.Unlock()
	if m.mem == nil {
		return 0, false
	}
	s := heapMaps.byID[m.id]
	return s.attached, !s.detached
}

// Prefault does nothing: the memory is make's to place.
func (m *heapMap) Prefault() {}

func (m *heapMap) Close() error {
	heapMaps.Lock()
	defer heapMaps.Unlock()
	if m.take() == nil {
		return nil
	}
	s := heapMaps.byID[m.id]
	s.detached = true
	if s.attached--; s.attached == 0 {
		delete(heapMaps.byID, m.id)
	}
	return nil
}
