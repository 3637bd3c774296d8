// Package format is the little of fmt that error texts need. It stands in for
// that package, which with the reflection beneath would be an eighth of the C
// library.
//
// A text holds these verbs, with the operands in their order:
//
//	%v %s  a string, an error, something with a method String, or an integer
//	%q     a string, an error or something with a method String, quoted
//	%d     an integer
//	%#x    an integer
//	%w     an error that Errorf wraps
//	%%     a percent sign
//
// An integer is one of the types of package builtin. One that has another name,
// such as a type ClientID uint32, must be converted: without reflection nobody
// knows what it is. A test looks at each call for that. With the tag "fmt" these
// functions are fmt's own, so that go vet checks verbs and operands.
package format
