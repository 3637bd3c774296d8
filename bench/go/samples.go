package main

import (
	"encoding/json"
	"math"
	"os"
	"slices"
)

const peer = "llmp Go"

// row is one JSON line: what was measured, and how the samples are spread.
type row struct {
	Bench   string  `json:"bench"`
	Peer    string  `json:"peer"`
	Step    string  `json:"step,omitempty"`
	Size    int     `json:"size"`
	Batch   int     `json:"batch,omitempty"`
	Turn    int     `json:"turn"`
	Idle    int     `json:"idle"`
	Unit    string  `json:"unit"`
	Samples int     `json:"samples"`
	P10     float64 `json:"p10"`
	P50     float64 `json:"p50"`
	P90     float64 `json:"p90"`
	P99     float64 `json:"p99"`
	Mean    float64 `json:"mean"`
}

// report completes the row with its samples, and prints it.
func (r row) report(unit string, samples []float64) error {
	slices.Sort(samples)
	sum := 0.0
	for _, s := range samples {
		sum += s
	}
	at := func(share float64) float64 {
		return rounded(samples[min(int(share*float64(len(samples))), len(samples)-1)])
	}
	r.Peer, r.Unit, r.Samples = peer, unit, len(samples)
	r.P10, r.P50, r.P90, r.P99 = at(0.10), at(0.50), at(0.90), at(0.99)
	r.Mean = rounded(sum / float64(len(samples)))
	return json.NewEncoder(os.Stdout).Encode(r)
}

func rounded(n float64) float64 { return math.Round(n*100) / 100 }
