// Package workspace is the Go module in which cells compile: the packages of
// spikebook unpacked from the binary, the versions of what they need, and the
// tools that GoNB calls. It knows how to prepare all this and what GoNB must
// be told; it does not run GoNB.
package workspace

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"spikebook"
	"spikebook/kernel/build"
)

// The go.mod and go.sum of the unpacked packages and of the cells; see gen.
//
//go:embed module
var modules embed.FS

// Module is the path of the module that holds the packages of spikebook.
const Module = "spikebook"

// ErrNotPrepared is returned by Open before Prepare has done its work.
var ErrNotPrepared = errors.New("the workspace is not prepared: run `spikebook install`")

// ErrCache is returned when the cache folder cannot be written to.
var ErrCache = errors.New("the cache cannot be written to; set SPIKEBOOK_CACHE to a folder that can")

// ErrShared is returned when the shared cache has nothing for this version of
// spikebook, and is not ours to prepare.
var ErrShared = errors.New("the shared cache that " + SharedVariable + " names is not prepared for this version of spikebook: " +
	"who may write to it runs `spikebook install`; without the variable each user has a cache of their own")

// Tools are the programs that GoNB calls, and GoNB, by import path.
var Tools = []string{
	"github.com/janpfeifer/gonb",
	"golang.org/x/tools/cmd/goimports",
}

// Imports are the packages that every notebook has imported.
var Imports = []string{
	Module + "/snn", Module + "/snn/dense", Module + "/snn/dynamics", Module + "/snn/neuron",
	Module + "/snn/surrogate", Module + "/snn/layer", Module + "/snn/encoding", Module + "/snn/functional", Module + "/snn/optim", Module + "/snn/learning", Module + "/gpu", Module + "/display", Module + "/display/sweep", Module + "/kernel/session",
}

// Workspace is an unpacked module.
type Workspace struct {
	Dir string // of the unpacked module
	Go  Go

	tools string // folder of the tools' binaries
}

// Open returns the workspace if it is prepared. What is missing or damaged in
// the unpacked packages is put right; that takes milliseconds.
func Open(ctx context.Context) (*Workspace, error) {
	w, err := unpack(ctx)
	if err != nil {
		return nil, err
	}
	if !w.prepared() {
		return nil, ErrNotPrepared
	}
	return w, nil
}

// unpack writes the files of the module to a folder named after their content.
func unpack(ctx context.Context) (*Workspace, error) {
	g, err := FindGo(ctx)
	if err != nil {
		return nil, err
	}
	own, err := CacheDir()
	if err != nil {
		return nil, err
	}
	shared, err := SharedDir()
	if err != nil {
		return nil, err
	}
	cache, refused := own, ErrCache
	if shared != "" {
		cache, refused = shared, ErrShared
	}
	files, err := moduleFiles()
	if err != nil {
		return nil, err
	}
	tools, err := toolFiles()
	if err != nil {
		return nil, err
	}
	w := &Workspace{
		Dir:   filepath.Join(cache, modulePrefix+digest(files, g.Version+strings.Join(build.Flags, ""))),
		Go:    g,
		tools: filepath.Join(cache, toolsPrefix+digest(tools, g.Version)),
	}
	if shared != "" {
		if err := w.share(shared, own); err != nil {
			return nil, err
		}
	}
	// The cells' go.mod names the folder, so it comes last.
	files["cell/go.mod"] = bytes.ReplaceAll(files["cell/go.mod"], []byte(Placeholder), []byte(quoteMod(w.Dir)))
	err = mirror(w.Dir, files, stamp, packagesFile)
	if err == nil {
		err = mirror(w.tools, tools, "bin")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", refused, err)
	}
	return w, nil
}

// Placeholder stands in the embedded go.mod of the cells for the folder of the
// unpacked module.
const Placeholder = "../placeholder"

// quoteMod writes a path as go.mod wants it.
func quoteMod(dir string) string {
	if strings.ContainsAny(dir, " \t\"'`()[]{},") || strings.Contains(dir, "/*") {
		return strconv.Quote(dir)
	}
	return dir
}

