package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	gomodule "golang.org/x/mod/module"
)

// module is what a go.mod says.
type module struct {
	text     string            // of go.mod and go.sum
	path     string            // of the module
	goLine   string            // such as 1.26.0
	versions map[string]string // by module path: version, or what replaces it
	changed  bool              // other versions than those of the table
}

// readModule reads the go.mod of a folder. One that is missing or that the go
// command would refuse requires nothing.
func readModule(dir string) module {
	m := module{versions: map[string]string{}}
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return m
	}
	sum, _ := os.ReadFile(filepath.Join(dir, "go.sum")) // a module that needs none has none
	m.text = string(data) + "\x00" + string(sum)
	f, err := modfile.ParseLax(filepath.Join(dir, "go.mod"), data, nil)
	if err != nil {
		return m
	}
	if f.Module != nil {
		m.path = f.Module.Mod.Path
	}
	if f.Go != nil {
		m.goLine = f.Go.Version
	}
	for _, r := range f.Require {
		m.versions[r.Mod.Path] = r.Mod.Version
	}
	// ParseLax passes over replacements.
	if f, err := modfile.Parse(filepath.Join(dir, "go.mod"), data, nil); err == nil {
		for _, r := range f.Replace {
			if v, ok := m.versions[r.Old.Path]; ok && (r.Old.Version == "" || r.Old.Version == v) {
				m.versions[r.Old.Path] = "=> " + r.New.String()
			}
		}
	}
	return m
}

// provides says whether a module that is required may hold a package.
func (m module) provides(pkg string) bool {
	for p := pkg; p != "." && p != "/"; p = path.Dir(p) {
		if _, ok := m.versions[p]; ok {
			return true
		}
	}
	return false
}

// liveDir is the folder of the notebook's go.mod.
func (x *Index) liveDir() string {
	if x.c.Live != nil {
		if dir := x.c.Live(); dir != "" {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return dir
			}
		}
	}
	return x.c.Module
}

// Refresh looks whether the notebook's go.mod or the files of local packages
// have changed. It belongs before each cell: while a cell is compiled, the
// types of a package stay the same. It takes microseconds if nothing has
// changed.
func (x *Index) Refresh(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.local.moved(x.workDir()) || x.local.read() != x.local.stamp {
		x.dropLocal()
	}
	clear(x.failed) // a folder may be there now
	dir := x.liveDir()
	now := readModule(dir)
	if now.text == x.live.text {
		return nil
	}
	table := readModule(x.c.Module)
	var added []string
	for path, version := range now.versions {
		if was, ok := table.versions[path]; !ok {
			added = append(added, path+"@"+version)
		} else if was != version {
			now.changed = true
		}
	}
	pkgs := x.base.packages
	if now.changed {
		var err error
		if pkgs, err = list(ctx, x.c.Go, dir, x.env, nil, x.c.Roots...); err != nil {
			return explain(err, "the packages of this notebook's go.mod do not compile")
		}
	}
	slices.Sort(added)
	x.extra = x.namesOf(ctx, dir, added)
	x.live = now
	x.reset(pkgs)
	return nil
}

// namesOf returns the importable packages of modules, as path@version, that are
// in the module cache; what only they need may not be, and is of no interest.
// It is for guessing what a name means: what cannot be listed is left out.
func (x *Index) namesOf(ctx context.Context, dir string, modules []string) (pkgs []*pkg) {
	var patterns []string
	for _, m := range modules {
		path, version, _ := strings.Cut(m, "@")
		replaced := strings.HasPrefix(version, "=> ")
		if p, err := gomodule.EscapePath(path); err == nil && !replaced {
			v, err := gomodule.EscapeVersion(version)
			if err != nil {
				continue
			}
			if _, err := os.Stat(filepath.Join(x.c.Go.lookup("GOMODCACHE"), filepath.FromSlash(p)+"@"+v)); err != nil && x.c.Go.lookup("GOMODCACHE") != "" {
				continue
			}
		}
		patterns = append(patterns, path+"/...")
	}
	if len(patterns) == 0 {
		return nil
	}
	out, err := x.c.Go.run(ctx, dir, x.env, append([]string{"list", "-e", "-find", "-json=ImportPath,Name,Dir,Error", "--"}, patterns...)...)
	if err != nil {
		return nil
	}
	all, err := decode(out)
	if err != nil {
		return nil
	}
	for _, l := range all {
		if l.Error == nil && l.Name != "" && importable(l.ImportPath, l.Name) {
			pkgs = append(pkgs, &pkg{Path: l.ImportPath, Name: l.Name, Dir: l.Dir, Root: true})
		}
	}
	return pkgs
}

// lookup asks the go command for a package that is not known, or whose export
// data is gone. The caller holds the lock.
func (x *Index) lookup(path string) (*pkg, error) {
	if root, ok := x.locate(path); ok {
		return x.lookupLocal(path, root)
	}
	if _, known := x.pkgs[path]; !known && !x.live.provides(path) {
		return nil, x.missing(path)
	}
	var pkgs []*pkg
	err := x.run(func(ctx context.Context) (err error) {
		pkgs, err = list(ctx, x.c.Go, x.liveDir(), x.env, nil, path)
		return err
	})
	if err != nil {
		return nil, explain(err, "import "+path)
	}
	x.add(pkgs)
	p, ok := x.pkgs[path]
	if !ok {
		return nil, x.missing(path)
	}
	return p, nil
}

// add takes packages that were found later than the table. Those whose types
// may be in use stay as they are.
func (x *Index) add(pkgs []*pkg) {
	for _, p := range pkgs {
		if old, ok := x.pkgs[p.Path]; ok && x.exists(old) {
			continue
		}
		x.pkgs[p.Path] = p
	}
	x.names = nil
}

// missing is the error of a package that nothing provides.
func (x *Index) missing(path string) error {
	first, _, _ := strings.Cut(path, "/")
	if strings.Contains(first, ".") {
		return fmt.Errorf("no package %s: run !*go get %s@latest", path, path)
	}
	for _, p := range x.pkgs {
		if p.Root && strings.HasSuffix(p.Path, "/"+path) {
			return fmt.Errorf("no package %s: is it %s?", path, p.Path)
		}
	}
	return fmt.Errorf(`no package %s in Go's library: a package of this folder is imported as "./%s"`, path, path)
}

// explain turns what the go command says about packages into what a user can
// do about it.
func explain(err error, what string) error {
	var l *listError
	if !errors.As(err, &l) {
		var f *failed
		if errors.As(err, &f) {
			return fmt.Errorf("%s: %s", what, strings.TrimSpace(strings.TrimPrefix(f.stderr, "go: ")))
		}
		return err
	}
	text := strings.TrimSpace(l.text)
	switch {
	case strings.Contains(text, "no required module provides package"), strings.Contains(text, "cannot find module providing package"),
		strings.Contains(text, "missing go.sum entry"):
		return fmt.Errorf("no package %s: run !*go get %s@latest", l.path, l.path)
	case strings.Contains(text, "build constraints exclude all Go files"):
		return fmt.Errorf("package %s has no Go files for this system and these settings; if it is written with C: %%env CGO_ENABLED 1", l.path)
	case strings.Contains(text, "does not contain package"):
		text, _, _ = strings.Cut(text, "\n")
		return fmt.Errorf("no package %s: %s", l.path, text)
	}
	// The compiler's lines stand below a heading of the go command.
	if head, rest, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(head, "# ") {
		return fmt.Errorf("package %s does not compile:\n%s", l.path, strings.TrimSpace(rest))
	}
	return fmt.Errorf("package %s: %s", l.path, text)
}
