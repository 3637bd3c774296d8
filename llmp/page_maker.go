package llmp

import (
	"sync"

	"llmp/shmem"
)

// A pageMaker has one page ready that is backed with memory: making it and
// taking its page faults is done by a goroutine, off the sender's path.
type pageMaker struct {
	provider shmem.Provider
	annex    int

	mu    sync.Mutex
	ready *page
	wg    sync.WaitGroup
	busy  uint64 // how much the page takes that is being made; 0: none is
}

// prepare starts to make a page of size bytes, unless one is ready or under
// way, or the caller has no room for it.
func (m *pageMaker) prepare(size uint64, room bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy != 0 || m.ready != nil || !room || size > maxPrefault {
		return
	}
	m.busy = size + uint64(m.annex)
	m.wg.Add(1)
	go m.make(size)
}

// maxPrefault bounds what is backed with memory ahead of need.
const maxPrefault = 8 << 20

func (m *pageMaker) make(size uint64) {
	defer m.wg.Done()
	pg, err := newPage(m.provider, size, m.annex, 0)
	if err == nil {
		pg.m.Prefault()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy = 0
	if err == nil {
		m.ready = pg
	}
}

// take is the page that is ready, if it is large enough; nil when there is none.
func (m *pageMaker) take(size uint64) *page {
	m.mu.Lock()
	defer m.mu.Unlock()
	pg := m.ready
	if pg == nil || pg.size < size {
		return nil
	}
	m.ready = nil
	return pg
}

// footprint is how much shared memory the page takes that is ready, or being
// made.
func (m *pageMaker) footprint() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ready == nil {
		return m.busy
	}
	return m.ready.footprint()
}

// drop gives the page back that is ready.
func (m *pageMaker) drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ready != nil {
		_ = m.ready.close()
		m.ready = nil
	}
}

// close waits for the goroutine and gives everything back.
func (m *pageMaker) close() {
	m.wg.Wait()
	m.drop()
}
