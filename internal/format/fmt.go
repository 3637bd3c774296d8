//go:build fmt

package format

import "fmt"

// Sprintf is fmt.Sprintf.
func Sprintf(text string, operands ...any) string { return fmt.Sprintf(text, operands...) }

// Errorf is fmt.Errorf.
func Errorf(text string, operands ...any) error { return fmt.Errorf(text, operands...) }
