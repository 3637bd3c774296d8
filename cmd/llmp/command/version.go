package command

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"llmp/llmp"
)

// protocol is whose bytes this program speaks.
const protocol = "LibAFL 0.16.1"

func (a *app) version() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  llmp version\n  llmp version --json",
		Args:    cobra.NoArgs,
		RunE: a.verb(func(*cobra.Command, []string) error {
			if asJSON {
				return printJSON(a.out, map[string]string{
					"version": llmp.Version, "protocol": protocol,
					"go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
				})
			}
			_, err := fmt.Fprintf(a.out, "llmp %s (protocol of %s; %s, %s/%s)\n",
				llmp.Version, protocol, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
