package llmp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"llmp/internal/cursor"
	"llmp/shmem"
)

// numbered are messages that say which they are and fill their payload
// accordingly, so that a byte of another one is noticed.
func numbered(i uint64, n int) []byte {
	b := make([]byte, 8+n)
	binary.LittleEndian.PutUint64(b, i)
	for j := range n {
		b[8+j] = byte(i*131 + uint64(j)*7)
	}
	return b
}

// checkNumbered says what is wrong with a message that should be number i.
func checkNumbered(data []byte, i uint64) error {
	if len(data) < 8 {
		return fmt.Errorf("a message of %d bytes came when number %d was due", len(data), i)
	}
	if got := binary.LittleEndian.Uint64(data); got != i {
		return fmt.Errorf("message %d came when %d was due", got, i)
	}
	for j, c := range data[8:] {
		if c != byte(i*131+uint64(j)*7) {
			return fmt.Errorf("message %d has other bytes from %d on", i, j)
		}
	}
	return nil
}

// A libaflReader reads as LibAFL's receivers do, in steps between which it can
// be stopped for any time, or die.
type libaflReader struct {
	p    shmem.Provider
	pg   *page // nil: in the gap
	cur  cursor.Recv
	link MapDescription
	at   int // what it does next
	due  uint64
	err  error // it has ended
}

const (
	stepRead = iota
	stepLeave
	stepUnmap
	stepMap
	stepJoin
)

// joinAsLibAFL attaches a first page, without being counted there.
func joinAsLibAFL(p shmem.Provider, door MapDescription) (*libaflReader, error) {
	pg, err := attachPage(p, door.ID, door.Size, "joining")
	if err != nil {
		return nil, err
	}
	r := &libaflReader{p: p, pg: pg}
	enterPage(&r.cur, pg)
	return r, nil
}

// step does one thing, and says whether there was anything to do. What is read
// must be the messages from number 0 on, in order.
func (r *libaflReader) step() (did bool) {
	if r.err != nil {
		return false
	}
	switch r.at {
	case stepRead:
		var h msgHeader
		switch next(&r.cur, &h) {
		case message:
			var m Message
			h.toMessage(&m, &r.cur)
			if err := checkNumbered(m.Data, r.due); err != nil {
				r.end(errors.Join(errWrong, err))
				return true
			}
			r.due++
		case endOfPage:
			link, err := readLink(&r.cur)
			if err != nil {
				r.end(errors.Join(errWrong, err))
				return true
			}
			r.link, r.at = link, stepLeave
		case nothing:
			return false
		case exiting:
			r.end(errExiting)
		default:
			r.end(errWrong)
		}
	case stepLeave:
		addLeft(r.pg.base)
		r.at = stepUnmap
	case stepUnmap:
		_ = r.pg.close()
		r.pg = nil
		r.at = stepMap
	case stepMap:
		pg, err := attachPage(r.p, r.link.ID, r.link.Size, "following")
		if err != nil {
			r.end(err)
			return true
		}
		r.pg, r.at = pg, stepJoin
	case stepJoin:
		addJoined(r.pg.base)
		enterPage(&r.cur, r.pg)
		r.at = stepRead
	}
	return true
}

var (
	errWrong   = errors.New("wrong bytes")
	errExiting = errors.New("exiting")
)

// end is what happens to its maps when its process dies, at whatever step.
func (r *libaflReader) end(why error) {
	if r.pg != nil {
		_ = r.pg.close()
		r.pg = nil
	}
	if r.err == nil {
		r.err = why
	}
}

// numberOf is which message this is.
func numberOf(m Message) uint64 { return binary.LittleEndian.Uint64(m.Data) }
