// Package robustness puts a bus of real processes under stress: they are killed
// and stopped at random, come late, lose their broker, and one of them scribbles
// over all shared memory it can reach. Pages are small, so that they turn over
// all the time.
//
// What must hold: nobody whom the bus did not tell that it was cut off gets a
// wrong byte, a gap or a repetition; and nobody crashes or hangs, whatever
// another process writes.
//
//	LLMP_ROUNDS=n   rounds of each test; default 1
//	LLMP_SEED=n     replays a run's random choices, not its timing
package robustness

import (
	"os"
	"strconv"
	"testing"

	"llmp/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// rounds runs a test as often as LLMP_ROUNDS says.
func rounds(t *testing.T, test func(t *testing.T)) {
	n, err := strconv.Atoi(os.Getenv("LLMP_ROUNDS"))
	if err != nil {
		n = 1
	}
	for i := range n {
		t.Run(strconv.Itoa(i+1), test)
	}
}
