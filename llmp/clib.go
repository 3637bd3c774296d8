package llmp

// What only the C library needs of the core, beside MoveCursor, MakeRoom,
// Follow, Fail and Loop.

// ReaderGone says whether nobody but this process is attached to any page of
// this sender: there is no reader any more, however long one waits.
func (s *Sender) ReaderGone() bool { return s.readerGone() }

// ConnectOnly is Connect without a context (see ender).
func ConnectOnly(o Options) (*Client, error) { return connectTo(never{}, o) }

// DetachOnly is Detach without a context.
func DetachOnly(port uint16, id ClientID) error { return detach(never{}, port, id) }

// ConnectB2BOnly is ConnectB2B without a context.
func (b *Broker) ConnectB2BOnly(addr string) error { return b.connectB2B(never{}, addr) }

// RoundOnly is Round without a context.
func (l *Loop) RoundOnly() (Round, error) { return l.forward(never{}) }
