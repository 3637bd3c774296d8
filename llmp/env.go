package llmp

import (
	"strconv"
	"syscall"

	"llmp/internal/wire"
	"llmp/shmem"
)

// The environment, as LibAFL's to_env and on_existing_from_env use it:
// NAME holds a map's id, NAME_SIZE its size, NAME_OFFSET the last message's
// offset or "_NULL", and NAME_CLIENT_ID, for a sender, its id. A client has a
// set under NAME_SENDER and one under NAME_RECEIVER.

const (
	envSize     = "_SIZE"
	envOffset   = "_OFFSET"
	envClientID = "_CLIENT_ID"
	envNull     = "_NULL"
	envSender   = "_SENDER"
	envReceiver = "_RECEIVER"
)

// An EnvLookup finds a variable, as os.LookupEnv.
type EnvLookup = func(key string) (string, bool)

// EnvVars are the variables from which AttachEnv, or LibAFL's
// on_existing_from_env, takes this client over. ErrBusy while an allocation is
// open, ErrInvalid for a name that cannot be a variable's.
func (c *Client) EnvVars(name string) ([][2]string, error) {
	if err := checkEnvName(name); err != nil {
		return nil, err
	}
	s, err := c.s.EnvVars(name + envSender)
	if err != nil {
		return nil, err
	}
	r, err := c.r.EnvVars(name + envReceiver)
	return append(s, r...), err
}

// EnvVars are the variables for AttachSenderEnv. Errors as Client.EnvVars.
func (s *Sender) EnvVars(name string) ([][2]string, error) {
	m, err := s.describe()
	if err != nil {
		return nil, err
	}
	vars, err := mapVars(name, m, true)
	return append(vars, [2]string{name + envClientID, strconv.FormatUint(uint64(s.cur.SenderID), 10)}), err
}

// EnvVars are the variables for AttachReceiverEnv. ErrInvalid for a name that
// cannot be a variable's.
func (r *Receiver) EnvVars(name string) ([][2]string, error) {
	m, err := r.describe()
	if err != nil {
		return nil, err
	}
	return mapVars(name, m, true)
}

func mapVars(name string, m MapDescription, withOffset bool) ([][2]string, error) {
	if err := checkEnvName(name); err != nil {
		return nil, err
	}
	vars := [][2]string{{name, m.ID.String()}, {name + envSize, strconv.FormatUint(m.Size, 10)}}
	if !withOffset {
		return vars, nil
	}
	offset := envNull
	if m.Offset != NoOffset {
		offset = strconv.FormatUint(m.Offset, 10)
	}
	return append(vars, [2]string{name + envOffset, offset}), nil
}

func checkEnvName(name string) error {
	if name == "" {
		return fail(ErrInvalid, "the name of an environment variable is empty")
	}
	for i := range len(name) {
		if name[i] == '=' || name[i] == 0 {
			return fail(ErrInvalid, "%q cannot name an environment variable", name)
		}
	}
	return nil
}

// ToEnv sets the variables of EnvVars in this process, for a child.
func (c *Client) ToEnv(name string) error { return setEnv(c.EnvVars(name)) }

// ToEnv sets the variables of EnvVars in this process, for a child.
func (s *Sender) ToEnv(name string) error { return setEnv(s.EnvVars(name)) }

// ToEnv sets the variables of EnvVars in this process, for a child.
func (r *Receiver) ToEnv(name string) error { return setEnv(r.EnvVars(name)) }

func setEnv(vars [][2]string, err error) error {
	if err != nil {
		return err
	}
	for _, v := range vars {
		if err := syscall.Setenv(v[0], v[1]); err != nil {
			return fail(ErrInvalid, "setting %s: %v", v[0], err)
		}
	}
	return nil
}

// NewClientFromEnv makes a client on the broker page that NAME and NAME_SIZE
// name; it sends as that page's sender. ErrNotFound when a variable is not
// set, ErrCorrupt when one is malformed, and NewClient's errors.
func NewClientFromEnv(name string, o Options) (*Client, error) {
	return NewClientFromEnvFunc(syscall.Getenv, name, o)
}

// NewClientFromEnvFunc is NewClientFromEnv with variables from elsewhere.
func NewClientFromEnvFunc(get EnvLookup, name string, o Options) (*Client, error) {
	m, err := mapFromEnv(get, name)
	if err != nil {
		return nil, err
	}
	r, err := AttachReceiver(m, o)
	if err != nil {
		return nil, err
	}
	return newClient(r, ClientID(*u32(r.page.base, wire.PageOffSender)))
}

