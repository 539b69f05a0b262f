package build

import (
	"context"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config says which packages an [Index] has and where it looks for others.
type Config struct {
	Go      Go
	File    string   // where the table of packages is kept
	Module  string   // folder of the go.mod of the cells, as it is before anything is added
	Roots   []string // packages and patterns of the table
	Preload []string // import paths that every notebook has imported
	Scratch string   // folder on disk for small files, which its owner removes

	// Live returns the folder of the go.mod of this notebook, which changes
	// with `!*go get`. Nil and an empty answer mean Module.
	Live func() string
	// Dir returns the working directory, to which "./mymodels" is relative.
	// Nil means that of the process.
	Dir func() string
}

// Index knows the packages that a cell may import. It may be used by several
// goroutines at a time.
type Index struct {
	c       Config
	base    *table
	running atomic.Pointer[context.CancelFunc] // ends the go command that runs

	mu     sync.Mutex
	pkgs   map[string]*pkg // by path: those of the table and those found since
	names  map[string][]string
	failed map[string]error // import paths that lead nowhere
	fset   *token.FileSet
	types  types.Importer
	live   module // the notebook's go.mod as Refresh has seen it last
	extra  []*pkg // names of packages that were added to the notebook's go.mod
	local  locals
	env    []string // settings of the user
}

// WriteIndex compiles the packages of a configuration and writes their table.
// It takes seconds or minutes the first time, and a moment when all is in Go's
// cache.
func WriteIndex(ctx context.Context, c Config) error {
	t, err := makeTable(ctx, c.Go, c.Module, c.Roots)
	if err != nil {
		return err
	}
	return t.write(c.File)
}

// Open reads the table of packages; it makes the table if there is none, or
// one that was made with other settings.
func Open(ctx context.Context, c Config) (*Index, error) {
	x := &Index{c: c, failed: map[string]error{}}
	if err := x.load(ctx); err != nil {
		return nil, err
	}
	x.live = readModule(c.Module)
	return x, nil
}

func (x *Index) load(ctx context.Context) error {
	t, ok := readTable(x.c.File, fingerprint(x.c.Go, x.c.Module, x.c.Roots))
	if !ok {
		var err error
		if t, err = makeTable(ctx, x.c.Go, x.c.Module, x.c.Roots); err != nil {
			return err
		}
		// Where it cannot be kept it is made again at each start.
		_ = t.write(x.c.File)
	}
	x.base = t
	x.reset(t.packages)
	return nil
}

// reset forgets all packages but these.
func (x *Index) reset(pkgs []*pkg) {
	x.pkgs = make(map[string]*pkg, len(pkgs))
	for _, p := range pkgs {
		x.pkgs[p.Path] = p
	}
	x.local.pkgs, x.local.stamp = nil, ""
	x.forgetTypes()
}

func (x *Index) forgetTypes() {
	x.names = nil
	clear(x.failed)
	x.fset = token.NewFileSet()
	x.types = importer.ForCompiler(x.fset, "gc", x.open)
}

// open opens the export data of a package. The caller holds the lock.
func (x *Index) open(path string) (io.ReadCloser, error) {
	p, ok := x.pkgs[path]
	if !ok {
		return nil, fmt.Errorf("package %s is not known", path)
	}
	return os.Open(p.Export)
}

// Import returns a package. A path that begins with "./" or "../" is relative
// to the working directory. A package that the table does not have is looked
// for in the notebook's module, which takes the go command some 100 ms or, if
// it must be compiled, longer.
func (x *Index) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p, err := x.find(path)
	if err != nil {
		return nil, err
	}
	return x.types.Import(p.Path)
}

// Fset returns the file set of the positions of imported objects.
func (x *Index) Fset() *token.FileSet {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.fset
}

// Resolve returns the path of the package that an import path leads to: for
// "./mymodels" the path by which it is compiled, as a rule the path itself.
func (x *Index) Resolve(path string) (string, error) {
	if path == "unsafe" || path == "C" {
		return path, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p, err := x.find(path)
	if err != nil {
		return "", err
	}
	return p.Path, nil
}

// Source returns the folder of a package's source, "" if it is not known.
func (x *Index) Source(path string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if to, ok := x.local.paths[path]; ok {
		path = to
	}
	if p, ok := x.pkgs[path]; ok {
		return p.Dir
	}
	return ""
}

// find returns a package whose export data is there. The caller holds the lock.
func (x *Index) find(path string) (*pkg, error) {
	to := path
	if t, ok := x.local.paths[path]; ok {
		to = t
	}
	if p, ok := x.pkgs[to]; ok && x.exists(p) {
		return p, nil
	}
	if err, ok := x.failed[path]; ok {
		return nil, err
	}
	p, err := x.lookup(path)
	if err != nil && !errors.Is(err, context.Canceled) {
		x.failed[path] = err
	}
	return p, err
}

// exists says whether a compiled package is still in Go's cache.
func (x *Index) exists(p *pkg) bool {
	if p.Path == "unsafe" {
		return true
	}
	_, err := os.Stat(p.Export)
	return err == nil
}

// run runs f so that Interrupt can end it.
func (x *Index) run(f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	x.running.Store(&cancel)
	defer x.running.Store(nil)
	return f(ctx)
}

// Interrupt ends the go command that an Import waits for; the Import returns
// context.Canceled.
func (x *Index) Interrupt() {
	if cancel := x.running.Load(); cancel != nil {
		(*cancel)()
	}
}

// unused is how long the go command may leave a file in its cache untouched
// before we touch it. It removes files after five days.
const unused = time.Hour

// Keep marks the table's files in Go's cache as used: the go command removes
// those that it has not used for five days, and does not know that we use
// them. Files that are gone are made again. It may run beside all else.
func (x *Index) Keep(ctx context.Context) error {
	x.mu.Lock()
	base := x.base
	x.mu.Unlock()
	now, gone := time.Now(), false
	for _, p := range base.packages {
		if p.Export == "" {
			continue
		}
		info, err := os.Stat(p.Export)
		if errors.Is(err, fs.ErrNotExist) {
			gone = true
		} else if err == nil && now.Sub(info.ModTime()) > unused {
			_ = os.Chtimes(p.Export, now, now) // a cache that we may only read is somebody else's care
		}
	}
	if !gone {
		return nil
	}
	t, err := makeTable(ctx, x.c.Go, x.c.Module, x.c.Roots)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.replace(t)
	return t.write(x.c.File)
}

// replace takes the packages of a table made anew from the same sources: their
// types, which others may hold, stay. The caller holds the lock.
func (x *Index) replace(t *table) {
	x.base = t
	for _, p := range t.packages {
		if x.live.changed && !p.Std { // other versions
			continue
		}
		x.pkgs[p.Path] = p
	}
}

// closure returns the packages that a program with these imports is linked
// from, sorted by path.
func (x *Index) closure(paths []string) ([]*pkg, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	seen := map[string]bool{}
	var all []*pkg
	var visit func(path string) error
	visit = func(path string) error {
		if path == "unsafe" || path == "C" || seen[path] {
			return nil
		}
		p, err := x.find(path)
		if err != nil {
			return err
		}
		if seen[p.Path] {
			return nil
		}
		seen[path], seen[p.Path] = true, true
		all = append(all, p)
		for _, i := range p.Imports {
			if err := visit(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, path := range append([]string{"runtime"}, paths...) {
		if err := visit(path); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b *pkg) int { return compare(a.Path, b.Path) })
	return all, nil
}
