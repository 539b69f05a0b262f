package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/version"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"spikebook/kernel/atomicfile"
	"strings"
)

// locals are the packages beside the notebook: "./mymodels", or a package of
// the module that the notebook's folder belongs to.
//
// The go command compiles them in a workspace of our own: a go.work that uses
// the notebook's go.mod and the module of each local package. A folder that
// belongs to no module gets a go.mod by way of an overlay, so that nothing is
// written beside the user's files.
type locals struct {
	modules map[string]localModule // by module path; they stay when their packages are forgotten
	paths   map[string]string      // import path as written to that of the package
	dir     string                 // the working directory in which paths were resolved
	pkgs    []*pkg                 // all packages that lie in modules
	stamp   string                 // content of their files when they were compiled
}

// localModule is a folder of Go packages of the user.
type localModule struct {
	path, dir string
	virtual   bool // it has no go.mod of its own
}

// lookupLocal compiles a local package. The caller holds the lock.
func (x *Index) lookupLocal(written string, l located) (*pkg, error) {
	dir := l.module.dir
	if !l.module.virtual {
		dir = filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(l.path, l.module.path)))
	}
	sources, _ := filepath.Glob(filepath.Join(quoteGlob(dir), "*.go")) // the pattern is well formed
	if len(sources) == 0 {
		return nil, fmt.Errorf("no package %s: there are no Go files in %s", written, dir)
	}
	modules := map[string]localModule{}
	for path, m := range x.local.modules {
		if _, err := os.Stat(m.dir); err == nil && m.dir != l.module.dir { // a folder has one name at a time
			modules[path] = m
		}
	}
	modules[l.module.path] = l.module
	env, flags, err := x.workspace(modules)
	if err != nil {
		return nil, err
	}
	var pkgs []*pkg
	err = x.run(func(ctx context.Context) (err error) {
		pkgs, err = list(ctx, x.c.Go, x.liveDir(), append(x.env[:len(x.env):len(x.env)], env...), flags, l.path)
		return err
	})
	if err != nil {
		return nil, explain(err, "import "+written)
	}
	x.local.modules = modules
	for _, p := range pkgs {
		for _, m := range modules {
			if p.Dir == m.dir || strings.HasPrefix(p.Dir, m.dir+string(filepath.Separator)) {
				if !slices.ContainsFunc(x.local.pkgs, func(q *pkg) bool { return q.Path == p.Path }) {
					x.local.pkgs = append(x.local.pkgs, p)
				}
				break
			}
		}
	}
	x.add(pkgs)
	p, ok := x.pkgs[l.path]
	if !ok || p.Name == "main" {
		return nil, fmt.Errorf("import %s: %s is a program, not a package that can be imported", written, dir)
	}
	if x.local.paths == nil {
		x.local.paths, x.local.dir = map[string]string{}, x.workDir()
	}
	x.local.paths[written] = l.path
	x.local.stamp = x.local.read()
	return p, nil
}

// dropLocal forgets the local packages: their files have changed. All types
// go with them, since those of a local package may refer to any other.
func (x *Index) dropLocal() {
	for _, p := range x.local.pkgs {
		delete(x.pkgs, p.Path)
	}
	x.local.pkgs, x.local.paths, x.local.stamp = nil, nil, ""
	x.forgetTypes()
}

// moved says whether paths were resolved in another working directory.
func (l *locals) moved(dir string) bool { return len(l.paths) > 0 && l.dir != dir }

// read returns a digest of all that the local packages are compiled from.
func (l *locals) read() string {
	if len(l.pkgs) == 0 {
		return ""
	}
	h := sha256.New()
	file := func(name string) {
		data, err := os.ReadFile(name)
		fmt.Fprintf(h, "%q %d %v\n", name, len(data), err != nil)
		h.Write(data)
	}
	for _, path := range slices.Sorted(maps.Keys(l.modules)) {
		file(filepath.Join(l.modules[path].dir, "go.mod"))
		file(filepath.Join(l.modules[path].dir, "go.sum"))
	}
	for _, p := range l.pkgs {
		entries, err := os.ReadDir(p.Dir)
		if err != nil {
			fmt.Fprintf(h, "%q is gone\n", p.Dir)
		}
		for _, e := range entries {
			if e.Type()&fs.ModeDir == 0 && slices.Contains([]string{".go", ".s", ".h", ".c"}, filepath.Ext(e.Name())) {
				file(filepath.Join(p.Dir, e.Name()))
			}
		}
		for _, name := range p.Embeds {
			file(name)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// workspace writes the go.work of the notebook and its local modules, and
// returns what the go command must be told to use it.
func (x *Index) workspace(modules map[string]localModule) (env, flags []string, err error) {
	if len(modules) == 0 {
		return nil, nil, nil
	}
	dir := filepath.Join(x.c.Scratch, "gowork")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	live := x.liveDir()
	goLine := readModule(live).goLine
	uses := []string{live}
	overlay := map[string]string{}
	for i, path := range slices.Sorted(maps.Keys(modules)) {
		m := modules[path]
		uses = append(uses, m.dir)
		if !m.virtual {
			if l := readModule(m.dir).goLine; version.Compare("go"+l, "go"+goLine) > 0 {
				goLine = l
			}
			continue
		}
		name := filepath.Join(dir, fmt.Sprintf("%d.mod", i))
		if err := atomicfile.Write(name, fmt.Appendf(nil, "module %s\n\ngo %s\n", path, readModule(live).goLine)); err != nil {
			return nil, nil, err
		}
		overlay[filepath.Join(m.dir, "go.mod")] = name
	}
	var work strings.Builder
	fmt.Fprintf(&work, "go %s\n\nuse (\n", goLine)
	for _, u := range uses {
		fmt.Fprintf(&work, "\t%q\n", u)
	}
	work.WriteString(")\n")
	file := filepath.Join(dir, "go.work")
	if err := atomicfile.Write(file, []byte(work.String())); err != nil {
		return nil, nil, err
	}
	replace, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return nil, nil, err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := atomicfile.Write(list, replace); err != nil {
		return nil, nil, err
	}
	return []string{"GOWORK=" + file}, []string{"-overlay=" + list}, nil
}
