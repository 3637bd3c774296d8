package main

import (
	"flag"
	"fmt"
	"io"
	"time"

	"llmp/llmp"
	"llmp/shmem"

	"llmp/tests/interop/internal/series"
)

// Options are those of all commands; each looks at the ones it has.
type options struct {
	bus         llmp.Options
	provider    shmem.Provider
	timeout     time.Duration
	connect     string
	exitAfter   int
	out         series.Series
	tag         llmp.Tag
	allTags     bool
	skipOwn     bool
	receive     int
	replyTag    llmp.Tag
	asID        llmp.ClientID
	mapID       string
	mapSize     int
	name        string
	leaveUnread int
	unread      int
	description string
	rest        []string // what follows --
}

func parse(command string, args []string) (*options, error) {
	fs := flag.NewFlagSet(command, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	port := fs.Uint("port", 0, "")
	provider := fs.String("provider", shmem.SysV, "")
	seconds := fs.Int("timeout", 60, "")
	sizes := fs.String("sizes", "0", "")
	tag := fs.Uint64("tag", 0, "")
	flags := fs.Uint64("flags", 0, "")
	replyTag := fs.Uint64("reply-tag", 0, "")
	asID := fs.Uint64("as-id", 1, "")
	o := &options{}
	fs.StringVar(&o.connect, "connect", "", "")
	fs.IntVar(&o.exitAfter, "exit-after", 0, "")
	fs.IntVar(&o.out.Count, "count", 0, "")
	fs.IntVar(&o.out.Start, "start", 0, "")
	fs.Uint64Var(&o.out.Seed, "seed", 0, "")
	fs.BoolVar(&o.skipOwn, "skip-own", false, "")
	fs.IntVar(&o.receive, "receive", 0, "")
	fs.StringVar(&o.mapID, "map", "", "")
	fs.IntVar(&o.mapSize, "size", 0, "")
	fs.StringVar(&o.name, "name", "", "")
	fs.IntVar(&o.leaveUnread, "leave-unread", 0, "")
	fs.IntVar(&o.unread, "unread", 0, "")
	fs.StringVar(&o.description, "description", "", "")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	o.rest = fs.Args()
	var err error
	if o.provider, err = shmem.ByName(*provider); err != nil {
		return nil, err
	}
	if o.out.Sizes, err = series.ParseSizes(*sizes); err != nil {
		return nil, err
	}
	if *port > 65535 {
		return nil, fmt.Errorf("--port: %d is no port", *port)
	}
	o.timeout = time.Duration(*seconds) * time.Second
	o.bus = llmp.Options{Port: uint16(*port), Provider: o.provider}
	o.tag, o.replyTag, o.asID = llmp.Tag(*tag), llmp.Tag(*replyTag), llmp.ClientID(*asID)
	o.out.Tag, o.out.Flags = uint32(*tag), uint32(*flags)
	o.allTags = true
	fs.Visit(func(f *flag.Flag) { o.allTags = o.allTags && f.Name != "tag" })
	return o, nil
}
