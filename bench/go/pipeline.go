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
	warmUpBytes   = 8 << 20
)

const tag llmp.Tag = 0x4242

// What a call sends or receives at most when it is given many, as in bench/c.
const together = 128

type plan struct {
	size, batch, warmUp, batches, turn, idle int
	history                                  llmp.History
}

// of completes a plan: messages of a size, so many bytes of them.
func (p plan) of(size, bytes int) plan {
	cost := max(size, leastBytes)
	p.size = size
	p.batch = min(max(batchBytes/cost, 1), batchMessages)
	p.warmUp = warmUpBytes / (p.batch * cost)
	p.batches = max(bytes/(p.batch*cost), 8)
	return p
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
	idle, err := o.number("idle", 0)
	if err != nil {
		return err
	}
	alone, err := o.number("alone", 0)
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
	measures := []func(plan, *stage) error{plan.measureSingly, plan.measureTogether}
	if alone != 0 {
		measures = []func(plan, *stage) error{plan.measureAlone}
	}
	pin(0)
	for turn := range turns {
		for _, size := range sizes {
			p := plan{turn: turn, idle: idle, history: history}.of(size, megabytes<<20)
			for _, measure := range measures {
				if err := p.onStage(measure); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// stage is a broker, one client that sends, one that receives, and some that do
// neither.
type stage struct {
	broker           *llmp.Broker
	sender, receiver *llmp.Client
	idle             []*llmp.Client
	rest             []llmp.Message
	looked           byte // the first byte of the last message: a receiver that looks at what it gets
}

// onStage lets a measurement run on a stage of its own.
func (p plan) onStage(measure func(plan, *stage) error) (err error) {
	b, err := llmp.NewBroker(llmp.BrokerOptions{History: p.history})
	if err != nil {
		return err
	}
	s := &stage{broker: b, rest: make([]llmp.Message, 256)}
	defer func() { err = errors.Join(err, s.tearDown()) }()
	port, err := b.Listen(0)
	if err != nil {
		return err
	}
	if s.sender, err = s.connect(llmp.Options{Port: port}); err != nil {
		return err
	}
	if s.receiver, err = s.connect(llmp.Options{Port: port}); err != nil {
		return err
	}
	for range p.idle {
		c, err := s.connect(llmp.Options{Port: port, PageSize: 1 << 16})
		if err != nil {
			return err
		}
		s.idle = append(s.idle, c)
	}
	return measure(p, s)
}

func (s *stage) connect(o llmp.Options) (c *llmp.Client, err error) {
	err = s.during(func() (err error) {
		c, err = llmp.Connect(context.Background(), o)
		return err
	})
	return c, err
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

// readTheRest reads what is no part of the measurement: the sender's own
// messages, and what idle clients get like everyone.
func (s *stage) readTheRest() error {
	err := s.drain(s.sender)
	for _, c := range s.idle {
		err = errors.Join(err, s.drain(c))
	}
	return err
}

func (s *stage) tearDown() error {
	var err error
	for _, c := range append(s.idle, s.sender, s.receiver) {
		if c != nil {
			err = errors.Join(err, s.drain(c), s.during(c.Close))
		}
	}
	return errors.Join(err, s.broker.Close())
}

// measureSingly sends and receives one message a call.
func (p plan) measureSingly(s *stage) error {
	payload := make([]byte, p.size)
	send := func() error {
		for range p.batch {
			if err := s.sender.Send(tag, payload); err != nil {
				return err
			}
		}
		return nil
	}
	return p.measure(s, "", send, func() error { return s.receive(p.batch) })
}

// measureTogether sends and receives many messages a call.
func (p plan) measureTogether(s *stage) error {
	out := make([]llmp.Outgoing, together)
	payload := make([]byte, p.size)
	for i := range out {
		out[i] = llmp.Outgoing{Tag: tag, Data: payload}
	}
	send := func() error {
		for left := p.batch; left > 0; {
			n, err := s.sender.SendMany(out[:min(left, together)])
			if err != nil {
				return err
			}
			left -= n
		}
		return nil
	}
	in := make([]llmp.Message, together)
	return p.measure(s, "_many", send, func() error { return s.receiveTogether(p.batch, in) })
}

func (p plan) measure(s *stage, suffix string, send, receive func() error) error {
	sent := make([]float64, 0, p.batches)
	forwarded, taken := make([]float64, 0, p.batches), make([]float64, 0, p.batches)
	for i := range p.warmUp + p.batches {
		t0 := time.Now()
		if err := send(); err != nil {
			return err
		}
		t1 := time.Now()
		if err := s.forward(p.batch); err != nil {
			return err
		}
		t2 := time.Now()
		if err := receive(); err != nil {
			return err
		}
		t3 := time.Now()
		if i >= p.warmUp {
			sent = append(sent, p.perMessage(t1.Sub(t0)))
			forwarded = append(forwarded, p.perMessage(t2.Sub(t1)))
			taken = append(taken, p.perMessage(t3.Sub(t2)))
		}
		if err := s.readTheRest(); err != nil {
			return err
		}
	}
	return errors.Join(p.report("send"+suffix, sent), p.report("forward"+suffix, forwarded), p.report("receive"+suffix, taken))
}

// measureAlone lets each message go all the way before the next is sent: the
// broker looks after every client for one message.
func (p plan) measureAlone(s *stage) error {
	payload := make([]byte, p.size)
	loop := s.broker.NewLoop() // which asks members that fell silent to ring, as Run does
	all := make([]float64, 0, p.batches)
	for i := range p.warmUp + p.batches {
		start := time.Now()
		for range p.batch {
			if err := s.sender.Send(tag, payload); err != nil {
				return err
			}
			if r, err := loop.Round(context.Background()); err != nil || r.Handled != 1 {
				return errors.Join(err, fmt.Errorf("%d messages forwarded, not 1", r.Handled))
			}
			if err := s.receive(1); err != nil {
				return err
			}
		}
		if i >= p.warmUp {
			all = append(all, p.perMessage(time.Since(start)))
		}
		if err := s.readTheRest(); err != nil {
			return err
		}
	}
	return p.report("alone", all)
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
		s.look(&m)
	}
	return nil
}

// receiveTogether is receive with as many messages a call as in has room for.
func (s *stage) receiveTogether(count int, in []llmp.Message) error {
	for count > 0 {
		n, err := s.receiver.RecvMany(in[:min(count, len(in))])
		if err != nil {
			return err
		}
		if n == 0 {
			return errors.New("a message is missing")
		}
		for i := range in[:n] {
			s.look(&in[i])
		}
		count -= n
	}
	return nil
}

func (s *stage) look(m *llmp.Message) {
	if len(m.Data) != 0 {
		s.looked = m.Data[0]
	}
}

func (p plan) perMessage(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(p.batch) }

func (p plan) report(step string, samples []float64) error {
	return row{Bench: "pipeline", Step: step, Size: p.size, Batch: p.batch, Turn: p.turn, Idle: p.idle}.report("ns/message", samples)
}
