package llmp

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"
	"sync/atomic"

	"llmp/internal/sys"
	"llmp/internal/wire"
)

// An archive keeps what was broadcast for late joiners, in a file that has no
// name and goes with its process: one block for each page, compressed where
// there is time for it. A goroutine writes; the broker's loop only hands over
// pages, and gives none back before it was written.
type archive struct {
	dir   string
	jobs  chan *livePage
	wants chan want
	stop  atomic.Bool
	done  func() // called after each block and each page read back; must not wait
	wg    sync.WaitGroup

	end int64 // of the file; run's alone

	mu     sync.Mutex
	file   store  // changed by run alone
	first  uint64 // number of the page in blocks[0]
	blocks []block
	holes  []block // forgotten, and still on disk
	held   uint64  // bytes in the file that are still wanted
	lost   uint64  // pages that could not be written or read back: the disk is full, or broken
}

// A store is what blocks are written to: a file, but for tests.
type store interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// makeStore makes the file.
var makeStore = func(dir string) (store, error) {
	f, err := sys.MakeTemp(dir)
	if err != nil {
		return nil, err // and no *File that is nil
	}
	return f, nil
}

// A want is a page that is asked for.
type want struct {
	seq  uint64
	into *atomic.Pointer[loadedPage]
}

// A block is where a page went.
type block struct {
	off        int64
	stored     int  // bytes in the file; 0: lost
	image      int  // bytes of the page's messages; its header is of no use to anybody
	compressed bool // a raw DEFLATE stream
	lastID     uint64
}

const (
	// archiveQueue is how many pages may wait to be written. When it is half
	// full there is no time to compress.
	archiveQueue = 8
	// wantQueue is how many joiners can have asked for a page.
	wantQueue = 1024
	// maxPacked is the largest page that is compressed, since that is done
	// in memory.
	maxPacked = 32 << 20
)

func newArchive(dir string, done func()) *archive {
	a := &archive{
		dir: dir, done: done, first: 1,
		jobs: make(chan *livePage, archiveQueue), wants: make(chan want, wantQueue),
	}
	a.wg.Add(2)
	go a.run()
	go a.serve()
	return a
}

// submit hands over a page that has ended; false when too many wait.
func (a *archive) submit(lp *livePage) bool {
	select {
	case a.jobs <- lp:
		return true
	default:
		return false
	}
}

// ask has a page read back. False when too many have asked.
func (a *archive) ask(seq uint64, into *atomic.Pointer[loadedPage]) bool {
	select {
	case a.wants <- want{seq, into}:
		return true
	default:
		return false
	}
}

// close forgets all pages. None is touched once it returns.
func (a *archive) close() {
	a.stop.Store(true)
	a.submit(nil) // they look at stop, where there is room for one that wakes them
	a.ask(0, nil)
	a.wg.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file != nil {
		_ = a.file.Close()
		a.file = nil
	}
}

// run writes what is submitted.
func (a *archive) run() {
	defer a.wg.Done()
	var p packer
	for {
		lp := <-a.jobs
		if a.stop.Load() {
			return
		}
		image := bytesAt(lp.pg.base, wire.PageHeader, lp.end-wire.PageHeader)
		data := image
		if len(a.jobs) < archiveQueue/2 && len(image) <= maxPacked {
			data = p.pack(image)
		}
		a.write(lp, data, len(data) < len(image))
		p.relax()
		lp.archived.Store(true)
		a.done()
		a.punch() // which nobody waits for
	}
}

// serve reads back what is asked for.
func (a *archive) serve() {
	defer a.wg.Done()
	for {
		w := <-a.wants
		if a.stop.Load() {
			return
		}
		image, lastID := a.load(w.seq)
		w.into.Store(&loadedPage{seq: w.seq, image: image, lastID: lastID})
		a.done()
	}
}

// A packer compresses pages. Its memory is used again and again.
type packer struct {
	out bytes.Buffer
	w   *flate.Writer
}

