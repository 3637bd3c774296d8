package llmp

import (
	"errors"
	"os"
	"testing"

	"llmp/internal/testkit"
)

func init() {
	testkit.Role("wait", func([]string) error {
		_, err := os.Stdin.Read(make([]byte, 1))
		return err
	})
}

// TestSecondReaderOfAChannel: the format gives a sender's pages one reader. A
// second one, LibAFL's or ours, started on the first page or where another
// stands, gets right bytes or an error, wherever the two stop.
func TestSecondReaderOfAChannel(t *testing.T) {
	runs := 300
	if testing.Short() {
		runs = 60
	}
	for name, p := range providers(t) {
		if name == "posix" {
			continue // attachments are not counted: the format's one reader is all there may be
		}
		t.Run(name, func(t *testing.T) {
			rng := testkit.Rand(t)
			reused := 0
			for range runs {
				s, err := NewSender(1, Options{Provider: p, PageSize: 4096, SendTimeout: NoWait, MaxPendingPages: 4})
				if err != nil {
					t.Fatal(err)
				}
				var readers []*libaflReader
				for range 1 + rng.IntN(2) {
					r, err := joinAsLibAFL(p, s.Map())
					if err != nil {
						t.Fatal(err)
					}
					readers = append(readers, r)
				}
				ours, err := AttachReceiver(s.Map(), Options{Provider: p})
				if err != nil {
					t.Fatal(err)
				}
				sent, due := uint64(0), uint64(0)
				seen := map[string]bool{}
				for range 400 {
					switch rng.IntN(4) {
					case 0:
						for range rng.IntN(8) {
							if err := s.Send(1, numbered(sent, 700)); errors.Is(err, ErrFull) {
								break
							} else if err != nil {
								t.Fatal(err)
							}
							sent++
						}
						if id := s.Map().ID.String(); s.cur.LastID == 1 && seen[id] {
							reused++
						} else {
							seen[id] = true
						}
					case 1:
						for range rng.IntN(9) {
							m, ok, err := ours.Recv()
							if !ok || err != nil {
								break
							}
							if err := checkNumbered(m.Data, due); err != nil {
								t.Fatalf("a reader of ours: %v", err)
							}
							due++
						}
					default:
						r := readers[rng.IntN(len(readers))]
						for range rng.IntN(9) {
							r.step()
						}
						if errors.Is(r.err, errWrong) {
							t.Fatalf("a LibAFL reader: %v", r.err)
						}
					}
				}
				for _, r := range readers {
					r.end(nil)
				}
				_ = ours.Close()
				_ = s.Close()
			}
			if reused == 0 {
				t.Error("no page was used again: this test shows nothing")
			}
		})
	}
}

// TestLivenessOfProcesses: a child that runs, one that was killed, and one that
// never was.
func TestLivenessOfProcesses(t *testing.T) {
	if !stillRuns(self().pid) || !self().lives() {
		t.Error("this process does not seem to run")
	}
	child := testkit.Spawn(t, "wait")
	start, how := processStart(child.PID)
	if how != processRuns {
		t.Errorf("a child that runs is in state %d", how)
	}
	other := identity{pid: uint32(child.PID), namespace: self().namespace, start: start + 1}
	if other.lives() {
		t.Error("a process that started at another time is taken for the same")
	}
	child.Kill()
	eventually(t, "the child is gone", func() bool { return !stillRuns(uint32(child.PID)) })
	same := identity{pid: uint32(child.PID), namespace: self().namespace, start: start}
	if same.lives() {
		t.Error("a killed child lives")
	}
	if stranger := (identity{pid: uint32(child.PID), namespace: self().namespace + 1}); !stranger.lives() {
		t.Error("a process that cannot be seen from here is taken for dead")
	}
}
