//go:build !fmt

package format

import (
	"strconv"
	"strings"
)

// Sprintf is fmt.Sprintf.
func Sprintf(text string, operands ...any) string {
	b := make([]byte, 0, len(text)+32)
	next := 0
	for {
		at := strings.IndexByte(text, '%')
		if at < 0 || at+1 == len(text) {
			return string(append(b, text...))
		}
		b = append(b, text[:at]...)
		text = text[at+1:]
		if text[0] == '%' {
			b = append(b, '%')
			text = text[1:]
			continue
		}
		var operand any
		if next < len(operands) {
			operand = operands[next]
			next++
		}
		switch {
		case text[0] == 'q':
			s, _ := words(operand)
			b = strconv.AppendQuote(b, s)
		case strings.HasPrefix(text, "#x"):
			text = text[1:]
			b = appendNumber(append(b, "0x"...), operand, 16)
		default:
			if s, ok := words(operand); ok {
				b = append(b, s...)
			} else {
				b = appendNumber(b, operand, 10)
			}
		}
		text = text[1:]
	}
}

// words is an operand that is no number.
func words(operand any) (string, bool) {
	switch o := operand.(type) {
	case nil:
		return "<nil>", true
	case string:
		return o, true
	case error:
		return o.Error(), true
	case interface{ String() string }:
		return o.String(), true
	}
	return "", false
}

func appendNumber(b []byte, operand any, base int) []byte {
	signed, unsigned := int64(0), uint64(0)
	switch o := operand.(type) {
	case int:
		signed = int64(o)
	case int32:
		signed = int64(o)
	case int64:
		signed = o
	case uint8:
		unsigned = uint64(o)
	case uint16:
		unsigned = uint64(o)
	case uint32:
		unsigned = uint64(o)
	case uint64:
		unsigned = o
	case uintptr:
		unsigned = uint64(o)
	default:
		return append(b, "(of a type that package format does not know)"...)
	}
	if signed != 0 {
		return strconv.AppendInt(b, signed, base)
	}
	return strconv.AppendUint(b, unsigned, base)
}

// Errorf is fmt.Errorf: the error wraps the operands of the verbs %w.
func Errorf(text string, operands ...any) error {
	message := Sprintf(text, operands...)
	var wrapped []error
	operand := 0
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		i++ // to the verb
		if text[i] == '%' {
			continue
		}
		if text[i] == 'w' && operand < len(operands) {
			if err, ok := operands[operand].(error); ok {
				wrapped = append(wrapped, err)
			}
		}
		operand++
	}
	if len(wrapped) == 1 {
		return &wrap{message, wrapped[0]}
	}
	return &wrapSeveral{message, wrapped}
}

// A wrap is an error that stands for another, too.
type wrap struct {
	message string
	err     error
}

func (w *wrap) Error() string { return w.message }
func (w *wrap) Unwrap() error { return w.err }

// A wrapSeveral stands for any number of others.
type wrapSeveral struct {
	message string
	errs    []error
}

func (w *wrapSeveral) Error() string   { return w.message }
func (w *wrapSeveral) Unwrap() []error { return w.errs }
