package llmp

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"llmp/internal/sys"
	"llmp/shmem"
)

// smallDisk is a store that is full after some bytes, until it has more.
type smallDisk struct {
	store
	left int64
}

var errDiskFull = errors.New("no space left on device")

func (d *smallDisk) WriteAt(b []byte, off int64) (int, error) {
	if int64(len(b)) > d.left {
		return 0, errDiskFull
	}
	d.left -= int64(len(b))
	return d.store.WriteAt(b, off)
}

// onDisk has the archives of a test written to a store of its own.
func onDisk(t *testing.T, make func(dir string) (store, error)) {
	t.Helper()
	former := makeStore
	makeStore = make
	t.Cleanup(func() { makeStore = former })
}

// TestFullDiskLosesHistoryAlone: live receivers get everything; a late joiner
// gets what there is, and the statistics say that pages are missing.
func TestFullDiskLosesHistoryAlone(t *testing.T) {
	const n, size = 4000, 1000
	const disk = 80_000 // less than all pages take if there is time to compress each
	former := makeStore
	onDisk(t, func(dir string) (store, error) {
		s, err := former(dir)
		return &smallDisk{store: s, left: disk}, err
	})
	p := provider(t, shmem.Heap)
	b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 64 << 10, Budget: 1 << 20, ArchiveDir: t.TempDir()})
	a, live := connect(t, port, p), connect(t, port, p)
	sendNumbered(t, a, live, 0, n, size)
	eventually(t, "pages are lost", func() bool { return b.Stats().Lost != 0 })
	s := b.Stats()
	if s.ArchivedBytes > disk || s.CutOff != 0 {
		t.Errorf("%+v: want pages to be lost, and nobody else to notice", s)
	}
	late := connect(t, port, p)
	ctx := within(t, 60*time.Second)
	got, gaps := uint64(0), 0
	for due := uint64(0); due < n; got++ {
		m, err := late.RecvContext(ctx)
		if err != nil {
			t.Fatal(err)
		}
		i := numberOf(m)
		if i < due {
			t.Fatalf("message %d came when %d was due", i, due)
		}
		if i > due {
			gaps++
		}
		if err := checkNumbered(m.Data, i); err != nil {
			t.Fatal(err)
		}
		due = i + 1
	}
	s = b.Stats()
	const aPage = (64<<10 - 300) / (1088)
	if missing := n - got; gaps == 0 || missing < s.Lost*(aPage-2) || missing > s.Lost*(aPage+2) {
		t.Errorf("%d messages in %d gaps are missing, and %d pages lost", missing, gaps, s.Lost)
	}
}

// stuckDisk is a store that does not write until it may.
type stuckDisk struct {
	store
	may <-chan struct{}
}

func (d stuckDisk) WriteAt(b []byte, off int64) (int, error) {
	<-d.may
	return d.store.WriteAt(b, off)
}

// TestStuckDiskHoldsUpNobody: while the disk does not answer, the bus goes on as
// far as the budget reaches, clients come, and the broker tells its figures.
func TestStuckDiskHoldsUpNobody(t *testing.T) {
	for _, history := range []History{HistoryAll, HistoryBytes(40 << 10)} {
		t.Run(history.String(), func(t *testing.T) {
			may := make(chan struct{})
			former := makeStore
			onDisk(t, func(dir string) (store, error) {
				s, err := former(dir)
				return stuckDisk{s, may}, err
			})
			p := provider(t, shmem.Heap)
			b, port := runBroker(t, BrokerOptions{
				Provider: p, PageSize: 16 << 10, Budget: 8 << 20, History: history, ArchiveDir: t.TempDir()})
			free := sync.OnceFunc(func() { close(may) })
			defer free() // before the broker is closed, which waits for the disk
			a, live := connect(t, port, p), connect(t, port, p)
			sendNumbered(t, a, live, 0, 2000, 200)
			if s := b.Stats(); s.ArchivedBytes != 0 || s.Forwarded != 2000 {
				t.Errorf("%+v: want all to be forwarded, and none on disk", s)
			}
			late := connect(t, port, p)
			sendNumbered(t, a, live, 2000, 1000, 200)
			free()
			ctx := within(t, 60*time.Second)
			for i := uint64(0); i != 2999; {
				m, err := late.RecvContext(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if err := checkNumbered(m.Data, numberOf(m)); err != nil {
					t.Fatal(err)
				}
				if was := i; history == HistoryAll && numberOf(m) > was+1 {
					t.Fatalf("message %d came after %d", numberOf(m), was)
				}
				i = numberOf(m)
			}
			if s := b.Stats(); s.Lost != 0 {
				t.Errorf("%d pages lost", s.Lost)
			}
		})
	}
}

// TestDamagedArchive: what cannot be read back is skipped and counted.
func TestDamagedArchive(t *testing.T) {
	var file *sys.File
	former := makeStore
	onDisk(t, func(dir string) (store, error) {
		s, err := former(dir)
		file = s.(*sys.File)
		return s, err
	})
	p := provider(t, shmem.Heap)
	b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 16 << 10, Budget: 1 << 20, ArchiveDir: t.TempDir()})
	a, live := connect(t, port, p), connect(t, port, p)
	sendNumbered(t, a, live, 0, 2000, 200)
	archive := b.pages.archive
	eventually(t, "six pages go to disk", func() bool {
		archive.mu.Lock()
		defer archive.mu.Unlock()
		return len(archive.blocks) >= 6
	})
	archive.mu.Lock()
	bad := archive.blocks[3:6]
	archive.mu.Unlock()
	for _, blk := range bad {
		if _, err := file.WriteAt(make([]byte, blk.stored), blk.off); err != nil {
			t.Error(err)
		}
	}
	late := connect(t, port, p)
	ctx := within(t, 60*time.Second)
	for due := uint64(0); due < 2000; {
		m, err := late.RecvContext(ctx)
		if err != nil {
			t.Fatal(err)
		}
		i := numberOf(m)
		if i < due {
			t.Fatalf("message %d came when %d was due", i, due)
		}
		if err := checkNumbered(m.Data, i); err != nil {
			t.Fatal(err)
		}
		due = i + 1
	}
	if s := b.Stats(); s.Lost != 3 {
		t.Errorf("%d pages lost, want 3", s.Lost)
	}
}

// TestArchiveIsOneFileWithoutAName looks at where the history lies.
func TestArchiveIsOneFileWithoutAName(t *testing.T) {
	dir := t.TempDir()
	p := provider(t, shmem.Heap)
	b, port := runBroker(t, BrokerOptions{Provider: p, PageSize: 16 << 10, Budget: 1 << 20, ArchiveDir: dir})
	a, live := connect(t, port, p), connect(t, port, p)
	sendNumbered(t, a, live, 0, 1000, 200)
	eventually(t, "something goes to disk", func() bool { return b.Stats().ArchivedBytes != 0 })
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 0 {
		t.Errorf("%v, %v in the archive directory: want nothing", names, err)
	}
	if s := b.Stats(); s.ArchivedBytes > s.Bytes {
		t.Errorf("%d bytes on disk for %d of messages", s.ArchivedBytes, s.Bytes)
	}
	if _, err := NewBroker(BrokerOptions{Provider: p, ArchiveDir: dir + "/missing"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a missing archive directory gave %v", err)
	}
}
