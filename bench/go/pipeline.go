package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"llmp/llmp"
)

// As bench/peers/src/pipeline.rs has them.
const (
	batchBytes    = 512 << 10
	batchMessages = 1024
	leastBytes    = 128
)

const tag llmp.Tag = 0x4242

type plan struct {
	size, batch, batches, turn int
	history                    llmp.History
}

func planFor(size, bytes, turn int, history llmp.History) plan {
	cost := max(size, leastBytes)
	batch := min(max(batchBytes/cost, 1), batchMessages)
	return plan{size, batch, max(bytes/(batch*cost), 8), turn, history}
}

// pipeline measures what a message costs in each step, in one thread.
func pipeline(o *options) error {
	sizes, err := o.numbers("sizes", "8,64,1024,65536")
	if err != nil {
		return err
	}
	megabytes, err := o.number("megabytes", 32)
	if err != nil {
		return err
	}
	turns, err := o.number("turns", 5)
	if err != nil {
		return err
	}
	history, err := llmp.ParseHistory(o.text("history", "all"))
	if err != nil {
		return err
	}
	if err := o.finish(); err != nil {
		return err
	}
	pin(0)
	for turn := range turns {
		for _, size := range sizes {
			if err := planFor(size, megabytes<<20, turn, history).measure(); err != nil {
				return err
			}
		}
	}
	return nil
}

// stage is a broker, one client that sends and one that receives.
type stage struct {
	broker           *llmp.Broker
	sender, receiver *llmp.Client
	rest             []llmp.Message
	looked           byte // the first byte of the last message: a receiver that looks at what it gets
}

func setUp(history llmp.History) (*stage, error) {
	b, err := llmp.NewBroker(llmp.BrokerOptions{History: history})
	if err != nil {
		return nil, err
	}
	s := &stage{broker: b, rest: make([]llmp.Message, 256)}
	port, err := b.Listen(0)
	if err != nil {
		return nil, err
	}
	connect := func(c **llmp.Client) error {
		return s.during(func() (err error) {
			*c, err = llmp.Connect(context.Background(), llmp.Options{Port: port})
			return err
		})
	}
	return s, errors.Join(connect(&s.sender), connect(&s.receiver))
}

// during drives the broker while f, in a goroutine, needs it.
func (s *stage) during(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	for {
		select {
		case err := <-done:
			return err
		default:
			if _, err := s.broker.Once(); err != nil {
				return err
			}
			runtime.Gosched()
		}
	}
}

// drain reads what a client has not read yet, so that it holds up nobody.
func (s *stage) drain(c *llmp.Client) error {
	for {
		if n, err := c.RecvMany(s.rest); n == 0 || err != nil {
			return err
		}
	}
}

func (s *stage) tearDown() error {
	return errors.Join(s.drain(s.sender), s.drain(s.receiver),
		s.during(s.sender.Close), s.during(s.receiver.Close), s.broker.Close())
}

func (p plan) measure() (err error) {
	s, err := setUp(p.history)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.tearDown()) }()
	payload := make([]byte, p.size)
	sent := make([]float64, 0, p.batches)
	forwarded, taken := make([]float64, 0, p.batches), make([]float64, 0, p.batches)
	for range p.batches {
		t0 := time.Now()
		for range p.batch {
			if err := s.sender.Send(tag, payload); err != nil {
				return err
			}
		}
		t1 := time.Now()
		if err := s.forward(p.batch); err != nil {
			return err
		}
		t2 := time.Now()
		if err := s.receive(p.batch); err != nil {
			return err
		}
		t3 := time.Now()
		sent = append(sent, p.perMessage(t1.Sub(t0)))
		forwarded = append(forwarded, p.perMessage(t2.Sub(t1)))
		taken = append(taken, p.perMessage(t3.Sub(t2)))
		if err := s.drain(s.sender); err != nil { // its own messages: not what is measured
			return err
		}
	}
	return errors.Join(p.report("send", sent), p.report("forward", forwarded), p.report("receive", taken))
}

func (s *stage) forward(count int) error {
	for count > 0 {
		n, err := s.broker.Once()
		if err != nil {
			return err
		}
		if n > count {
			return fmt.Errorf("%d messages more than were sent", n-count)
		}
		count -= n
	}
	return nil
}

func (s *stage) receive(count int) error {
	for range count {
		m, ok, err := s.receiver.Recv()
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("a message is missing")
		}
		if len(m.Data) != 0 {
			s.looked = m.Data[0]
		}
	}
	return nil
}

func (p plan) perMessage(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(p.batch) }

func (p plan) report(step string, samples []float64) error {
	return row{Bench: "pipeline", Step: step, Size: p.size, Batch: p.batch, Turn: p.turn}.report("ns/message", samples)
}
