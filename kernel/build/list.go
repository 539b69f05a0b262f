package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pkg is what is known of one package.
type pkg struct {
	Path    string
	Name    string
	Dir     string
	Export  string   // file of its export data and object code; empty for unsafe
	Imports []string // packages, not import paths: vendored ones have their own
	Root    bool     // asked for, not only needed by another
	Std     bool
	Embeds  []string // files that it embeds; not kept in a table
}

// settings are the environment variables that decide what packages compile to,
// places those that decide where that is kept.
var (
	settings = []string{
		"GOEXPERIMENT", "GOFLAGS", "CGO_ENABLED", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOARM", "GO386", "GORISCV64",
		"GOROOT", "GOFIPS140",
	}
	places = []string{"GOCACHE", "GOENV", "GOMODCACHE", "GOPATH", "HOME", "XDG_CACHE_HOME"}
)

// fingerprint names what the packages of a table are compiled with.
func fingerprint(g Go, module string, roots []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "2 %q %q %q %q\n", g.Path, g.Version, module, roots)
	names := settings
	if g.lookup("GOCACHEPROG") == "" { // else the table is the same for users who have different places
		names = slices.Concat(settings, places)
	}
	for _, name := range names {
		fmt.Fprintf(h, "%s=%q\n", name, g.lookup(name))
	}
	// What `go env -w` has set. What it says counts, not the folder that it is in:
	// another one, such as a test has, would have the table and all cells built anew.
	file := g.lookup("GOENV")
	if file == "" {
		if dir, err := os.UserConfigDir(); err == nil {
			file = filepath.Join(dir, "go", "env")
		}
	}
	if data, err := os.ReadFile(file); err == nil {
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// makeTable asks the go command for the packages and compiles those that are
// not in its cache.
func makeTable(ctx context.Context, g Go, module string, roots []string) (*table, error) {
	out, err := g.run(ctx, module, nil, "env", "GOTOOLDIR", "GOEXPERIMENT", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "CGO_ENABLED", "GOROOT")
	if err != nil {
		return nil, err
	}
	values := strings.Split(out, "\n")
	t := &table{Fingerprint: fingerprint(g, module, roots), ToolDir: values[0]}
	for i, name := range []string{"GOEXPERIMENT", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "CGO_ENABLED", "GOROOT"} {
		t.Env = append(t.Env, name+"="+values[i+1])
	}
	t.packages, err = list(ctx, g, module, nil, nil, roots...)
	return t, err
}

// listed is a package in the words of the go command.
type listed struct {
	ImportPath, Name, Dir, Export string
	Imports, EmbedFiles           []string
	ImportMap                     map[string]string
	Standard, DepOnly, Incomplete bool
	Error                         *struct{ Err string }
}

// list returns packages and all that they need, compiled.
func list(ctx context.Context, g Go, dir string, env, flags []string, paths ...string) ([]*pkg, error) {
	out, err := g.run(ctx, dir, env, slices.Concat([]string{
		"list", "-e", "-export", "-deps",
		"-json=ImportPath,Name,Dir,Export,Imports,EmbedFiles,ImportMap,Standard,DepOnly,Incomplete,Error",
	}, compileFlags, flags, []string{"--"}, paths)...)
	if err != nil {
		return nil, err
	}
	all, err := decode(out)
	if err != nil {
		return nil, err
	}
	pkgs := make([]*pkg, 0, len(all))
	var problems []error
	for _, l := range all {
		if l.Error != nil && l.Standard && l.Name != "" {
			continue // one of Go's own that this system or these settings do without
		}
		if l.Error != nil {
			problems = append(problems, &listError{l.ImportPath, l.Error.Err})
			continue
		}
		p := &pkg{
			Path: l.ImportPath, Name: l.Name, Dir: l.Dir, Export: l.Export, Imports: l.Imports,
			Root: !l.DepOnly && importable(l.ImportPath, l.Name), Std: l.Standard,
		}
		for i, path := range p.Imports {
			if mapped, ok := l.ImportMap[path]; ok {
				p.Imports[i] = mapped
			}
		}
		for _, name := range l.EmbedFiles {
			p.Embeds = append(p.Embeds, filepath.Join(l.Dir, name))
		}
		pkgs = append(pkgs, p)
	}
	return pkgs, errors.Join(problems...)
}

// listError is what the go command says of a package that it cannot load or
// compile.
type listError struct{ path, text string }

func (e *listError) Error() string { return fmt.Sprintf("package %s: %s", e.path, e.text) }

func decode(out string) (all []listed, err error) {
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, l)
	}
}

// importable says whether a cell may import a package.
func importable(path, name string) bool {
	return name != "main" && !slices.ContainsFunc(strings.Split(path, "/"), func(element string) bool {
		return element == "internal" || element == "vendor"
	})
}
