package assist

import (
	"bufio"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"spikebook/kernel/cell"
)

// listed are packages by import path, as go list knows them.
type listed struct {
	types.Importer
	fset   *token.FileSet
	dirs   map[string]string
	byName map[string][]string
}

func (l *listed) Candidates(name string) []string { return l.byName[name] }
func (l *listed) Source(path string) string       { return l.dirs[path] }

// packages are those that the tests use, with the export data of Go's build
// cache.
var packages = sync.OnceValues(func() (*listed, error) {
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Name}}\t{{.Dir}}\t{{.Export}}",
		"fmt", "strings", "math", "bytes", "flag", "time", "spikebook/snn/neuron", "spikebook/kernel/session").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	l := &listed{fset: token.NewFileSet(), dirs: map[string]string{}, byName: map[string][]string{}}
	exports := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		l.dirs[f[0]], exports[f[0]] = f[2], f[3]
		if !strings.Contains(f[0], "internal/") {
			l.byName[f[1]] = append(l.byName[f[1]], f[0])
		}
	}
	l.Importer = importer.ForCompiler(l.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	return l, nil
})

// remembered are the cells that ran before those of the tests.
var remembered = []string{`
// Square returns the square of x.
//
//   - it is exact
func Square(x float64) float64 { return x * x }

type Inner struct{ Depth int }

// Point is a point of the plane.
type Point struct {
	// X is the first coordinate.
	X, Y  float64
	label string
	*Inner
}

// Norm returns the length of p.
func (p *Point) Norm() float64 { return p.X*p.X + p.Y*p.Y }

type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

func (p Pair[K, V]) Swap() V { return p.Value }

func MakePoint(x, y float64) *Point { return &Point{X: x, Y: y} }

func Map[A, B any](list []A, f func(A) B) []B { return nil }
`, `
layer := neuron.NewLIF()
point := Point{}
table := map[string][]Point{}
pair := Pair[string, Point]{}
ratio := 0.5
größe := 1
time := Point{}
`}

// newEnv makes an environment in which the cells have run.
func newEnv(t testing.TB) Env {
	t.Helper()
	l, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	m := cell.New(l, []string{"fmt", "math", "bytes", "flag", "spikebook/snn/neuron", "spikebook/snn", "spikebook/snn/surrogate"})
	for _, src := range remembered {
		p, err := m.Compile(src, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Done(true)
	}
	return Env{View: m.View, Variables: map[string]Variable{"layer": {4200, "LIF(tau=2)"}}}
}

// atCursor splits a source at the mark of the cursor.
func atCursor(t testing.TB, marked string) (src string, cursor int) {
	t.Helper()
	before, after, ok := strings.Cut(marked, "|")
	if !ok {
		t.Fatalf("%q has no mark | of the cursor", marked)
	}
	return before + after, len([]rune(before))
}
