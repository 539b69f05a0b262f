package cell

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// listed reads packages from the export data of Go's build cache, which the go
// command lists once.
type listed struct {
	types.Importer
	export map[string]string
	byName map[string][]string
}

var preloaded = []string{"fmt", "math", "math/rand", "os", "strings", "time", "errors", "spikebook/snn", "spikebook/snn/neuron", "spikebook/display"}

var testPackages = sync.OnceValues(func() (*listed, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	p := &listed{export: map[string]string{}, byName: map[string][]string{}}
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.Name}} {{.ImportPath}} {{.Export}}", "std", sessionPath, "gorgonia.org/tensor",
		"spikebook/snn/...", "spikebook/display/...")
	list.Dir = root
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 2 || isInternal(f[1]) || strings.HasPrefix(f[1], "vendor/") {
			if len(f) == 3 {
				p.export[f[1]] = f[2]
			}
			continue
		}
		if len(f) == 3 {
			p.export[f[1]] = f[2]
		}
		p.byName[f[0]] = append(p.byName[f[0]], f[1])
	}
	p.Importer = importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if p.export[path] == "" {
			return nil, fmt.Errorf("package %s is not in std", path)
		}
		return os.Open(p.export[path])
	})
	return p, nil
})

func (p *listed) Import(importPath string) (*types.Package, error) {
	if importPath == "unsafe" {
		return types.Unsafe, nil
	}
	return p.Importer.Import(importPath)
}

func (p *listed) Candidates(name string) []string { return p.byName[name] }
func (p *listed) Source(string) string            { return "" }

func newMemory(t testing.TB) *Memory {
	t.Helper()
	p, err := testPackages()
	if err != nil {
		t.Fatal(err)
	}
	return New(p, preloaded)
}

func TestCandidatesOfPreload(t *testing.T) {
	m := newMemory(t)
	for _, p := range preloaded {
		c := &compiler{Memory: m}
		if got := c.pathOf(path.Base(p), nil); got != p {
			t.Errorf("%s: got %s", path.Base(p), got)
		}
	}
}
