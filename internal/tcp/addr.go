package tcp

import (
	"strconv"
	"strings"
)

// An Addr is a numeric address with a port.
type Addr struct {
	ip   [16]byte // of IPv4: mapped, as ::ffff:1.2.3.4
	port uint16
}

var mapped = [16]byte{10: 0xff, 11: 0xff}

// Loopback is 127.0.0.1.
func Loopback(port uint16) Addr {
	a := Addr{ip: mapped, port: port}
	copy(a.ip[12:], []byte{127, 0, 0, 1})
	return a
}

// Port is the address's port.
func (a Addr) Port() uint16 { return a.port }

// is4 says whether it is an address of IPv4.
func (a Addr) is4() bool { return [12]byte(a.ip[:12]) == [12]byte(mapped[:12]) }

// ParseAddr reads "1.2.3.4:80", "[::1]:80" or "localhost:80". The error is
// ErrAddress. A zone, as in "[fe80::1%eth0]:80", is read over.
func ParseAddr(s string) (Addr, error) {
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 {
		return Addr{}, ErrAddress
	}
	host := s[:colon]
	port, err := strconv.ParseUint(s[colon+1:], 10, 16)
	if err != nil {
		return Addr{}, ErrAddress
	}
	inBrackets := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")
	switch {
	case inBrackets:
		host = host[1 : len(host)-1]
	case host == "localhost":
		return Loopback(uint16(port)), nil
	}
	if strings.Contains(host, ":") != inBrackets {
		return Addr{}, ErrAddress
	}
	return ParseHost(host, uint16(port))
}

// ParseHost reads "1.2.3.4" or "::1". The error is ErrAddress.
func ParseHost(s string, port uint16) (Addr, error) {
	a := Addr{port: port}
	ok := false
	if strings.Contains(s, ":") {
		a.ip, ok = parse6(s)
	} else {
		a.ip = mapped
		ok = parse4(s, a.ip[12:])
	}
	if !ok {
		return Addr{}, ErrAddress
	}
	return a, nil
}

// parse4 reads four decimal numbers.
func parse4(s string, to []byte) bool {
	for i := range 4 {
		number, rest, more := strings.Cut(s, ".")
		n, err := strconv.ParseUint(number, 10, 8)
		if err != nil || len(number) > 1 && number[0] == '0' || more != (i < 3) {
			return false
		}
		to[i] = byte(n)
		s = rest
	}
	return true
}

// parse6 reads eight hexadecimal numbers; "::" stands for as many zeros as lack.
func parse6(s string) (ip [16]byte, ok bool) {
	s, zone, hasZone := strings.Cut(s, "%")
	if hasZone && zone == "" {
		return ip, false
	}
	head, tail, short := strings.Cut(s, "::")
	front, ok := groups(head, !short)
	if !ok {
		return ip, false
	}
	back, ok := groups(tail, true)
	n := len(front) + len(back)
	if !ok || short && n > len(ip)-2 || !short && n != len(ip) {
		return ip, false
	}
	copy(ip[:], front)
	copy(ip[len(ip)-len(back):], back)
	return ip, true
}

// groups reads numbers with colons between them, or none. The last may be an
// address of IPv4, if that is the end of it all.
func groups(s string, end bool) (all []byte, ok bool) {
	for more := s != ""; more; {
		var group string
		group, s, more = strings.Cut(s, ":")
		if end && !more && strings.Contains(group, ".") {
			var last [4]byte
			ok := parse4(group, last[:])
			return append(all, last[:]...), ok
		}
		n, err := strconv.ParseUint(group, 16, 16)
		if err != nil || len(group) > 4 {
			return nil, false
		}
		all = append(all, byte(n>>8), byte(n))
	}
	return all, true
}

// String is what ParseAddr reads.
func (a Addr) String() string {
	b := make([]byte, 0, len("[0000:0000:0000:0000:0000:0000:0000:0000]:65535"))
	if a.is4() {
		for i, n := range a.ip[12:] {
			if i > 0 {
				b = append(b, '.')
			}
			b = strconv.AppendUint(b, uint64(n), 10)
		}
	} else {
		b = append(b, '[')
		for i := 0; i < len(a.ip); i += 2 {
			if i > 0 {
				b = append(b, ':')
			}
			b = strconv.AppendUint(b, uint64(a.ip[i])<<8|uint64(a.ip[i+1]), 16)
		}
		b = append(b, ']')
	}
	return string(strconv.AppendUint(append(b, ':'), uint64(a.port), 10))
}
