package frame

import "llmp/internal/postcard"

// A Response is what a broker sends to the side that connected:
// BrokerConnectHello, LocalClientAccepted, RemoteBrokerAccepted or Error, as a
// value.
type Response interface{ isResponse() }

// BrokerConnectHello is the first frame on every connection, sent unasked:
// the page that local clients read, and the broker's host name.
type BrokerConnectHello struct {
	Map      MapInfo
	Hostname string
}

// LocalClientAccepted gives a local client its id, which it writes into its
// page and its messages.
type LocalClientAccepted struct{ ClientID uint32 }

// RemoteBrokerAccepted answers a RemoteBrokerHello; both sides send frames of
// RemoteMessage from here on.
type RemoteBrokerAccepted struct{ BrokerID uint32 }

// Error says that the request failed. (It is a message, not a Go error.)
type Error struct{ Description string }

func (BrokerConnectHello) isResponse()   {}
func (LocalClientAccepted) isResponse()  {}
func (RemoteBrokerAccepted) isResponse() {}
func (Error) isResponse()                {}

// Variants of TcpResponse, in order of declaration.
const (
	responseBrokerConnectHello = iota
	responseLocalClientAccepted
	responseRemoteBrokerAccepted
	responseError
	responses
)

// EncodeResponse returns the body of a frame. Strings that are not UTF-8 are
// made so. It panics for anything but the types of this package.
func EncodeResponse(p Response) []byte {
	switch p := p.(type) {
	case BrokerConnectHello:
		b := appendMapInfo([]byte{responseBrokerConnectHello}, p.Map)
		return postcard.AppendString(b, p.Hostname)
	case LocalClientAccepted:
		return postcard.AppendU32([]byte{responseLocalClientAccepted}, p.ClientID)
	case RemoteBrokerAccepted:
		return postcard.AppendU32([]byte{responseRemoteBrokerAccepted}, p.BrokerID)
	case Error:
		return postcard.AppendString([]byte{responseError}, p.Description)
	}
	panic("frame: not a response, pass one of its structs by value")
}

// Name is what Go calls a response, for error texts.
func Name(p Response) string {
	switch p.(type) {
	case BrokerConnectHello:
		return "frame.BrokerConnectHello"
	case LocalClientAccepted:
		return "frame.LocalClientAccepted"
	case RemoteBrokerAccepted:
		return "frame.RemoteBrokerAccepted"
	}
	return "frame.Error"
}

// DecodeResponse reads the body of a frame. The result keeps no part of b.
// ErrMalformed: it is no response.
func DecodeResponse(b []byte) (Response, error) {
	r := postcard.NewReader(b)
	var p Response
	switch r.Variant(responses) {
	case responseBrokerConnectHello:
		m := readMapInfo(r)
		p = BrokerConnectHello{Map: m, Hostname: r.String()}
	case responseLocalClientAccepted:
		p = LocalClientAccepted{ClientID: r.U32()}
	case responseRemoteBrokerAccepted:
		p = RemoteBrokerAccepted{BrokerID: r.U32()}
	case responseError:
		p = Error{Description: r.String()}
	}
	if err := r.Err(); err != nil {
		return nil, malformed("response", err)
	}
	return p, nil
}