// moduleFiles returns the files of the unpacked module by slash-separated
// name: the packages without their tests, go.mod and go.sum, and in cell/ those
// of the cells.
func moduleFiles() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(spikebook.Source, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Dir(name) == "." && name != "LICENSE" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		files[name], err = spikebook.Source.ReadFile(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	// A folder with a go.mod could not be embedded, hence the other names.
	for name, source := range map[string]string{
		"go.mod": "module/spikebook.mod", "go.sum": "module/spikebook.sum",
		"cell/go.mod": "module/cell.mod", "cell/go.sum": "module/cell.sum",
	} {
		if files[name], err = modules.ReadFile(source); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// toolFiles returns the go.mod and go.sum that pin the tools.
func toolFiles() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := spikebook.Source.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files[name] = data
	}
	return files, nil
}

// digest names a set of files and what they are compiled with.
func digest(files map[string][]byte, with string) string {
	h := sha256.New()
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(h, "%s %d\n", name, len(files[name]))
		h.Write(files[name])
	}
	fmt.Fprintln(h, with)
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Tool returns the path of a tool's binary.
func (w *Workspace) Tool(name string) string { return filepath.Join(w.tools, "bin", name) }

// Env returns the environment in which GoNB runs.
func (w *Workspace) Env() []string {
	sep := string(filepath.ListSeparator)
	return append(w.Go.Env(), "PATH="+filepath.Join(w.tools, "bin")+sep+w.Go.Bin()+sep+os.Getenv("PATH"))
}

// Preload returns the cell that GoNB runs before all others. It puts the cells'
// go.mod into GoNB's folder and sets the flags: what a cell needs is there, so
// GoNB need not go and get it. The go.mod is the one that SaveModule has kept for
// the notebook that key names, if any.
func (w *Workspace) Preload(key string) string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	dir, ok := w.notebookModule(key)
	if !ok {
		dir = filepath.Join(w.Dir, "cell")
	}
	from := func(name string) string { return quote(filepath.Join(dir, name)) }
	return "!*cp " + from("go.mod") + " " + from("go.sum") + " .\n%noautoget\n%goflags \"" + strings.Join(build.Flags, "\" \"") + "\"\n"
}

// Startup returns the user's start-up cell, if there is one: the file
// spikebook/startup.go in $XDG_CONFIG_HOME, or in ~/.config on every system.
func Startup() (code string, ok bool, err error) {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", false, nil // no home, no start-up file
		}
		dir = filepath.Join(home, ".config")
	}
	data, err := os.ReadFile(filepath.Join(dir, "spikebook", "startup.go"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("start-up file: %w", err)
	}
	return string(data), len(bytes.TrimSpace(data)) > 0, nil
}

// ToolVersion returns the version of the module that provides a tool.
func ToolVersion(module string) (string, error) {
	mod, err := spikebook.Source.ReadFile("go.mod")
	if err != nil {
		return "", err
	}
	if v, ok := requirements(mod)[module]; ok {
		return v, nil
	}
	return "", fmt.Errorf("%s is not in go.mod", module)
}

// requirements returns the versions of the modules that a go.mod requires.
func requirements(mod []byte) map[string]string {
	versions := map[string]string{}
	for line := range strings.Lines(string(mod)) {
		f := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(f) > 1 && strings.HasPrefix(f[1], "v") {
			versions[f[0]] = f[1]
		}
	}
	return versions
}

// Missing returns the modules of the cells that Go's module cache lacks, as
// path@version.
func (w *Workspace) Missing() (modules []string, err error) {
	mod, err := os.ReadFile(filepath.Join(w.Dir, "cell", "go.mod"))
	if err != nil {
		return nil, err
	}
	for path, version := range requirements(mod) {
		if path == Module {
			continue // replaced by the unpacked one
		}
		dir := filepath.Join(w.Go.ModCache, filepath.FromSlash(escape(path)+"@"+escape(version)))
		if _, err := os.Stat(dir); err != nil {
			modules = append(modules, path+"@"+version)
		}
	}
	slices.Sort(modules)
	return modules, nil
}

// escape writes a module's path or version as the module cache does, for the
// sake of file systems that do not tell upper from lower case.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
