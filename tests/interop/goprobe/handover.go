package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"

	"llmp/llmp"
)

// begin connects, sends, and reads all own messages but the last ones that
// are to stay unread.
func begin(ctx context.Context, o *options) (*llmp.Client, error) {
	c, err := connect(ctx, o)
	if err != nil {
		return nil, err
	}
	return c, exchange(ctx, c, o.out, nothing(), o.out.Start, o.out.End()-o.leaveUnread)
}

// resume takes over where another process stood, and ends the client properly.
func resume(ctx context.Context, c *llmp.Client, o *options) error {
	printJoined(c.ID())
	in := &incoming{limit: o.receive, allTags: true}
	if err := exchange(ctx, c, o.out, in, o.out.Start-o.unread, o.out.End()); err != nil {
		return err
	}
	return finish(c, o.out.Count, in.got)
}

func toEnv(ctx context.Context, o *options) error {
	if len(o.rest) == 0 {
		return fmt.Errorf("which command takes over? -- COMMAND ARGS")
	}
	c, err := begin(ctx, o)
	if err != nil {
		return err
	}
	if err := c.ToEnv(o.name); err != nil {
		return err
	}
	child := exec.CommandContext(ctx, o.rest[0], o.rest[1:]...)
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	if err := child.Run(); err != nil {
		return fmt.Errorf("the command that took over: %w", err)
	}
	// No Close: it would say EXITING at a place that is the other's by now.
	printDone(o.out.Count, 0)
	return nil
}

func fromEnv(ctx context.Context, o *options) error {
	c, err := llmp.AttachEnv(o.name, o.bus)
	if err != nil {
		return err
	}
	return resume(ctx, c, o)
}

func describe(ctx context.Context, o *options) error {
	c, err := begin(ctx, o)
	if err != nil {
		return err
	}
	d, err := c.Describe()
	if err != nil {
		return err
	}
	postcard, err := d.MarshalBinary()
	if err != nil {
		return err
	}
	printDescription(hex.EncodeToString(postcard))
	untilStdinCloses()
	printDone(o.out.Count, 0) // no Close, as in toEnv
	return nil
}

func fromDescription(ctx context.Context, o *options) error {
	d, err := parseDescription(o.description)
	if err != nil {
		return err
	}
	c, err := llmp.AttachDescription(d, o.bus)
	if err != nil {
		return err
	}
	return resume(ctx, c, o)
}

func parseDescription(text string) (llmp.ClientDescription, error) {
	var d llmp.ClientDescription
	postcard, err := hex.DecodeString(text)
	if err != nil {
		return d, err
	}
	return d, d.UnmarshalBinary(postcard)
}
