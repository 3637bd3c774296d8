package main

import (
	"fmt"
	"strconv"
	"strings"
)

// options are words of the form `--name value`.
type options struct{ values map[string]string }

func parseOptions(words []string) (*options, error) {
	o := &options{values: map[string]string{}}
	for i := 0; i < len(words); i += 2 {
		name, ok := strings.CutPrefix(words[i], "--")
		if !ok {
			return nil, fmt.Errorf("what is %q for?", words[i])
		}
		if i+1 == len(words) {
			return nil, fmt.Errorf("--%s needs a value", name)
		}
		o.values[name] = words[i+1]
	}
	return o, nil
}

func (o *options) text(name, otherwise string) string {
	text, ok := o.values[name]
	if !ok {
		return otherwise
	}
	delete(o.values, name)
	return text
}

func (o *options) number(name string, otherwise int) (int, error) {
	text, ok := o.values[name]
	if !ok {
		return otherwise, nil
	}
	delete(o.values, name)
	return toNumber(name, text)
}

func (o *options) numbers(name, otherwise string) ([]int, error) {
	var all []int
	for _, one := range strings.Split(o.text(name, otherwise), ",") {
		n, err := toNumber(name, one)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

func toNumber(name, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("--%s: %q is no number", name, text)
	}
	return n, nil
}

// finish is an error when an option was given that nobody asked for.
func (o *options) finish() error {
	for name := range o.values {
		return fmt.Errorf("this command has no option --%s", name)
	}
	return nil
}
