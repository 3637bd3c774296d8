//go:build !linux

package command

import "runtime"

func checkSystem() []finding {
	return []finding{{"system", broken, "no shared memory provider on " + runtime.GOOS, "use llmp on Linux"}}
}
