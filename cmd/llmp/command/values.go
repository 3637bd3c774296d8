package command

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"llmp/llmp"
)

// parseTag reads a tag: decimal, 0x hexadecimal, or "event" for LibAFL's.
func parseTag(s string) (llmp.Tag, error) {
	if s == "event" {
		return llmp.TagLibAFLEvent, nil
	}
	n, err := parseUint32(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no tag: want 0 to %d, 0x0 to 0xffffffff, or event", s, uint32(math.MaxUint32))
	}
	return llmp.Tag(n), nil
}

// parseUint32 takes decimal and 0x hexadecimal. A leading 0 does not mean octal.
func parseUint32(s string) (uint32, error) {
	base := 10
	if rest, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		s, base = rest, 16
	}
	n, err := strconv.ParseUint(s, base, 32)
	return uint32(n), err
}

// tagsValue is a flag that collects tags.
type tagsValue []llmp.Tag

func (v *tagsValue) Type() string { return "tag" }

func (v *tagsValue) String() string {
	words := make([]string, len(*v))
	for i, t := range *v {
		words[i] = t.String()
	}
	return strings.Join(words, ",")
}

func (v *tagsValue) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		t, err := parseTag(word)
		if err != nil {
			return err
		}
		*v = append(*v, t)
	}
	return nil
}

// tagValue is a flag with exactly one tag.
type tagValue struct {
	tag llmp.Tag
	set bool
}

func (v *tagValue) Type() string { return "tag" }

func (v *tagValue) String() string {
	if !v.set {
		return ""
	}
	return v.tag.String()
}

func (v *tagValue) Set(s string) (err error) {
	v.tag, err = parseTag(s)
	v.set = err == nil
	return err
}

// flagsValue is the flags of a message.
type flagsValue llmp.Flags

func (v *flagsValue) Type() string   { return "bits" }
func (v *flagsValue) String() string { return fmt.Sprintf("%#x", uint32(*v)) }

func (v *flagsValue) Set(s string) error {
	n, err := parseUint32(s)
	if err != nil {
		return fmt.Errorf("%q are no flags: want a number of 32 bits, decimal or 0x hexadecimal", s)
	}
	*v = flagsValue(n)
	return nil
}

// numberValue is a whole number from 0 to most.
type numberValue[T uint16 | uint64] struct {
	to   *T
	most uint64
}

func (v *numberValue[T]) Type() string { return "n" }

func (v *numberValue[T]) String() string {
	if v.to == nil {
		return "0"
	}
	return strconv.FormatUint(uint64(*v.to), 10)
}

func (v *numberValue[T]) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 64)
	switch {
	case err == nil && n <= v.most:
		*v.to = T(n)
		return nil
	case v.most == math.MaxUint64:
		return fmt.Errorf("%q is no whole number", s)
	}
	return fmt.Errorf("%q is no whole number from 0 to %d", s, v.most)
}

// sizeValue is a number of bytes; 0 means that the flag was not given.
type sizeValue int64

func (v *sizeValue) Type() string { return "size" }

func (v *sizeValue) String() string {
	if *v == 0 {
		return ""
	}
	return formatBytes(uint64(*v))
}

func (v *sizeValue) Set(s string) error {
	n, err := llmp.ParseSize(s)
	if err == nil && n == 0 {
		err = errors.New("0 bytes are none: want a size such as 64MiB")
	}
	*v = sizeValue(n)
	return err
}

// waitValue is a time span: Go's notation, a number of seconds, or never.
type waitValue time.Duration

// never is a wait without an end. It has its own value, so that 0 can mean "not at all".
const never = waitValue(llmp.WaitForever)

func (v *waitValue) Type() string { return "time" }

func (v *waitValue) String() string {
	switch *v {
	case never:
		return "never"
	case 0:
		return "0"
	}
	return time.Duration(*v).String()
}

func (v *waitValue) Set(s string) error {
	if s == "never" {
		*v = never
		return nil
	}
	d, err := time.ParseDuration(s)
	if seconds, notSeconds := strconv.ParseFloat(s, 64); notSeconds == nil {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no time: want 500ms, 10s, 5m, a number of seconds, or never", s)
	}
	*v = waitValue(d)
	return nil
}

// option turns 0, "not at all", into the library's word for it.
func (v waitValue) option() time.Duration {
	if v == 0 {
		return llmp.NoWait
	}
	return time.Duration(v)
}
