// Package build makes the programs of cells: it finds the packages that they
// import, compiles and links them, and remembers what it has linked. It does
// not know what a cell is, nor how a program is run.
//
// The go command is left out where possible, since it takes longer to see that
// there is nothing to do than the compiler takes for a cell. An [Index] made
// when spikebook is installed says where Go's cache has the compiled packages;
// a [Builder] calls the compiler and the linker with them. Whatever does not
// fit goes to the go command.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind says what is made of the files.
type Kind int

// The kinds of programs.
const (
	Program Kind = iota // package main
	Test                // package main with files *_test.go: what `go test -c` makes
)

// Builder builds programs. It may be used by several goroutines at a time.
type Builder struct {
	index   *Index
	cache   binaries
	scratch scratch

	mu    sync.Mutex
	flags []string // that the user has set for `go build`
	env   []string // that the user has set and the tool chain reads
}

// New returns a builder for the packages of an index. Binaries are kept in a
// folder, cells below cache, which several kernels share and which does not
// grow beyond limit bytes. What is being compiled lies in the folder fast, best
// one in memory, which its owner removes.
func New(x *Index, cache string, limit int64, fast string) *Builder {
	return &Builder{
		index: x, cache: binaries{dir: filepath.Join(cache, "cells"), limit: limit, starting: time.Minute},
		scratch: scratch{fast: fast, disk: x.c.Scratch},
	}
}

// Configure takes what the user has set: flags of `go build`, such as -race,
// and the environment, as assignments. With flags, or with an environment that
// concerns the tool chain, the go command builds.
func (b *Builder) Configure(flags, env []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flags = slices.DeleteFunc(slices.Clone(flags), func(f string) bool { return slices.Contains(Flags, f) })
	b.env = toolSettings(env)
	b.index.configure(b.env)
}

// Flags are those of the go command with which all programs and packages are
// built. They leave out what a debugger would need: to link it takes a third of
// the time, and even to read it and throw it away a sixth of the rest. Packages
// that were built with other flags are of no use.
// What is compiled does not say in which folder its source is: so it is of use
// to users who have their modules in different folders.
var Flags = append([]string{"-ldflags=-s -w"}, compileFlags...)

// compileFlags are those that decide what a package compiles to.
var compileFlags = []string{"-gcflags=all=-dwarf=false", "-trimpath"}

// job is one program to be built.
type job struct {
	flags   []string
	env     []string
	files   map[string]string // with the import paths of the packages themselves
	imports []string
	kind    Kind
	dir     string // in which the files lie
}

// Build returns the path of the program that is made of files, by name. What
// was built before is not built again, in other kernels neither. An error that
// the compiler finds in the files is a [*CompileError].
func (b *Builder) Build(ctx context.Context, files map[string]string, kind Kind) (binary string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	// Finding a package may take a go command, too.
	defer context.AfterFunc(ctx, b.index.Interrupt)()
	j := &job{kind: kind}
	b.mu.Lock()
	j.flags, j.env = b.flags, b.env
	b.mu.Unlock()
	if err := b.resolve(j, files); err != nil {
		return "", err
	}
	pkgs, err := b.index.closure(j.imports)
	if err != nil {
		return "", err
	}
	key := b.key(j, pkgs)
	if binary, ok := b.cache.find(key); ok {
		return binary, nil
	}
	if j.dir, err = b.scratch.folder(); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(j.dir)) }()
	for name, text := range j.files {
		if err := os.WriteFile(filepath.Join(j.dir, name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	// It is linked where it will stay: copying takes longer than what memory saves.
	out := filepath.Join(j.dir, "program")
	if dir, err := b.cache.folder(); err == nil {
		out = filepath.Join(dir, "program")
		defer os.RemoveAll(dir)
	}
	direct := j.canDirect()
	if direct {
		err = b.direct(ctx, j, pkgs, out)
	}
	if _, users := errors.AsType[*CompileError](err); !direct || err != nil && !users && ctx.Err() == nil {
		err = b.goCommand(ctx, j, out)
	}
	if err != nil {
		return "", err
	}
	if binary, err = b.cache.add(key, out); err != nil {
		// No room, or not ours to write: the program runs from where it is.
		return b.scratch.keep(key, out)
	}
	return binary, nil
}

// resolve reads the imports of the files, and writes those of local packages
// as the compiler must see them.
func (b *Builder) resolve(j *job, files map[string]string) error {
	j.files = maps.Clone(files)
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := files[name]
		if name != filepath.Base(name) || filepath.Ext(name) != ".go" {
			return fmt.Errorf("build: the file name %q: expected one like cell.go", name)
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, text, parser.ImportsOnly)
		if f == nil {
			return fmt.Errorf("build: %w", err)
		}
		// From the last to the first, so that the offsets stay right.
		for _, spec := range slices.Backward(f.Imports) {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue // the compiler says it better
			}
			to, err := b.index.Resolve(path)
			if err != nil {
				return err
			}
			if to != path {
				at := fset.File(spec.Pos()).Offset(spec.Path.Pos())
				text = text[:at] + strconv.Quote(to) + text[at+len(spec.Path.Value):]
			}
			if !seen[to] {
				seen[to] = true
				j.imports = append(j.imports, to)
			}
		}
		j.files[name] = text
	}
	slices.Sort(j.imports)
	return nil
}

// key names a program by all that it is made of.
func (b *Builder) key(j *job, pkgs []*pkg) string {
	h := sha256.New()
	fmt.Fprintf(h, "1 %s %s %d %q %q\n", b.index.fingerprint(), b.index.c.Go.Version, j.kind, j.flags, j.env)
	if !j.canDirect() {
		// The go command may take other files and packages than the table has.
		fmt.Fprintf(h, "%q\n", readModule(b.index.liveDir()).text)
	}
	for _, name := range slices.Sorted(maps.Keys(j.files)) {
		fmt.Fprintf(h, "%q %q\n", name, j.files[name])
	}
	for _, p := range pkgs {
		// Go's cache names a file after its content.
		fmt.Fprintf(h, "%s %s\n", p.Path, filepath.Base(p.Export))
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// toolSettings returns those settings that the tool chain reads.
func toolSettings(all []string) (env []string) {
	for _, e := range all {
		name, _, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, "CGO_") || strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "GONB_") && !runTime[name] || name == "CC" || name == "CXX" {
			env = append(env, e)
		}
	}
	return env
}

// runTime are the settings that a program reads when it runs.
var runTime = map[string]bool{"GOMAXPROCS": true, "GOGC": true, "GOMEMLIMIT": true, "GODEBUG": true, "GOTRACEBACK": true, "GORACE": true, "GOCOVERDIR": true}

// canDirect says whether a program can be built without the go command.
func (j *job) canDirect() bool {
	return j.kind == Program && len(j.flags) == 0 && len(j.env) == 0 && !slices.Contains(j.imports, "C")
}