// pack returns the compressed page, or the page where that is no smaller.
func (p *packer) pack(image []byte) []byte {
	p.out.Reset()
	if p.w == nil {
		p.w, _ = flate.NewWriter(&p.out, flate.BestSpeed) // fails for levels that do not exist only
	} else {
		p.w.Reset(&p.out)
	}
	_, _ = p.w.Write(image) // into memory
	_ = p.w.Close()
	if p.out.Len() >= len(image) {
		return image
	}
	return p.out.Bytes()
}

// relax gives memory back that only a large page needed.
func (p *packer) relax() {
	if p.out.Cap() > maxIdlePacker {
		p.out = bytes.Buffer{}
		p.w = nil
	}
}

// maxIdlePacker is how much memory a packer keeps.
const maxIdlePacker = 4 << 20

// write is called by run alone, so that nobody else waits for the disk: not for
// a lock that is held meanwhile either.
func (a *archive) write(lp *livePage, data []byte, compressed bool) {
	blk := block{off: a.end, stored: len(data), image: int(lp.end - wire.PageHeader), compressed: compressed, lastID: lp.lastID}
	file, err := a.open()
	if err == nil {
		_, err = file.WriteAt(data, blk.off)
	}
	if err != nil {
		blk.stored = 0
	}
	a.end += int64(blk.stored)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.lost++
	}
	a.blocks = append(a.blocks, blk)
	a.held += uint64(blk.stored)
}

// open is the file, made when it is needed first.
func (a *archive) open() (store, error) {
	if a.file != nil {
		return a.file, nil
	}
	file, err := makeStore(a.dir)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.file = file
	return file, nil
}

// punch gives the disk back what was forgotten.
func (a *archive) punch() {
	a.mu.Lock()
	holes := a.holes
	a.holes = nil
	a.mu.Unlock()
	f, ok := a.file.(*sys.File)
	for i := 0; ok && i < len(holes); i++ {
		f.Punch(holes[i].off, int64(holes[i].stored))
	}
}

// usage is how many bytes are on disk, and how many pages were lost.
func (a *archive) usage() (bytes, lost uint64) {
	if a == nil {
		return 0, 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.held, a.lost
}

// forgetBefore frees what lies before page number seq; on disk with the next page
// that is written.
func (a *archive) forgetBefore(seq uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.blocks) > 0 && a.first < seq {
		blk := a.blocks[0]
		a.blocks = a.blocks[1:]
		a.first++
		a.held -= uint64(blk.stored)
		if blk.stored > 0 {
			a.holes = append(a.holes, blk)
		}
	}
}

// imageSize is how many bytes of messages there are on page number seq; 0 when
// it is not kept.
func (a *archive) imageSize(seq uint64) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if seq < a.first || seq-a.first >= uint64(len(a.blocks)) {
		return 0
	}
	return uint64(a.blocks[seq-a.first].image)
}

// oldest is the number of the oldest page that is kept; false when there is none.
func (a *archive) oldest() (uint64, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.first, len(a.blocks) > 0
}

// since is the number of the page from which on there are n bytes before page
// number end, or all.
func (a *archive) since(n, end uint64) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	have := uint64(0)
	for len(a.blocks) > 0 && end > a.first && have < n {
		end--
		if i := end - a.first; i < uint64(len(a.blocks)) {
			have += uint64(a.blocks[i].image)
		}
	}
	return end
}

// spoiled counts a page that cannot be given to a joiner.
func (a *archive) spoiled() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost++
}

// load reads a page back, behind an empty header; nil when it was lost or
// forgotten.
func (a *archive) load(seq uint64) (image []byte, lastID uint64) {
	a.mu.Lock()
	if seq < a.first || seq-a.first >= uint64(len(a.blocks)) {
		a.mu.Unlock()
		return nil, 0
	}
	blk, file := a.blocks[seq-a.first], a.file
	a.mu.Unlock()
	if blk.stored == 0 {
		return nil, 0
	}
	image = make([]byte, wire.PageHeader+blk.image)
	section := io.NewSectionReader(file, blk.off, int64(blk.stored))
	var from io.Reader = section
	if blk.compressed {
		from = flate.NewReader(section)
	}
	if _, err := io.ReadFull(from, image[wire.PageHeader:]); err != nil {
		a.spoiled()
		return nil, 0
	}
	return image, blk.lastID
}
