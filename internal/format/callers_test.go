package format_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A pkg is what go list says of a package.
type pkg struct {
	ImportPath, Dir, Export string
	GoFiles, CgoFiles       []string
	Imports                 []string
	Module                  *struct{ Main bool }
}

// packages lists what ./capi is made of, compiled.
func packages(t *testing.T) map[string]pkg {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-export", "-json=ImportPath,Dir,Export,GoFiles,CgoFiles,Imports,Module", "llmp/capi")
	list.Stderr = os.Stderr
	out, err := list.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := list.Start(); err != nil {
		t.Fatal(err)
	}
	all := map[string]pkg{}
	for d := json.NewDecoder(out); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
	if err := list.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestOperandsAreKnown looks at each call of this package, and of the functions
// that pass their operands on to it, for an operand that it cannot format.
func TestOperandsAreKnown(t *testing.T) {
	all := packages(t)
	fset := token.NewFileSet()
	compiled := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(all[path].Export) })
	calls := 0
	for _, p := range all {
		if p.Module == nil || !p.Module.Main {
			continue
		}
		var files []*ast.File
		for _, name := range append(p.GoFiles, p.CgoFiles...) {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		info := types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
		config := types.Config{Importer: compiled, FakeImportC: true, Error: func(error) {}} // what is of C has no type
		_, _ = config.Check(p.ImportPath, fset, files, &info)
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || call.Ellipsis.IsValid() {
					return true
				}
				for _, operand := range operands(call, &info) {
					calls++
					if typ := info.TypeOf(operand); !known(typ) && !ofC(operand) {
						t.Errorf("%s: an operand of type %v", fset.Position(operand.Pos()), typ)
					}
				}
				return true
			})
		}
	}
	if calls < 100 {
		t.Errorf("looked at %d operands only", calls)
	}
}

// operands are those of a call that come to be formatted.
func operands(call *ast.CallExpr, info *types.Info) []ast.Expr {
	var name *ast.Ident
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f
	case *ast.SelectorExpr:
		name = f.Sel
	default:
		return nil
	}
	f, ok := info.Uses[name].(*types.Func)
	if !ok {
		return nil
	}
	signature := f.Signature()
	last := signature.Params().Len() - 1
	if !signature.Variadic() || signature.Params().At(last).Name() != "operands" {
		return nil
	}
	return call.Args[last:]
}

// known says whether this package can format a type.
func known(typ types.Type) bool {
	if typ == nil || typ == types.Typ[types.Invalid] {
		return false
	}
	if b, ok := typ.Underlying().(*types.Basic); ok && types.Unalias(typ) == b {
		return b.Info()&(types.IsInteger|types.IsString) != 0 && b.Kind() != types.Int8 && b.Kind() != types.Int16
	}
	if i, ok := typ.Underlying().(*types.Interface); ok && i.NumMethods() == 0 {
		return true // what a panic was about
	}
	for _, method := range []string{"Error", "String"} {
		m, _, _ := types.LookupFieldOrMethod(typ, false, nil, method)
		if f, ok := m.(*types.Func); ok && f.Signature().Params().Len() == 0 && f.Signature().Results().Len() == 1 {
			return true
		}
	}
	return false
}

// ofC says whether an operand that is made of something of C, which has no type
// here, is known all the same: a constant, a conversion, or a sum with one.
func ofC(operand ast.Expr) bool {
	switch o := operand.(type) {
	case *ast.SelectorExpr:
		of, ok := o.X.(*ast.Ident)
		return ok && of.Name == "C" && strings.ToUpper(o.Sel.Name) == o.Sel.Name
	case *ast.BinaryExpr:
		return ofC(o.X) || ofC(o.Y)
	case *ast.CallExpr:
		to, ok := o.Fun.(*ast.Ident)
		if !ok {
			return false
		}
		basic, ok := types.Universe.Lookup(to.Name).(*types.TypeName)
		return ok && known(basic.Type())
	}
	return false
}
