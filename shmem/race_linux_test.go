//go:build race

package shmem_test

import (
	"strings"
	"testing"

	"llmp/internal/testkit"
	"llmp/shmem"
)

func init() { testkit.Role("race", roleRace) }

// roleRace writes one byte from two goroutines, through two attachments.
func roleRace([]string) error {
	p, err := shmem.ByName(shmem.Heap)
	if err != nil {
		return err
	}
	one, err := p.Create(4096, 0)
	if err != nil {
		return err
	}
	two, err := p.Attach(one.ID(), 4096)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { two.Bytes()[9] = 2; close(done) }()
	one.Bytes()[9] = 1
	<-done
	return nil
}

// TestRacesOnHeapMapsAreSeen: that is what heap maps are for.
func TestRacesOnHeapMapsAreSeen(t *testing.T) {
	if err := testkit.Spawn(t, "race").Wait(); err == nil || !strings.Contains(err.Error(), "DATA RACE") {
		t.Errorf("the race detector said: %v", err)
	}
}
