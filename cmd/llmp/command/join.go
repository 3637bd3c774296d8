package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/pflag"

	"llmp/llmp"
	"llmp/shmem"
)

// joining is the flags with which a verb finds its broker.
type joining struct {
	port        uint16
	provider    string
	connectWait waitValue
}

func (j *joining) addPort(flags *pflag.FlagSet) {
	addPort(flags, &j.port, "`port` of the broker on this machine")
}

func addPort(flags *pflag.FlagSet, port *uint16, help string) {
	*port = llmp.DefaultPort
	flags.VarP(&numberValue[uint16]{port, math.MaxUint16}, "port", "p", help)
}

func (j *joining) addTo(flags *pflag.FlagSet) {
	j.addPort(flags)
	addProvider(flags, &j.provider)
	j.connectWait = waitValue(10 * time.Second)
	flags.Var(&j.connectWait, "connect-timeout", "how long to wait for a broker; 0: try once")
}

func addProvider(flags *pflag.FlagSet, provider *string) {
	flags.StringVar(provider, "provider", defaultProvider(), "`kind` of shared memory, sysv or posix; the same for all on a bus")
}

// connect joins the bus. Its sends give up after sendWait on a full bus.
func (j *joining) connect(ctx context.Context, errw io.Writer, sendWait time.Duration) (*llmp.Client, error) {
	if j.port == 0 {
		return nil, usage("port 0 is nobody's: name the broker's port")
	}
	provider, err := providerByName(j.provider)
	if err != nil {
		return nil, err
	}
	defer j.sayThatWeWait(errw)()
	bus, err := llmp.Connect(ctx, llmp.Options{
		Port:           j.port,
		Provider:       provider,
		ConnectTimeout: j.connectWait.option(),
		SendTimeout:    sendWait,
	})
	return bus, noBroker(ctx, j.port, err)
}

// sayThatWeWait tells a person who waits, after a second, what for. Call what
// it returns when the wait is over.
func (j *joining) sayThatWeWait(errw io.Writer) (stop func()) {
	if !isTerminal(errw) {
		return func() {}
	}
	said := make(chan struct{})
	timer := time.AfterFunc(time.Second, func() {
		defer close(said)
		fmt.Fprintf(errw, "waiting for a broker on port %d (start one with 'llmp broker%s'); Ctrl-C ends\n",
			j.port, portFlag(j.port))
	})
	return func() {
		if !timer.Stop() {
			<-said
		}
	}
}

// portFlag is the flag that others need to find this port.
func portFlag(port uint16) string {
	if port == llmp.DefaultPort {
		return ""
	}
	return fmt.Sprintf(" --port %d", port)
}

// noBrokerError: nobody listens on this port.
type noBrokerError uint16

func (e noBrokerError) Error() string {
	return fmt.Sprintf("no broker on port %d: start one with 'llmp broker%s'", uint16(e), portFlag(uint16(e)))
}

func (e noBrokerError) Is(target error) bool { return target == llmp.ErrRefused }

// noBroker says what to do when nobody answers at a port.
func noBroker(ctx context.Context, port uint16, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, llmp.ErrRefused):
		return noBrokerError(port)
	}
	return err
}

func providerByName(name string) (shmem.Provider, error) {
	p, err := shmem.ByName(name)
	if err != nil || name == shmem.Heap { // the heap is one process's own
		return nil, usage("--provider: %q is no kind of shared memory: want sysv or posix", name)
	}
	return p, nil
}

func defaultProvider() string { return shmem.Default().Name() }
