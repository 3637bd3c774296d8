package frame

import "llmp/internal/postcard"

// A Request is what the side that connected sends after the broker's hello:
// LocalClientHello, RemoteBrokerHello or ClientQuit, as a value.
type Request interface{ isRequest() }

// LocalClientHello asks to become a client whose messages lie on Map.
// The answer is LocalClientAccepted.
type LocalClientHello struct{ Map MapInfo }

// RemoteBrokerHello asks to connect two brokers. Hostname is that of the side
// that connected. The answer is RemoteBrokerAccepted.
type RemoteBrokerHello struct{ Hostname string }

// ClientQuit says that a client is gone. There is no answer.
type ClientQuit struct{ ClientID uint32 }

func (LocalClientHello) isRequest()  {}
func (RemoteBrokerHello) isRequest() {}
func (ClientQuit) isRequest()        {}

// Variants of TcpRequest, in order of declaration.
const (
	requestLocalClientHello = iota
	requestRemoteBrokerHello
	requestClientQuit
	requests
)

// EncodeRequest returns the body of a frame. A host name that is not UTF-8 is
// made so. It panics for anything but the types of this package.
func EncodeRequest(q Request) []byte {
	switch q := q.(type) {
	case LocalClientHello:
		return appendMapInfo([]byte{requestLocalClientHello}, q.Map)
	case RemoteBrokerHello:
		return postcard.AppendString([]byte{requestRemoteBrokerHello}, q.Hostname)
	case ClientQuit:
		return postcard.AppendU32([]byte{requestClientQuit}, q.ClientID)
	}
	panic("frame: not a request, pass one of its structs by value")
}

// DecodeRequest reads the body of a frame. The result keeps no part of b.
// ErrMalformed: it is no request.
func DecodeRequest(b []byte) (Request, error) {
	r := postcard.NewReader(b)
	var q Request
	switch r.Variant(requests) {
	case requestLocalClientHello:
		q = LocalClientHello{Map: readMapInfo(r)}
	case requestRemoteBrokerHello:
		q = RemoteBrokerHello{Hostname: r.String()}
	case requestClientQuit:
		q = ClientQuit{ClientID: r.U32()}
	}
	if err := r.Err(); err != nil {
		return nil, malformed("request", err)
	}
	return q, nil
}
