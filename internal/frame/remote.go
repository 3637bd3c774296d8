package frame

import "llmp/internal/postcard"

// A RemoteMessage is a bus message on its way from one broker to another
// (TcpRemoteNewMessage). ClientID is the sender's on the side it comes from.
type RemoteMessage struct {
	ClientID, Tag, Flags uint32
	Payload              []byte
}

// AppendRemoteMessage appends the body of a frame to dst. It is at most 25
// bytes longer than the payload.
func AppendRemoteMessage(dst []byte, m RemoteMessage) []byte {
	dst = postcard.AppendU32(dst, m.ClientID)
	dst = postcard.AppendU32(dst, m.Tag)
	dst = postcard.AppendU32(dst, m.Flags)
	return postcard.AppendBytes(dst, m.Payload)
}

// DecodeRemoteMessage reads the body of a frame. Payload aliases b.
// ErrMalformed: it is no such message.
func DecodeRemoteMessage(b []byte) (RemoteMessage, error) {
	r := postcard.NewReader(b)
	m := RemoteMessage{ClientID: r.U32(), Tag: r.U32(), Flags: r.U32(), Payload: r.Bytes()}
	if err := r.Err(); err != nil {
		return RemoteMessage{}, malformed("remote message", err)
	}
	return m, nil
}
