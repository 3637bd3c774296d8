package command

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"llmp/llmp"
)

// Exit codes, for scripts. They are listed in `llmp --help`.
const (
	ExitOK       = 0
	ExitFailure  = 1
	ExitUsage    = 2
	ExitNoBroker = 3
	ExitTimeout  = 4
)

// usageError: the program was called in a wrong way.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usage(format string, args ...any) error {
	return usageError{fmt.Sprintf(format, args...)}
}

// interrupted: a signal ended what was going on.
type interrupted struct{ sig os.Signal }

func (e interrupted) Error() string { return "interrupted (" + e.sig.String() + ")" }

func exitCode(err error) int {
	var sig interrupted
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, new(usageError)):
		return ExitUsage
	case errors.As(err, &sig):
		if n, ok := sig.sig.(syscall.Signal); ok {
			return 128 + int(n)
		}
		return ExitFailure
	case errors.Is(err, llmp.ErrRefused), errors.Is(err, llmp.ErrClosed):
		return ExitNoBroker
	case errors.Is(err, llmp.ErrTimeout):
		return ExitTimeout
	}
	return ExitFailure
}

// plain is the text of err in one line, without the class that the library
// puts in front where that says nothing to a person.
func plain(err error) string {
	text := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", " ")
	for _, class := range []error{llmp.ErrInvalid, llmp.ErrIO} {
		text = strings.TrimPrefix(text, class.Error()+": ")
	}
	return text
}

// sentence is what the user reads about an error: one line, or nothing when
// the reader of our output went away and nobody needs to be told.
func sentence(path string, err error) string {
	if errors.Is(err, syscall.EPIPE) {
		return ""
	}
	text := plain(err)
	if errors.As(err, new(usageError)) {
		return fmt.Sprintf("%s: %s (see '%s --help')", path, text, path)
	}
	return path + ": " + text
}
