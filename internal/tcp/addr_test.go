package tcp_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"llmp/internal/tcp"
)

// addresses are good and bad ones, of each form.
var addresses = []string{
	"127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "1.2.3.4:00080",
	"[::1]:9", "[::]:1", "[1::]:1", "[2001:db8::A:b]:1", "[1:2:3:4:5:6:7:8]:1", "[1:2:3:4:5:6:7::]:1", "[::2:3:4:5:6:7:8]:1",
	"[::ffff:1.2.3.4]:1", "[1:2:3:4:5:6:1.2.3.4]:1", "[1::1.2.3.4]:1", "[fe80::1%eth0]:1", "[::%a:b]:1", "[::ffff:1.2.3.4%x]:1",
	"", ":", ":1", "host:1", "1.2.3.4", "1.2.3.4:", "1.2.3.4:99999", "1.2.3.4:-1", "1.2.3.4:+1", "1.2.3.4:x", "1.2.3.4: 1", "1.2.3.4:1_0",
	"1.2.3:1", "1.2.3.4.5:1", "1.2.3.:1", ".1.2.3:1", "1..2.3:1", "01.2.3.4:1", "1.2.3.00:1", "1.2.3.256:1", "1.2.3.4444:1", "1.2.3.+4:1",
	"1.2.3.4%eth0:1", "[1.2.3.4]:1", "::1:1", "[::1:1", "::1]:1", "[]:1", "[[::1]]:1", "[::1]", "[::1]:", "[::1%]:1", "[%eth0]:1", "[a%::1]:1",
	"[:]:1", "[:::]:1", "[1:2:3]:1", "[1::2::3]:1", "[1:2:3:4:5:6:7:8::]:1", "[::1:2:3:4:5:6:7:8]:1", "[1:2:3:4:5:6:7:8:9]:1",
	"[12345::]:1", "[g::]:1", "[1:]:1", "[:1]:1", "[+1::]:1", "[::1.2.3]:1", "[::1.2.3.4:5]:1", "[1.2.3.4::]:1", "[1:2:3:4:5:6:7:1.2.3.4]:1",
	"[1:2:3:4:5:1.2.3.4]:1", "[::00001]:1", "[::01.2.3.4]:1", "[0x1::]:1", "[1_0::]:1",
}

// same compares with package netip, which this stands in for.
func same(t *testing.T, s string) {
	t.Helper()
	got, err := tcp.ParseAddr(s)
	if strings.HasPrefix(s, "localhost:") {
		s = "127.0.0.1:" + strings.TrimPrefix(s, "localhost:")
	}
	want, bad := netip.ParseAddrPort(s)
	if (err != nil) != (bad != nil) {
		t.Errorf("%q: got %v, %v; netip says %v, %v", s, got, err, want, bad)
		return
	}
	if err != nil {
		if !errors.Is(err, tcp.ErrAddress) {
			t.Errorf("%q: %v, want ErrAddress", s, err)
		}
		return
	}
	want = netip.AddrPortFrom(want.Addr().WithZone("").Unmap(), want.Port())
	if again, err := netip.ParseAddrPort(got.String()); err != nil || again != want || got.Port() != want.Port() {
		t.Errorf("%q: %v and port %d, want %v", s, got, got.Port(), want)
	}
	host := want.Addr().String()
	if again, err := tcp.ParseHost(host, want.Port()); err != nil || again != got {
		t.Errorf("%q: %v, %v; want %v", host, again, err, got)
	}
}

func TestAddressesAreThoseOfNetip(t *testing.T) {
	for _, s := range addresses {
		same(t, s)
	}
}

func TestParseAddr(t *testing.T) {
	for in, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1:80", "localhost:7": "127.0.0.1:7", "[::1]:9": "[0:0:0:0:0:0:0:1]:9", "[::ffff:1.2.3.4]:5": "1.2.3.4:5",
	} {
		if got, err := tcp.ParseAddr(in); err != nil || got.String() != want {
			t.Errorf("ParseAddr(%q) = %v, %v; want %s", in, got, err, want)
		}
	}
	if got := tcp.Loopback(7).String(); got != "127.0.0.1:7" {
		t.Errorf("Loopback(7) = %s", got)
	}
}

func FuzzParseAddr(f *testing.F) {
	for _, s := range addresses {
		f.Add(s)
	}
	f.Fuzz(same)
}
