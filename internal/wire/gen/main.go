// Command gen writes capi/wire.h: the constants of internal/wire as C macros.
//
//	go run ./gen -out ../../capi/wire.h      (from internal/wire)
//	go run ./gen -check -out ../../capi/wire.h
//
// With -check nothing is written; it fails when the file is not up to date.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
	"unicode"
)

func main() {
	out := flag.String("out", "../../capi/wire.h", "header to write")
	src := flag.String("src", "wire.go", "Go file with the constants")
	check := flag.Bool("check", false, "fail when the header is not up to date, write nothing")
	flag.Parse()
	if err := run(*src, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(src, out string, check bool) error {
	code, err := os.ReadFile(src)
	if err != nil {
		return err
	}
	header, err := generate(code)
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(out, header, 0o644)
	}
	have, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, header) {
		return fmt.Errorf("%s is not up to date: run `go generate ./internal/wire`", out)
	}
	return nil
}

// generate turns the constants of a Go file into a C header, in their order
// and with the comments of their groups.
func generate(code []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "wire.go", code, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	if _, err := (&types.Config{}).Check("wire", fset, []*ast.File{file}, info); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("/* Code generated from internal/wire/wire.go by internal/wire/gen. DO NOT EDIT. */\n")
	b.WriteString("#ifndef LLMP_WIRE_H\n#define LLMP_WIRE_H\n")
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		b.WriteString("\n")
		comment(&b, group.Doc)
		for _, spec := range group.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if err := define(&b, name, info.Defs[name].(*types.Const)); err != nil {
					return nil, err
				}
			}
		}
	}
	b.WriteString("\n#endif /* LLMP_WIRE_H */\n")
	return b.Bytes(), nil
}

func comment(b *bytes.Buffer, doc *ast.CommentGroup) {
	if doc == nil {
		return
	}
	text := strings.TrimSpace(doc.Text())
	fmt.Fprintf(b, "/* %s */\n", strings.ReplaceAll(text, "\n", "\n * "))
}

// define writes one macro. What exceeds 32 bits, and sizes and offsets that
// are computed with, are fine as they are: C promotes them where they meet a
// uint64_t.
func define(b *bytes.Buffer, name *ast.Ident, c *types.Const) error {
	v, exact := constant.Uint64Val(c.Val())
	if !exact {
		return fmt.Errorf("%s is not an unsigned integer", name.Name)
	}
	suffix := "u"
	if v > 0xffffffff {
		suffix = "ull"
	}
	number := fmt.Sprintf("%d", v)
	if v > 0xffff {
		number = fmt.Sprintf("0x%x", v)
	}
	fmt.Fprintf(b, "#define WIRE_%s %s%s\n", macroName(name.Name), number, suffix)
	return nil
}

// macroName turns PageOffCurrentID into PAGE_OFF_CURRENT_ID.
func macroName(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) {
			afterLower := unicode.IsLower(runes[i-1])
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterLower || beforeLower {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}
