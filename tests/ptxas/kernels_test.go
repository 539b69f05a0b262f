package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spikebook/gpu/ptx/ptxtest"
	"spikebook/gpu/ptxsim"
)

// Every kind of neuron is there: each function of package neuron that makes a layer.
func TestAllKinds(t *testing.T) {
	names := map[string]bool{"": true} // New makes one of a definition
	for _, k := range kinds {
		names[k.name] = true
	}
	paths, err := filepath.Glob("../../snn/neuron/*.go")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || f.Type.Results == nil || !ast.IsExported(f.Name.Name) {
				continue
			}
			if makes, ok := f.Type.Results.List[0].Type.(*ast.StarExpr); !ok || fmt.Sprint(makes.X) != "Layer" {
				continue
			}
			if name := strings.TrimPrefix(f.Name.Name, "New"); !names[name] {
				t.Errorf("%s is not among the kinds", name)
			}
		}
	}
}

// All kernels give the bits that the engine gives, on the interpreter.
func TestKernels(t *testing.T) {
	groups, err := all()
	if err != nil {
		t.Fatal(err)
	}
	d := ptxsim.Open(ptxsim.Options{})
	defer d.Close()
	random := rand.New(rand.NewPCG(7, 8))
	for _, k := range slices.Concat(groups...) {
		r := ptxtest.NewRun(k.program, 6, 37, k.wanted, func(n int) []float32 {
			values := make([]float32, n)
			for i := range values {
				values[i] = 2*random.Float32() - 0.5
			}
			return values
		})
		for i, summed := range k.summed {
			if summed {
				r.States[i] = nil
			}
		}
		r.Reverse = strings.HasPrefix(k.pass, "backward")
		if err := ptxtest.Compare(d, k.Kernel, k.program, r); err != nil {
			t.Errorf("%s: %v", k.Entry, err)
		}
	}
}

// What the assembler says is read, and what it should not say is a complaint.
func TestRead(t *testing.T) {
	usages := map[string]usage{}
	complaints := read(`ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'steps_a' for 'sm_75'
ptxas info    : Function properties for steps_a
    8 bytes stack frame, 16 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 20 registers, 380 bytes cmem[0]
ptxas warning : something
ptxas info    : Compiling entry function 'steps_b' for 'sm_75'
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 10 registers, 380 bytes cmem[0]
`, usages)
	if !slices.Equal(complaints, []string{"ptxas warning : something"}) {
		t.Errorf("complaints %q", complaints)
	}
	if a, b := usages["steps_a"], usages["steps_b"]; a != (usage{20, 16}) || b != (usage{10, 0}) {
		t.Errorf("usages %v and %v", a, b)
	}
}
