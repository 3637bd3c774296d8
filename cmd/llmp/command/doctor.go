package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"llmp/llmp"
	"llmp/shmem"
)

const doctorLong = `Checks what a bus needs on this machine and says what to do where something is
missing: both kinds of shared memory, the system's limits, sleeping and waking,
what dead processes left behind, and whether a broker is on the port. Changes
nothing.

Exit codes: 0 nothing is broken (there may be warnings), 1 something is, 2 usage.`

// verdict is the outcome of a check.
type verdict string

const (
	fine   verdict = "ok"
	warned verdict = "warn"
	broken verdict = "FAIL"
)

// A finding is what one check found out.
type finding struct {
	Check   string  `json:"check"`
	Verdict verdict `json:"verdict"`
	Detail  string  `json:"detail"`
	Remedy  string  `json:"remedy,omitempty"`
}

func (a *app) doctor() *cobra.Command {
	var port uint16
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "Find out why a bus does not work here",
		Long:    doctorLong,
		Example: "  llmp doctor\n  llmp doctor --port 4000 --json",
		Args:    cobra.NoArgs,
	}
	addPort(cmd.Flags(), &port, "`port` on which a broker is, or shall be")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line, one for each check")
	cmd.RunE = a.verb(func(*cobra.Command, []string) error {
		findings := examine(port)
		bad := uint64(0)
		for _, f := range findings {
			if f.Verdict == broken {
				bad++
			}
			if err := a.printFinding(f, asJSON); err != nil {
				return err
			}
		}
		if bad > 0 {
			return fmt.Errorf("%s failed: see above for what to do", count(bad, "check"))
		}
		return nil
	})
	return cmd
}

func (a *app) printFinding(f finding, asJSON bool) error {
	if asJSON {
		return printJSON(a.out, f)
	}
	text := fmt.Sprintf("%-4s  %-14s  %s\n", f.Verdict, f.Check, f.Detail)
	if f.Remedy != "" {
		text += fmt.Sprintf("%24s-> %s\n", "", f.Remedy)
	}
	_, err := fmt.Fprint(a.out, text)
	return err
}

// examine runs all checks.
func examine(port uint16) []finding {
	findings := []finding{checkVersion(), checkProvider(shmem.SysV), checkProvider(shmem.Posix)}
	findings = append(findings, checkSystem()...)
	return append(findings, checkOrphans(), checkBroker(port))
}

func checkVersion() finding {
	return finding{"version", fine, fmt.Sprintf("llmp %s, protocol of %s, %s/%s",
		llmp.Version, protocol, runtime.GOOS, runtime.GOARCH), ""}
}

// checkProvider makes a map, attaches to it by its id, and looks for what it wrote.
func checkProvider(name string) finding {
	const size = 1 << 20
	f := finding{Check: "memory " + name, Verdict: broken}
	fail := func(err error) finding {
		f.Detail = err.Error()
		switch {
		case errors.Is(err, shmem.ErrUnsupported):
			f.Remedy = "use llmp on Linux"
		case errors.Is(err, shmem.ErrNoMemory):
			f.Remedy = "free some with 'llmp clean', or raise the limits (see the checks below)"
		case errors.Is(err, shmem.ErrPermission):
			f.Remedy = "allow shmget and /dev/shm in the sandbox or container (its seccomp profile, its mounts)"
		default:
			f.Remedy = "share the IPC namespace and /dev/shm between the members of a bus (docker run --ipc)"
		}
		return f
	}
	p, err := shmem.ByName(name)
	if err != nil {
		return fail(err)
	}
	made, err := p.Create(size, 0)
	if err != nil {
		return fail(err)
	}
	defer made.Close()
	found, err := p.Attach(made.ID(), size)
	if err != nil {
		return fail(err)
	}
	defer found.Close()
	copy(made.Bytes(), "llmp doctor")
	if !bytes.HasPrefix(found.Bytes(), []byte("llmp doctor")) {
		return fail(errors.New("attached to a map and found other bytes in it"))
	}
	f.Verdict, f.Detail = fine, fmt.Sprintf("made, attached and freed a map of %s", formatBytes(size))
	return f
}

func checkOrphans() finding {
	orphans, err := shmem.Orphans()
	if err != nil {
		return finding{"left-overs", warned, err.Error(), "mount /proc, or look with 'ipcs -m' and 'ls /dev/shm'"}
	}
	if len(orphans) == 0 {
		return finding{"left-overs", fine, "no shared memory of dead processes", ""}
	}
	var bytes uint64
	for _, o := range orphans {
		bytes += o.Size
	}
	return finding{"left-overs", warned,
		fmt.Sprintf("%s of dead processes, %s", count(uint64(len(orphans)), "map"), formatBytes(bytes)),
		"remove them with 'llmp clean'"}
}

// checkBroker says what a client that joins here would meet.
func checkBroker(port uint16) finding {
	f := finding{Check: fmt.Sprintf("port %d", port), Verdict: fine}
	report, err := query(context.Background(), port)
	switch {
	case err == nil:
		f.Detail = fmt.Sprintf("a broker (llmp %s) with %s, up %v",
			report.Version, count(report.Stats.Clients, "client"), round(report.Uptime))
	case errors.Is(err, llmp.ErrRefused):
		f.Detail = "free: 'llmp broker' can have it"
	default:
		f.Verdict, f.Detail = warned, fmt.Sprintf("taken, but not by a broker of llmp (%v)", err)
		f.Remedy = "if LibAFL's broker runs there, all is well; else choose another port with --port"
	}
	return f
}
