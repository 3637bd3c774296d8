package llmp

// What only the C library needs of the core, beside MoveCursor, MakeRoom,
// Follow, Fail and Loop.

// ReaderGone says whether nobody but this process is attached to any page of
// this sender: there is no reader any more, however long one waits.
func (s *Sender) ReaderGone() bool { return s.readerGone() }
