package wire_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"llmp/internal/testkit"
	"llmp/internal/wire"
)

// docs/protocol.md, compared with the constants (by way of capi/wire.h, which
// is generated from them and has their names) and with what LibAFL wrote.

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func protocol(t *testing.T) string { return readText(t, "../../docs/protocol.md") }

// constants are the macros of capi/wire.h without WIRE_.
func constants(t *testing.T) map[string]uint64 {
	t.Helper()
	all := map[string]uint64{}
	define := regexp.MustCompile(`(?m)^#define WIRE_(\w+) (\w+?)u(?:ll)?$`)
	for _, m := range define.FindAllStringSubmatch(readText(t, "../../capi/wire.h"), -1) {
		n, err := strconv.ParseUint(m[2], 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		all[m[1]] = n
	}
	if all["PAGE_MAGIC"] != wire.PageMagic || all["MSG_ALIGN"] != wire.MsgAlign {
		t.Fatal("capi/wire.h does not look as this test thinks")
	}
	return all
}

// rows are the tables' rows, cell by cell.
func rows(text string) [][]string {
	var all [][]string
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|--") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		all = append(all, cells)
	}
	return all
}

// number reads 48, 0x1F or 1 MiB.
func number(text string) (uint64, error) {
	shift := 0
	for i, unit := range []string{" KiB", " MiB", " GiB"} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			text, shift = rest, 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(text, 0, 64)
	return n << shift, err
}

var constantName = regexp.MustCompile("^`([A-Z0-9]+(?:_[A-Z0-9]+)+)`$")

func TestProtocolTables(t *testing.T) {
	known := constants(t)
	compared := 0
	for _, cells := range rows(protocol(t)) {
		m := constantName.FindStringSubmatch(cells[len(cells)-1])
		if m == nil {
			continue
		}
		want, ok := known[m[1]]
		got, err := number(cells[0])
		if !ok || err != nil || got != want {
			t.Errorf("docs/protocol.md says %s = %s; it is %d (%#x)", m[1], cells[0], want, want)
		}
		compared++
	}
	if compared < 60 {
		t.Errorf("only %d rows have a constant's name: did the tables change their form?", compared)
	}
}

// Whoever adds a constant writes down what it is for.
func TestProtocolIsComplete(t *testing.T) {
	text := protocol(t)
	for name := range constants(t) {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/protocol.md does not mention %s", name)
		}
	}
}

// The fields' sizes, which are no constants, fit the offsets.
func TestProtocolFieldsFit(t *testing.T) {
	end := map[string]uint64{}
	for _, cells := range rows(protocol(t)) {
		m := constantName.FindStringSubmatch(cells[len(cells)-1])
		if m == nil || !strings.Contains(m[1], "_OFF_") {
			continue
		}
		group, _, _ := strings.Cut(m[1], "_OFF_")
		offset, err := number(cells[0])
		size, sizeErr := number(cells[1])
		if err != nil || sizeErr != nil {
			t.Errorf("%v: want an offset and a size", cells)
			continue
		}
		gaps := group == "ANNEX" || group == "BELL" // fields that are kept apart, in cache lines of their own
		if offset < end[group] || offset > end[group] && !gaps {
			t.Errorf("%s is at %d, and the field before it ends at %d", m[1], offset, end[group])
		}
		end[group] = offset + size
	}
	for group, want := range map[string]uint64{
		"PAGE": wire.PageHeader, "MSG": wire.MsgHeader, "BELL": wire.BellSize,
	} {
		if end[group] != want {
			t.Errorf("the fields of %s end at %d, want %d", group, end[group], want)
		}
	}
}

func compact(text string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.Trim(text, "`")), ""))
}

func TestProtocolExamples(t *testing.T) {
	var golden struct {
		Frames []struct {
			Name string
			Hex  string `json:"frame_hex"`
		} `json:"tcp_frames"`
		Events []struct {
			Name string
			Hex  string `json:"postcard_hex"`
		}
	}
	testkit.Golden(t, testkit.LibAFL, &golden)
	want := map[string]string{}
	for _, f := range golden.Frames {
		want[f.Name] = f.Hex
	}
	for _, e := range golden.Events {
		want[e.Name] = e.Hex
	}
	compared := 0
	for _, cells := range rows(protocol(t)) {
		if bytes, ok := want[cells[0]]; ok && len(cells) == 2 {
			compared++
			if compact(cells[1]) != bytes {
				t.Errorf("%s is %s, docs/protocol.md has %s", cells[0], bytes, compact(cells[1]))
			}
		}
	}
	if compared < 12 {
		t.Errorf("found %d examples of frames and events", compared)
	}
}

// Blocks behind <!-- vector: PATH --> start what the vector at PATH holds.
func TestProtocolVectors(t *testing.T) {
	var golden map[string]any
	testkit.Golden(t, testkit.LibAFL, &golden)
	block := regexp.MustCompile("(?s)<!-- vector: (\\S+) -->\n```text\n(.*?)```")
	found := block.FindAllStringSubmatch(protocol(t), -1)
	if len(found) != 3 {
		t.Errorf("found %d blocks with vectors, want 3", len(found))
	}
	for _, m := range found {
		section, key, _ := strings.Cut(m[1], ".")
		value := golden[section].(map[string]any)[key]
		got, want := compact(m[2]), ""
		switch v := value.(type) {
		case string:
			want = v[:min(len(v), len(got))]
		case []any:
			got = m[2]
			for _, pair := range v {
				kv := pair.([]any)
				want += fmt.Sprintf("%s=%s\n", kv[0], kv[1])
			}
		default:
			t.Errorf("no vector %s", m[1])
		}
		if got != want || got == "" {
			t.Errorf("%s: docs/protocol.md has\n%s\nLibAFL wrote\n%s", m[1], got, want)
		}
	}
}

func TestProtocolRollovers(t *testing.T) {
	var golden struct {
		Rollovers []struct {
			Payload uint64      `json:"payload_len"`
			First   json.Number `json:"sent_on_first_page"`
			Next    json.Number `json:"second_map_size"`
		}
	}
	testkit.Golden(t, testkit.LibAFL, &golden)
	text := protocol(t)
	compared := 0
	for _, r := range golden.Rollovers {
		row := fmt.Sprintf("| %d | %s | %s |", r.Payload, r.First, r.Next)
		if strings.Contains(text, row) {
			compared++
		} else if strings.Contains(text, fmt.Sprintf("\n| %d | ", r.Payload)) {
			t.Errorf("docs/protocol.md has another row than %q", row)
		}
	}
	if compared < 6 {
		t.Errorf("found %d of LibAFL's roll-overs, want 6 at least", compared)
	}
}
