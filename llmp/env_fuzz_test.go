package llmp

import (
	"errors"
	"testing"

	"llmp/shmem"
)

// documented are the errors that taking something over from the environment
// may return.
var documented = []error{ErrNotFound, ErrCorrupt, ErrInvalid, ErrPermission, ErrClosed, ErrNoMemory}

func checkDocumented(t *testing.T, err error) {
	t.Helper()
	for _, one := range documented {
		if errors.Is(err, one) {
			return
		}
	}
	if err != nil {
		t.Errorf("an error that is not documented: %v", err)
	}
}

// FuzzEnvironment takes over all there is to take over from variables that
// another process has set: it works, or is refused with a documented error.
func FuzzEnvironment(f *testing.F) {
	p := provider(f, shmem.Heap) // ids of maps that do exist, without the system's
	c, err := NewP2P(1, Options{Provider: p, PageSize: 4096})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() })
	vars := func() map[string]string {
		set, err := c.EnvVars("X")
		if err != nil {
			f.Fatal(err)
		}
		byName := map[string]string{}
		for _, v := range set {
			byName[v[0]] = v[1]
		}
		return byName
	}
	seed := func() {
		v := vars()
		f.Add(v["X_SENDER"], v["X_SENDER_SIZE"], v["X_SENDER_OFFSET"], v["X_SENDER_CLIENT_ID"], true)
	}
	seed() // nothing sent: no offset
	if err := c.Send(7, []byte("hello")); err != nil {
		f.Fatal(err)
	}
	seed()
	id := c.Map().ID.String()
	f.Add(id, "4096", "_NULL", "_NULL", true)
	f.Add(id, "4096", "18446744073709551615", "4294967296", true)
	f.Add(id, "18446744073709551615", "0", "0", true)
	f.Add(id, "-1", "+1", "0x10", true)
	f.Add("heap-99999999", "4096", "0", "1", true)
	f.Add("12345678901234567890", "0", "", "", true)
	f.Add("", "", "", "", false)

	f.Fuzz(func(t *testing.T, id, size, offset, client string, set bool) {
		get := func(key string) (string, bool) {
			return map[string]string{
				"X": id, "X_SIZE": size, "X_OFFSET": offset, "X_CLIENT_ID": client,
				"X_SENDER": id, "X_SENDER_SIZE": size, "X_SENDER_OFFSET": offset, "X_SENDER_CLIENT_ID": client,
				"X_RECEIVER": id, "X_RECEIVER_SIZE": size, "X_RECEIVER_OFFSET": offset,
			}[key], set
		}
		o := Options{Provider: p, PageSize: 4096}
		s, err := AttachSenderEnvFunc(get, "X", o)
		checkDocumented(t, err)
		if err == nil {
			s.release()
		}
		r, err := AttachReceiverEnvFunc(get, "X", o)
		checkDocumented(t, err)
		if err == nil {
			if _, _, err := r.Recv(); err != nil {
				checkDocumented(t, err)
			}
			_ = r.Close()
		}
		for _, attach := range []func(EnvLookup, string, Options) (*Client, error){AttachEnvFunc, NewClientFromEnvFunc} {
			c, err := attach(get, "X", o)
			checkDocumented(t, err)
			if err == nil {
				c.s.release()
				_ = c.r.Close()
			}
		}
	})
}
