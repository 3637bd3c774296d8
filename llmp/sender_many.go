package llmp

import "llmp/internal/wire"

// SendMany sends messages with as few commits as pages allow, so that readers
// see them together. It returns how many were sent; the error, if any, is that
// of the first that was not.
func (s *Sender) SendMany(msgs []Outgoing) (int, error) {
	sent := 0
	var err error
	for sent < len(msgs) && err == nil {
		sent += s.writeRun(msgs[sent:])
		if sent < len(msgs) {
			m := &msgs[sent]
			if err = s.post(m.Tag, m.Flags, m.Data, false); err == nil {
				sent++
			}
		}
	}
	if sent > 0 {
		publish(s.cur)
	}
	return sent, err
}

// writeRun writes messages, without publishing them, until one needs more than
// the rest of the page: another page, or an error. It returns how many. The place
// stays in registers meanwhile.
func (s *Sender) writeRun(msgs []Outgoing) int {
	c := s.cur
	base, used, last := c.Base, c.Used, c.LastOff
	id, largest, total, sender := c.LastID, c.MaxAlloc, c.Total, c.SenderID
	if base == nil || c.OpenOff != 0 {
		return 0
	}
	n := 0
	for n < len(msgs) {
		m := &msgs[n]
		length := uint64(len(m.Data))
		start, need, ok := place(used, largest, total, length)
		if !ok || wire.MayBeReserved(uint32(m.Tag)) {
			break
		}
		used, id, last = used+need, id+1, start
		putHeader(base, start, uint32(m.Tag), sender, uint32(m.Flags), id, length, need-wire.MsgHeader)
		putPayload(base, start+wire.MsgHeader, m.Data)
		n++
	}
	if n > 0 {
		c.Used, c.LastID, c.LastOff = used, id, last
		putUsed(base, used)
	}
	return n
}
