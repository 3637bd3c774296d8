package event_test

import (
	"errors"
	"fmt"

	"llmp/llmp/event"
)

// An input from elsewhere, as the fuzzers on a bus would send it.
func ExampleEncode() {
	payload, flags, err := event.Encode(
		event.NewTestcase{Input: []byte("GET / HTTP/1.1\r\n"), CorpusSize: 1},
		event.ExecStats{Seconds: 1700000000, Executions: 300})
	fmt.Printf("tag %#x, flags %d, %d bytes, %v\n", event.Tag, flags, len(payload), err)
	// Output: tag 0x2b0741, flags 0, 31 bytes, <nil>
}

// What a monitor does with each message under event.Tag.
func ExampleDecode() {
	messages := []string{
		"\x04\x01\x04boom\x02\x80\xe2\xcf\xaa\x06\x95\x9a\xef\x3a\xac\x02",
		"\x05\x02\x07careful\x80\xe2\xcf\xaa\x06\x95\x9a\xef\x3a\xac\x02",
		"\x07an event of some later version",
	}
	unknown := 0
	for _, m := range messages {
		ev, stats, err := event.Decode([]byte(m), 0)
		if errors.Is(err, event.ErrUnknownEvent) {
			unknown++
			continue
		}
		switch e := ev.(type) {
		case event.Objective:
			fmt.Printf("objective %d after %d executions: %q\n", e.Size, stats.Executions, e.Input)
		case event.Log:
			fmt.Printf("%s: %s\n", e.Severity, e.Message)
		}
	}
	fmt.Println("unknown:", unknown)
	// Output:
	// objective 2 after 300 executions: "boom"
	// warn: careful
	// unknown: 1
}
