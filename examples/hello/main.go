//go:build ignore

package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"llmp/llmp"
)

func main() {
	port := llmp.DefaultPort
	if len(os.Args) > 1 {
		port, _ = strconv.Atoi(os.Args[1])
	}
	bus, err := llmp.Connect(context.Background(), llmp.Options{Port: uint16(port)})
	if err != nil {
		log.Fatal(err)
	}
	defer bus.Close()
	if err := bus.Send(0x1234, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	if m, ok, _ := bus.RecvTimeout(5 * time.Second); ok {
		fmt.Printf("tag %v: %s\n", m.Tag, m.Data)
	}
}
