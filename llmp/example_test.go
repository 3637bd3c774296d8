package llmp_test

import (
	"context"
	"fmt"
	"log"

	"llmp/llmp"
)

// A broker and two clients in one program; mostly each is a process of its own.
func Example() {
	ctx := context.Background()
	broker, err := llmp.NewBroker(llmp.BrokerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	port, err := broker.Listen(0) // 0 picks a free one
	if err != nil {
		log.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- broker.Run(ctx) }()

	alice, err := llmp.Connect(ctx, llmp.Options{Port: port})
	if err != nil {
		log.Fatal(err)
	}
	defer alice.Close()
	bob, err := llmp.Connect(ctx, llmp.Options{Port: port})
	if err != nil {
		log.Fatal(err)
	}
	defer bob.Close()

	if err := alice.Send(0x1234, []byte("hello")); err != nil {
		log.Fatal(err)
	}
	m, err := bob.RecvContext(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v from client %d: %s\n", m.Tag, m.Sender, m.Data)

	broker.Stop()
	fmt.Println("the broker ended:", <-done)
	// Output:
	// 0x1234 from client 1: hello
	// the broker ended: <nil>
}

// Writing a message where it will be read, without a copy.
func ExampleClient_Alloc() {
	channel, err := llmp.NewP2P(1, llmp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	room, err := channel.Alloc(100)
	if err != nil {
		log.Fatal(err)
	}
	n := copy(room, "at most 100 bytes")
	if err := channel.Commit(0x1234, 0, n); err != nil {
		log.Fatal(err)
	}
	m, _, err := channel.Recv()
	fmt.Printf("%s %v\n", m.Data, err)
	// Output: at most 100 bytes <nil>
}
