package build

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// located is where an import path leads.
type located struct {
	module localModule
	path   string // of the package
}

// workDir returns the folder to which "./mymodels" is relative.
func (x *Index) workDir() string {
	if x.c.Dir != nil {
		if dir := x.c.Dir(); dir != "" {
			return dir
		}
	}
	dir, _ := os.Getwd() // a folder that is gone holds no packages
	return dir
}

// relative says whether an import path is relative to the working directory.
func relative(path string) bool {
	return path == "." || path == ".." || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../")
}

// locate finds the local package that an import path means; ok is false if it
// means none.
func (x *Index) locate(p string) (l located, ok bool) {
	cwd := x.workDir()
	if !relative(p) {
		return x.locatePath(cwd, p)
	}
	dir := filepath.Join(cwd, filepath.FromSlash(p))
	if m, ok := x.moduleOf(dir); ok {
		rel, err := filepath.Rel(m.dir, dir)
		if err == nil {
			return located{m, path.Join(m.path, filepath.ToSlash(rel))}, true
		}
	}
	return looseFolder(cwd, p), true
}

// locatePath finds the local package that has a path. What a notebook remembers
// names a package so, however a cell has written it, and in its next kernel too.
func (x *Index) locatePath(cwd, p string) (l located, ok bool) {
	if m, ok := x.moduleOf(cwd); ok && m.holds(p) {
		return located{m, p}, true
	}
	for _, m := range x.local.modules { // those that an earlier cell has named
		if m.holds(p) && len(m.path) > len(l.module.path) && x.stands(m) {
			l, ok = located{m, p}, true
		}
	}
	if ok {
		return l, true
	}
	if rel, ok := loosePath(p); ok {
		return looseFolder(cwd, rel), true
	}
	for _, pattern := range []string{"*/go.mod", "../*/go.mod"} {
		found, _ := filepath.Glob(filepath.Join(quoteGlob(cwd), pattern)) // the pattern is well formed
		for _, file := range found {
			m := localModule{dir: filepath.Dir(file)}
			m.path = readModule(m.dir).path
			if m.path != "" && m.holds(p) && x.stands(m) {
				return located{m, p}, true
			}
		}
	}
	return located{}, false
}

// holds says whether a package may be one of the module.
func (m localModule) holds(p string) bool { return p == m.path || strings.HasPrefix(p, m.path+"/") }

// stands says whether a module is still where it was, and not one that the
// cells have by way of their go.mod.
func (x *Index) stands(m localModule) bool {
	_, taken := x.live.versions[m.path]
	path := readModule(m.dir).path
	return !taken && m.path != x.live.path && (path == m.path || m.virtual && path == "")
}

// Packages of folders that belong to no module have paths that begin with loose;
// up stands for "..". The path says nothing of where the notebook lies, so that
// values which it has kept are still of the same type when it has moved.
const (
	loose = "notebook"
	up    = "~up"
)

// looseFolder is a folder that belongs to no module, by its relative path.
func looseFolder(cwd, rel string) located {
	elements := strings.Split(path.Clean(rel), "/")
	for i, e := range elements {
		if e == ".." {
			elements[i] = up
		}
	}
	name := path.Join(loose, path.Join(elements...))
	return located{localModule{path: name, dir: filepath.Join(cwd, filepath.FromSlash(rel)), virtual: true}, name}
}

// loosePath returns the relative path of such a folder.
func loosePath(p string) (rel string, ok bool) {
	elements := strings.Split(p, "/")
	if elements[0] != loose {
		return "", false
	}
	elements[0] = "."
	for i, e := range elements {
		if e == up {
			elements[i] = ".."
		}
	}
	return path.Join(elements...), true
}

// moduleOf returns the module that a folder belongs to, unless the cells have
// that module already.
func (x *Index) moduleOf(dir string) (m localModule, ok bool) {
	for d := dir; ; d = filepath.Dir(d) {
		if found := readModule(d); found.path != "" {
			_, taken := x.live.versions[found.path]
			return localModule{path: found.path, dir: d}, !taken && found.path != x.live.path
		}
		if d == filepath.Dir(d) {
			return m, false
		}
	}
}

func quoteGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
