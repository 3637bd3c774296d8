package command

import "llmp/llmp"

// reportJSON is what `llmp stat --json` prints.
type reportJSON struct {
	Version  string       `json:"version"`
	Hostname string       `json:"hostname"`
	Uptime   float64      `json:"uptime_seconds"`
	Stats    statsJSON    `json:"stats"`
	Clients  []clientJSON `json:"clients"`
}

// statsJSON is llmp.Stats under the names of struct llmp_stats.
type statsJSON struct {
	Clients       uint64 `json:"clients"`
	ClientsSeen   uint64 `json:"clients_seen"`
	Messages      uint64 `json:"messages"`
	Bytes         uint64 `json:"bytes"`
	Forwarded     uint64 `json:"forwarded"`
	Dropped       uint64 `json:"dropped"`
	Pages         uint64 `json:"pages"`
	SharedBytes   uint64 `json:"shared_bytes"`
	ArchivedBytes uint64 `json:"archived_bytes"`
	CutOff        uint64 `json:"cut_off"`
	BadClients    uint64 `json:"bad_clients"`
	B2B           uint64 `json:"b2b"`
	Ignored       uint64 `json:"ignored"`
	Lost          uint64 `json:"lost"`
}

type clientJSON struct {
	ID       llmp.ClientID `json:"id"`
	Kind     string        `json:"kind"`
	Messages uint64        `json:"messages"`
	Bytes    uint64        `json:"bytes"`
	Idle     float64       `json:"idle_seconds"`
}

func newReportJSON(r llmp.StatsReport) reportJSON {
	j := reportJSON{
		Version: r.Version, Hostname: r.Hostname, Uptime: r.Uptime.Seconds(),
		Stats: statsJSON(r.Stats), Clients: make([]clientJSON, 0, len(r.Clients)),
	}
	for _, c := range r.Clients {
		j.Clients = append(j.Clients, clientJSON{c.ID, c.Kind.String(), c.Messages, c.Bytes, c.Idle.Seconds()})
	}
	return j
}
