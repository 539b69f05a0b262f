package workspace

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"spikebook/kernel/build"
)

// cells are what a notebook mostly has, as programs.
var cells = []struct{ name, source string }{
	{"print", "import \"fmt\"\n\nfunc main() { fmt.Println(%d) }\n"},
	{"remember", `import "spikebook/kernel/session"

var x = %d

func main() { session.Main(func() { x++; session.Show(x) }, session.Var{Name: "x", Type: "int", Ptr: &x}) }
`},
	{"neuron", `import (
	"spikebook/display"
	"spikebook/kernel/session"
	"spikebook/snn"
	"spikebook/snn/neuron"
)

var (
	layer = neuron.NewLIF(neuron.StepMode("m"), neuron.StoreVSeq(true))
	n     = %d
)

func main() {
	session.Main(func() { display.PlotOneNeuronVS(layer.VSeq(), layer.Forward(snn.Ones(50, 1))).Show() },
		session.Var{Name: "layer", Type: "*neuron.Neuron", Ptr: &layer}, session.Var{Name: "n", Type: "int", Ptr: &n})
}
`},
	{"tensor", "import (\n\t\"fmt\"\n\n\t\"gorgonia.org/tensor\"\n)\n\nfunc main() { fmt.Println(tensor.New(tensor.WithShape(%d), tensor.Of(tensor.Float32))) }\n"},
}

// builder prepares the workspace in the cache of the environment.
func builder(b *testing.B) *build.Builder {
	b.Helper()
	w, err := Prepare(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	c := w.BuildConfig()
	c.Scratch = b.TempDir()
	x, err := build.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	return build.New(x, b.TempDir(), CellsLimit, b.TempDir())
}

func program(source string, i int) map[string]string {
	return map[string]string{"main.go": "package main\n\n" + fmt.Sprintf(source, i)}
}

// BenchmarkBuild compiles and links each program anew.
func BenchmarkBuild(b *testing.B) {
	made := builder(b)
	buildAll(b, made)
}

// buildAll reports the processors' time as well: it is what a busy machine
// does not change.
func buildAll(b *testing.B, made *build.Builder) {
	b.Helper()
	for _, c := range cells {
		b.Run(c.name, func(b *testing.B) {
			own, tools := processors(b, syscall.RUSAGE_SELF), processors(b, syscall.RUSAGE_CHILDREN)
			i := 1
			for ; b.Loop(); i++ {
				if _, err := made.Build(b.Context(), program(c.source, i), build.Program); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processors(b, syscall.RUSAGE_SELF)-own)/float64(i), "own-cpu-ms/op")
			b.ReportMetric((processors(b, syscall.RUSAGE_CHILDREN)-tools)/float64(i), "tools-cpu-ms/op")
		})
	}
}

// processors returns the time on processors, in milliseconds.
func processors(b *testing.B, who int) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return float64(time.Duration(u.Utime.Nano()+u.Stime.Nano())) / float64(time.Millisecond)
}

// BenchmarkGoCommand does the same with the go command.
func BenchmarkGoCommand(b *testing.B) {
	made := builder(b)
	made.Configure([]string{"-buildmode=exe"}, nil)
	buildAll(b, made)
}

// BenchmarkBuilt asks for a program that exists.
func BenchmarkBuilt(b *testing.B) {
	made := builder(b)
	files := program(cells[2].source, 0)
	if _, err := made.Build(b.Context(), files, build.Program); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := made.Build(b.Context(), files, build.Program); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIndex reads the table of packages, as each kernel does when it starts.
func BenchmarkIndex(b *testing.B) {
	w, err := Prepare(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := build.Open(b.Context(), w.BuildConfig()); err != nil {
			b.Fatal(err)
		}
	}
}
