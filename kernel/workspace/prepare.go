package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Progress is told of each step of the preparation as it begins: its number
// from 1, how many there are, and what it does.
type Progress func(step, of int, what string)

// stamp marks a prepared workspace.
const stamp = "prepared"

// prepared says whether Prepare has ended well for this content.
func (w *Workspace) prepared() bool {
	for _, tool := range Tools {
		if _, err := os.Stat(w.Tool(path.Base(tool))); err != nil {
			return false
		}
	}
	_, err := os.Stat(filepath.Join(w.Dir, stamp))
	return err == nil
}

// TrialCell is the program of a typical cell.
const TrialCell = `import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"spikebook/display"
	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

var (
	_ = math.Pi
	_ = os.Args
	_ = slices.Max[[]int]
	_ = strings.Repeat
	_ = time.Now
	_ dynamics.Expr
)

func main() {
	flag.Parse()
	layer := neuron.NewIF(neuron.SurrogateFunction(surrogate.ATan(2)))
	fmt.Println(layer.Forward(snn.Ones(1)))
	_ = display.Show(layer)
}
`

// warmCells are programs whose packages most cells need. What they compile
// stays in Go's build cache.
var warmCells = []struct{ name, source string }{
	{"a first cell", "import \"fmt\"\n\nfunc main() { fmt.Println() }\n"},
	{"neurons and pictures", TrialCell},
	{"tensors of gorgonia", `import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/dense"
)

func main() { fmt.Println(dense.Of(snn.Ones(1))) }
`},
}

// Prepare makes everything that a kernel needs and that takes time: the tools
// are built, what cells need is downloaded and compiled. It does nothing if
// that has been done. It needs the network the first time.
func Prepare(ctx context.Context, progress Progress) (*Workspace, error) {
	w, err := unpack(ctx)
	if err != nil || w.prepared() {
		return w, err
	}
	type step struct {
		what string
		do   func() error
	}
	steps := []step{{"downloading what cells need", func() error {
		_, err := w.Go.Run(ctx, filepath.Join(w.Dir, "cell"), "mod", "download")
		return err
	}}}
	for _, tool := range Tools {
		steps = append(steps, step{"building " + path.Base(tool), func() error {
			_, err := w.Go.Run(ctx, w.tools, "build", "-o", filepath.Join(w.tools, "bin")+string(filepath.Separator), tool)
			return err
		}})
	}
	for _, c := range warmCells {
		steps = append(steps, step{"compiling for " + c.name, func() error { return w.BuildCell(ctx, c.source) }})
	}
	for i, s := range steps {
		progress(i+1, len(steps), s.what)
		if err := s.do(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.what, err)
		}
	}
	return w, WriteFile(filepath.Join(w.Dir, stamp), nil)
}

// BuildCell compiles a program, given without its package clause, as GoNB
// compiles a cell, and throws it away.
func (w *Workspace) BuildCell(ctx context.Context, source string) (err error) {
	dir, err := os.MkdirTemp("", "spikebook-cell-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(w.Dir, "cell", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\n"+strings.TrimSpace(source)+"\n"), 0o600); err != nil {
		return err
	}
	_, err = w.Go.Run(ctx, dir, "build", "-o", filepath.Join(dir, "cell"), "-ldflags=-s -w")
	return err
}
