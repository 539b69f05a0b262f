package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"spikebook/kernel/atomicfile"
	"spikebook/kernel/build"
)

// Progress is told of each step of the preparation as it begins: its number
// from 1, how many there are, and what it does.
type Progress func(step, of int, what string)

// stamp marks a prepared workspace.
const stamp = "prepared"

// prepared says whether Prepare has ended well for this content.
func (w *Workspace) prepared() bool {
	for _, tool := range Tools {
		if !w.built(tool) {
			return false
		}
	}
	_, err := os.Stat(filepath.Join(w.Dir, stamp))
	return err == nil
}

// built says whether a tool is there.
func (w *Workspace) built(tool string) bool {
	_, err := os.Stat(w.Tool(path.Base(tool)))
	return err == nil
}

// TrialCell is the program of a typical cell. It fails if the tool chain at hand
// does not lay out values as package session takes for granted.
const TrialCell = `import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"spikebook/display"
	"spikebook/kernel/session"
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
	if err := session.SelfTest(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
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
	{"cells that remember", `import (
	"spikebook/display"
	"spikebook/kernel/session"
	"spikebook/snn"
	"spikebook/snn/neuron"
)

var layer = neuron.NewIF()

func main() {
	session.Main(func() { session.Show(layer.Forward(snn.Ones(1)), display.Show(layer)) },
		session.Var{Name: "layer", Type: "*neuron.Neuron", Ptr: &layer})
}
`},
}

// Prepare makes everything that a kernel needs and that takes time: the tools
// are built, what cells need is downloaded and compiled. It needs the network
// the first time, and does nothing if all is there.
func Prepare(ctx context.Context, progress Progress) (*Workspace, error) {
	w, err := unpack(ctx)
	if err != nil {
		return nil, err
	}
	missing, err := w.Missing()
	if err != nil || len(missing) == 0 && w.prepared() {
		return w, err
	}
	type step struct {
		what string
		do   func() error
	}
	var steps []step
	if len(missing) > 0 {
		steps = append(steps, step{"downloading what cells need", func() error {
			_, err := w.Go.Run(ctx, filepath.Join(w.Dir, "cell"), "mod", "download")
			return err
		}})
	}
	for _, tool := range Tools {
		if !w.built(tool) {
			steps = append(steps, step{"building " + path.Base(tool), func() error { return w.build(ctx, tool) }})
		}
	}
	for _, c := range warmCells {
		steps = append(steps, step{"compiling for " + c.name, func() error { return w.TryCell(ctx, c.source) }})
	}
	steps = append(steps, step{"indexing the packages that cells may import", func() error { return build.WriteIndex(ctx, w.BuildConfig()) }})
	for i, s := range steps {
		if progress != nil {
			progress(i+1, len(steps), s.what)
		}
		if err := s.do(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.what, err)
		}
	}
	if err := WriteFile(filepath.Join(w.Dir, stamp), nil); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCache, err)
	}
	return w, nil
}

// build builds a tool. The binary appears when it is whole: what is there need
// not be built again, and may be running.
func (w *Workspace) build(ctx context.Context, tool string) (err error) {
	bin := filepath.Dir(w.Tool(path.Base(tool)))
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(bin, atomicfile.Unfinished)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	binary := filepath.Join(tmp, path.Base(tool))
	if _, err := w.Go.Run(ctx, w.tools, append(append([]string{"build", "-o", binary}, build.Flags...), tool)...); err != nil {
		return err
	}
	return os.Rename(binary, w.Tool(path.Base(tool)))
}

// TryCell compiles a program, given without its package clause, as GoNB compiles
// a cell, runs it and throws it away. Assignments such as GOPROXY=off change the
// environment.
func (w *Workspace) TryCell(ctx context.Context, source string, env ...string) (err error) {
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
	binary := filepath.Join(dir, "cell")
	if _, err := w.Go.run(ctx, dir, env, append([]string{"build", "-o", binary}, build.Flags...)...); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, binary).CombinedOutput(); err != nil {
		return fmt.Errorf("the program of a cell: %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}
