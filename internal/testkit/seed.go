package testkit

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Seed is what a randomised test starts from: LLMP_SEED if that is set, else a
// new number. It is in the log of a test that fails; to replay, set it.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text, ok := os.LookupEnv("LLMP_SEED"); ok {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("LLMP_SEED=%q: want a number from 0 to 2^64-1", text)
		}
	}
	t.Logf("replay with LLMP_SEED=%d", seed)
	return seed
}

// Rand is a generator started from Seed. Each test has its own.
func Rand(t testing.TB) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(Seed(t), 0))
}