// AttachEnv takes over a client from the variables that ToEnv, or LibAFL's
// to_env, has set. Errors as AttachDescription; ErrNotFound when a variable is
// not set, ErrCorrupt when one is malformed.
func AttachEnv(name string, o Options) (*Client, error) {
	return AttachEnvFunc(syscall.Getenv, name, o)
}

// AttachEnvFunc is AttachEnv with variables from elsewhere.
func AttachEnvFunc(get EnvLookup, name string, o Options) (*Client, error) {
	if err := checkEnvName(name); err != nil {
		return nil, err
	}
	m, err := placeFromEnv(get, name+envReceiver)
	if err != nil {
		return nil, err
	}
	s, err := AttachSenderEnvFunc(get, name+envSender, o)
	if err != nil {
		return nil, err
	}
	return attached(s, m, o)
}

// AttachSenderEnv takes over a sender from NAME, NAME_SIZE, NAME_OFFSET and
// NAME_CLIENT_ID. Errors as AttachSender; ErrNotFound when a variable is not
// set, ErrCorrupt when one is malformed.
func AttachSenderEnv(name string, o Options) (*Sender, error) {
	return AttachSenderEnvFunc(syscall.Getenv, name, o)
}

// AttachSenderEnvFunc is AttachSenderEnv with variables from elsewhere.
func AttachSenderEnvFunc(get EnvLookup, name string, o Options) (*Sender, error) {
	m, err := placeFromEnv(get, name)
	if err != nil {
		return nil, err
	}
	id, err := idFromEnv(get, name+envClientID)
	if err != nil {
		return nil, err
	}
	s, err := AttachSender(m, o)
	if err != nil {
		return nil, err
	}
	s.cur.SenderID = uint32(id)
	return s, nil
}

// AttachReceiverEnv takes over a receiver from NAME, NAME_SIZE and NAME_OFFSET.
// Errors as AttachReceiver, and as AttachSenderEnv for the variables.
func AttachReceiverEnv(name string, o Options) (*Receiver, error) {
	return AttachReceiverEnvFunc(syscall.Getenv, name, o)
}

// AttachReceiverEnvFunc is AttachReceiverEnv with variables from elsewhere.
func AttachReceiverEnvFunc(get EnvLookup, name string, o Options) (*Receiver, error) {
	m, err := placeFromEnv(get, name)
	if err != nil {
		return nil, err
	}
	return AttachReceiver(m, o)
}

func mapFromEnv(get EnvLookup, name string) (MapDescription, error) {
	m := MapDescription{Offset: NoOffset}
	if err := checkEnvName(name); err != nil {
		return m, err
	}
	text, err := envText(get, name)
	if err != nil {
		return m, err
	}
	if m.ID, err = shmem.ParseID(text); err != nil {
		return m, fail(ErrCorrupt, "environment variable %s: %v", name, err)
	}
	m.Size, err = envNumber(get, name+envSize, 64)
	return m, err
}

func placeFromEnv(get EnvLookup, name string) (MapDescription, error) {
	m, err := mapFromEnv(get, name)
	if err != nil {
		return m, err
	}
	text, err := envText(get, name+envOffset)
	if err != nil || text == envNull {
		return m, err
	}
	m.Offset, err = envNumber(get, name+envOffset, 64)
	if err == nil && m.Offset == NoOffset {
		err = fail(ErrCorrupt, "environment variable %s: %s is out of range", name+envOffset, text)
	}
	return m, err
}

func idFromEnv(get EnvLookup, key string) (ClientID, error) {
	text, err := envText(get, key)
	if err != nil || text == envNull {
		return 0, err
	}
	n, err := envNumber(get, key, 32)
	return ClientID(n), err
}

func envText(get EnvLookup, key string) (string, error) {
	text, ok := get(key)
	if !ok {
		return "", fail(ErrNotFound, "environment variable %s is not set: start this program from one that called to_env, and pass its environment on", key)
	}
	return text, nil
}

func envNumber(get EnvLookup, key string, bits int) (uint64, error) {
	text, err := envText(get, key)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		return 0, fail(ErrCorrupt, "environment variable %s is %q, want a decimal number of %d bits", key, text, bits)
	}
	return n, nil
}
