// Package tcp is the little of TCP that the bus needs: connecting to and
// listening on a numeric address. It stands in for package net, which would
// more than double the size of the C library.
package tcp

import (
	"errors"
	"net/netip"
	"strconv"
)

// Errors, for errors.Is. What is returned wraps the system's error too.
var (
	// ErrRefused: nobody listens there.
	ErrRefused = errors.New("connection refused")
	// ErrInUse: someone else listens there.
	ErrInUse = errors.New("address in use")
	// ErrAddress: not a numeric address with a port.
	ErrAddress = errors.New("malformed address")
)

// ParseAddr reads "1.2.3.4:80", "[::1]:80" or "localhost:80".
func ParseAddr(s string) (netip.AddrPort, error) {
	if rest, ok := cutPrefix(s, "localhost:"); ok {
		s = "127.0.0.1:" + rest
	}
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return a, errors.Join(ErrAddress, err)
	}
	return a, nil
}

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return s, false
}

// JoinHostPort is "host:port", with brackets around an IPv6 address.
func JoinHostPort(host string, port uint16) string {
	for i := range len(host) {
		if host[i] == ':' {
			return "[" + host + "]:" + strconv.Itoa(int(port))
		}
	}
	return host + ":" + strconv.Itoa(int(port))
}
