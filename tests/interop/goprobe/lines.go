package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"llmp/llmp"

	"llmp/tests/interop/internal/series"
)

// A line is an object on stdout. Pointers are left out where they do not belong.
type line struct {
	Event    string         `json:"event"`
	Port     *uint16        `json:"port,omitempty"`
	ClientID *llmp.ClientID `json:"client_id,omitempty"`
	Postcard string         `json:"postcard,omitempty"`
	ID       string         `json:"id,omitempty"`
	Size     uint64         `json:"size,omitempty"`
	Sent     *int           `json:"sent,omitempty"`
	Received *int           `json:"received,omitempty"`
	Error    string         `json:"error,omitempty"`
}

// A messageLine reports a message that came.
type messageLine struct {
	Event  string        `json:"event"`
	Index  int           `json:"index"`
	Sender llmp.ClientID `json:"sender"`
	Tag    llmp.Tag      `json:"tag"`
	Flags  llmp.Flags    `json:"flags"`
	Len    int           `json:"len"`
	SHA256 string        `json:"sha256"`
}

func print(object any) {
	text, err := json.Marshal(object)
	if err != nil {
		panic(err) // none of the fields can fail
	}
	fmt.Println(string(text))
}

func printJoined(id llmp.ClientID)     { print(line{Event: "joined", ClientID: &id}) }
func printDone(sent, received int)     { print(line{Event: "done", Sent: &sent, Received: &received}) }
func printListening(port uint16)       { print(line{Event: "listening", Port: &port}) }
func printDescription(postcard string) { print(line{Event: "description", Postcard: postcard}) }

func printMessage(index int, m llmp.Message) {
	print(messageLine{"message", index, m.Sender, m.Tag, m.Flags, len(m.Data), series.Sum(m.Data)})
}

// untilStdinCloses blocks until the other end of stdin is closed.
func untilStdinCloses() { _, _ = io.Copy(io.Discard, os.Stdin) }
