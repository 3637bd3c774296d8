package llmp

import (
	"slices"
	"testing"
	"time"

	"llmp/shmem"
)

// BenchmarkFirstPages is what it costs to make a sender, and to fill its first,
// second and fourth MiB, while a receiver in the same thread reads along; medians:
//
//	go test ./llmp -run - -bench FirstPages -benchtime 100x
func BenchmarkFirstPages(b *testing.B) {
	p := provider(b, shmem.Default().Name())
	var made []time.Duration
	var filled [4][]time.Duration
	data := make([]byte, 1000)
	for b.Loop() {
		start := time.Now()
		s, err := NewSender(1, Options{Provider: p})
		if err != nil {
			b.Fatal(err)
		}
		made = append(made, time.Since(start))
		r, err := AttachReceiver(s.Map(), Options{Provider: p})
		if err != nil {
			b.Fatal(err)
		}
		for i := range filled {
			took := time.Duration(0)
			for range 16 {
				start := time.Now()
				for range 60 {
					if err := s.Send(1, data); err != nil {
						b.Fatal(err)
					}
				}
				took += time.Since(start)
				for ok := true; ok; {
					if _, ok, err = r.Recv(); err != nil {
						b.Fatal(err)
					}
				}
			}
			filled[i] = append(filled[i], took)
		}
		_ = s.Close()
		_ = r.Close()
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2].Microseconds())
	}
	b.ReportMetric(median(made), "µs/sender")
	b.ReportMetric(median(filled[0]), "µs/1st-MiB")
	b.ReportMetric(median(filled[1]), "µs/2nd-MiB")
	b.ReportMetric(median(filled[3]), "µs/4th-MiB")
	b.ReportMetric(0, "ns/op")
}
