package event

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// vectorFiles hold what the published crates wrote: each event as postcard,
// compressed if LibAFL would compress it, and as serde_json.
var vectorFiles = map[string]int{ // how many events each has
	"../../testdata/wire/libafl-0.16.1.json":        12,
	"../../testdata/wire/libafl-0.16.1-events.json": 23,
}

type vector struct {
	name       string
	postcard   []byte
	compressed []byte // nil: too short
	event      Event
	stats      ExecStats
}

// jsonBytes is a list of numbers; as []byte it would have to be base64.
type jsonBytes []uint16

func (j jsonBytes) bytes() []byte {
	if j == nil {
		return nil
	}
	b := make([]byte, len(j))
	for i, v := range j {
		b[i] = byte(v)
	}
	return b
}

type jsonEvent struct {
	NewTestcase *struct {
		Input        jsonBytes
		Observers    jsonBytes       `json:"observers_buf"`
		ExitKind     json.RawMessage `json:"exit_kind"`
		CorpusSize   uint64          `json:"corpus_size"`
		ClientConfig json.RawMessage `json:"client_config"`
		ForwardID    *uint32         `json:"forward_id"`
	}
	UpdateUserStats *struct {
		Name  string
		Value jsonStat
	}
	UpdateUserStatsMap *struct{ Stats map[string]jsonStat }
	Objective          *struct {
		Input jsonBytes
		Size  uint64 `json:"objective_size"`
	}
	Log *struct {
		Severity string `json:"severity_level"`
		Message  string
	}
}

type jsonStat struct {
	Tag   uint64
	Value struct {
		Number  *Number
		Float   *Float
		String  *Text
		Ratio   *[2]uint64
		Percent *Percent
	}
	Aggregate string `json:"aggregator_op"`
}

func (j jsonStat) stat() Stat {
	s := Stat{Tag: j.Tag, Aggregate: Aggregate(variant(j.Aggregate, "None", "Sum", "Avg", "Min", "Max"))}
	switch v := j.Value; {
	case v.Number != nil:
		s.Value = *v.Number
	case v.Float != nil:
		s.Value = *v.Float
	case v.String != nil:
		s.Value = *v.String
	case v.Ratio != nil:
		s.Value = Ratio{v.Ratio[0], v.Ratio[1]}
	case v.Percent != nil:
		s.Value = *v.Percent
	}
	return s
}

// variant is the index of name, or one that no enum has.
func variant(name string, names ...string) uint32 {
	for i, n := range names {
		if n == name {
			return uint32(i)
		}
	}
	return 99
}

func exitKind(name string) ExitKind {
	return ExitKind(variant(name, "Ok", "Crash", "Oom", "Timeout", "Diff"))
}

func (j jsonEvent) event(t testing.TB) Event {
	switch {
	case j.NewTestcase != nil:
		n := j.NewTestcase
		return NewTestcase{
			Input: n.Input.bytes(), Observers: n.Observers.bytes(), Exit: jsonExit(t, n.ExitKind),
			CorpusSize: n.CorpusSize, Config: jsonConfig(t, n.ClientConfig), ForwardID: n.ForwardID,
		}
	case j.UpdateUserStats != nil:
		return UserStats{Name: j.UpdateUserStats.Name, Stat: j.UpdateUserStats.Value.stat()}
	case j.UpdateUserStatsMap != nil:
		m := UserStatsMap{Stats: map[string]Stat{}}
		for name, s := range j.UpdateUserStatsMap.Stats {
			m.Stats[name] = s.stat()
		}
		return m
	case j.Objective != nil:
		return Objective{Input: j.Objective.Input.bytes(), Size: j.Objective.Size}
	case j.Log != nil:
		return Log{Severity: Severity(variant(j.Log.Severity, "Debug", "Info", "Warn", "Error")), Message: j.Log.Message}
	}
	t.Fatalf("event not understood: %+v", j)
	return nil
}

func jsonExit(t testing.TB, raw json.RawMessage) Exit {
	if s := string(raw); strings.HasPrefix(s, `"`) {
		return Exit{Kind: exitKind(strings.Trim(s, `"`))}
	}
	var d struct {
		Diff struct{ Primary, Secondary string }
	}
	unjson(t, raw, &d)
	return Exit{Kind: ExitDiff, Primary: exitKind(d.Diff.Primary), Secondary: exitKind(d.Diff.Secondary)}
}

func jsonConfig(t testing.TB, raw json.RawMessage) Config {
	if string(raw) == `"AlwaysUnique"` {
		return Config{}
	}
	var c struct {
		FromName *struct {
			NameHash uint64 `json:"name_hash"`
		}
		BuildID *struct{ ID string }
	}
	unjson(t, raw, &c)
	if c.FromName != nil {
		return Config{Kind: ConfigFromName, NameHash: c.FromName.NameHash}
	}
	id := unhex(t, strings.ReplaceAll(c.BuildID.ID, "-", ""))
	return Config{Kind: ConfigBuildID, BuildID: [16]byte(id)}
}

func unjson(t testing.TB, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func loadVectors(t testing.TB) (all []vector) {
	t.Helper()
	for file, count := range vectorFiles {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var v struct {
			Events []struct {
				Name       string
				Postcard   string  `json:"postcard_hex"`
				Compressed *string `json:"compressed_hex"`
				JSON       struct {
					Event json.RawMessage
					Stats struct {
						Executions uint64
						Time       struct {
							Secs  uint64
							Nanos uint32
						}
					}
				}
			}
		}
		unjson(t, raw, &v)
		if len(v.Events) != count {
			t.Fatalf("%s has %d events, want %d", file, len(v.Events), count)
		}
		for _, e := range v.Events {
			w := vector{name: e.Name, postcard: unhex(t, e.Postcard)}
			if e.Compressed != nil {
				w.compressed = unhex(t, *e.Compressed)
			}
			switch s := e.JSON.Stats; string(e.JSON.Event) {
			case `"Heartbeat"`:
				w.event, w.stats = Heartbeat{}, ExecStats{s.Time.Secs, s.Time.Nanos, s.Executions}
			case `"Stop"`:
				w.event, w.stats = Stop{}, ExecStats{s.Time.Secs, s.Time.Nanos, s.Executions}
			default:
				var j jsonEvent
				unjson(t, e.JSON.Event, &j)
				w.event, w.stats = j.event(t), ExecStats{s.Time.Secs, s.Time.Nanos, s.Executions}
			}
			all = append(all, w)
		}
	}
	return all
}
