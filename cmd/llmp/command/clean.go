package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"llmp/shmem"
)

const cleanLong = `Removes shared memory that dead processes of this user left behind: SysV segments
that nobody is attached to and whose creator is dead, also those of other
programs, and llmp's own files in /dev/shm. What is in use stays.

An llmp that was killed leaves nothing with SysV; LibAFL's programs may, and the
posix provider does.

Exit codes: 0 all removed, or nothing there, 1 something could not be removed,
2 usage.`

const cleanExample = `  llmp clean --dry-run        # what would go?
  llmp clean`

// cleaned is what `llmp clean --json` prints for each orphan.
type cleaned struct {
	Provider string `json:"provider"`
	ID       string `json:"id"`
	Bytes    uint64 `json:"bytes"`
	PID      int    `json:"pid"`
	Removed  bool   `json:"removed"`
}

func (a *app) clean() *cobra.Command {
	var dryRun, asJSON, quiet bool
	cmd := &cobra.Command{
		Use:     "clean",
		Short:   "Remove shared memory that dead processes left behind",
		Long:    cleanLong,
		Example: cleanExample,
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "only list what would be removed")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing")
	exclusive(cmd, "json", "quiet")
	cmd.RunE = a.verb(func(*cobra.Command, []string) error {
		print := a.printOrphan
		switch {
		case asJSON:
			print = a.printOrphanJSON
		case quiet:
			print = func(shmem.Orphan, bool) error { return nil }
		}
		n, bytes, err := cleanOrphans(dryRun, print)
		if err != nil || asJSON || quiet {
			return err
		}
		verdict := "removed"
		if dryRun {
			verdict = "would remove"
		}
		_, err = fmt.Fprintf(a.out, "%s %s, %s\n", verdict, count(n, "left-over"), formatBytes(bytes))
		return err
	})
	return cmd
}

// cleanOrphans removes all it can and reports the first failure.
func cleanOrphans(dryRun bool, print func(shmem.Orphan, bool) error) (n, bytes uint64, err error) {
	orphans, err := shmem.Orphans()
	for _, o := range orphans {
		if !dryRun {
			removeErr := o.Remove()
			if errors.Is(removeErr, shmem.ErrNotExist) {
				continue // somebody else was faster, or uses it again
			}
			if removeErr != nil {
				if err == nil {
					err = removeErr
				}
				continue
			}
		}
		n++
		bytes += o.Size
		if printErr := print(o, !dryRun); printErr != nil && err == nil {
			err = printErr
		}
	}
	return n, bytes, err
}

func (a *app) printOrphan(o shmem.Orphan, _ bool) error {
	_, err := fmt.Fprintf(a.out, "%-5s %-19s %9s  of dead process %d\n", o.Provider, o.ID, formatBytes(o.Size), o.PID)
	return err
}

func (a *app) printOrphanJSON(o shmem.Orphan, removed bool) error {
	return printJSON(a.out, cleaned{o.Provider, o.ID.String(), o.Size, o.PID, removed})
}
