package notebook

import (
	"go/types"
	"strings"
)

// runKey is where the metadata tell of a run with parameters, in the form of
// papermill's: who reads executed notebooks need not ask what ran them.
const runKey = "papermill"

// setParameters notes the parameters of the run that begins.
func (nb *Notebook) setParameters(values map[string]any) {
	if nb.Metadata == nil {
		nb.Metadata = map[string]any{}
	}
	run, _ := nb.Metadata[runKey].(map[string]any)
	if run == nil {
		run = map[string]any{}
		nb.Metadata[runKey] = run
	}
	run["parameters"] = values
}

// Ran notes whether all cells ran, in a notebook whose parameters were set.
func (nb *Notebook) Ran(ok bool) {
	run, _ := nb.Metadata[runKey].(map[string]any)
	switch {
	case run == nil:
	case ok:
		run["exception"] = nil
	default:
		run["exception"] = true
	}
}

// Declared is a parameter that a cell declares.
type Declared struct {
	Name    string
	Type    string // as Go writes it
	Default string // the expression; empty if there is none of its own
	Comment string // behind it, on its line
}

// Declarations returns the parameters that the source of a cell declares.
func Declarations(source string) ([]Declared, error) {
	d, err := declarationsOf(source)
	if err != nil {
		return nil, err
	}
	list := make([]Declared, 0, len(d.order))
	for _, name := range d.order {
		decl := d.byName[name]
		declared := Declared{Name: name, Type: decl.typeName()}
		if decl.object.Type() == types.Typ[types.Invalid] {
			declared.Type = ""
		}
		if decl.index < len(decl.spec.Values) && len(decl.spec.Values) == len(decl.spec.Names) {
			value := decl.spec.Values[decl.index]
			declared.Default = d.source[d.fset.Position(value.Pos()).Offset:d.fset.Position(value.End()).Offset]
		}
		if c := decl.spec.Comment; c != nil {
			declared.Comment = strings.TrimSpace(c.Text())
		}
		list = append(list, declared)
	}
	return list, nil
}
