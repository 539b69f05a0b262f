package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// direct compiles and links with the tools themselves.
func (b *Builder) direct(ctx context.Context, j *job, pkgs []*pkg, out string) error {
	var cfg strings.Builder
	for _, p := range pkgs {
		fmt.Fprintf(&cfg, "packagefile %s=%s\n", p.Path, p.Export)
	}
	config, archive := filepath.Join(j.dir, "importcfg"), filepath.Join(j.dir, "main.a")
	if err := os.WriteFile(config, []byte(cfg.String()), 0o600); err != nil {
		return err
	}
	tools, env := b.index.tools()
	// For a cell the linker is done before it has filled 100 MB; to collect that
	// garbage would take a tenth of its time. A large program is another matter.
	env = append(env, "GOGC=off", "GOMEMLIMIT=1GiB")
	tool := func(name string, args ...string) error {
		stdout, err := run(ctx, j.dir, env, filepath.Join(tools, name), args...)
		if f, ok := errors.AsType[*failed](err); ok {
			f.stderr = stdout + f.stderr // the compiler writes its errors to its standard output
		}
		return err
	}
	compile := []string{
		"-o", archive, "-p", "main", "-complete", "-pack", "-trimpath", j.dir + "=>", "-importcfg", config,
		"-lang=" + b.index.language(), "-buildid", buildID, fmt.Sprintf("-c=%d", min(4, runtime.GOMAXPROCS(0))),
	}
	for _, name := range slices.Sorted(maps.Keys(j.files)) {
		compile = append(compile, "./"+name)
	}
	if err := tool("compile", compile...); err != nil {
		return compileError(err, j)
	}
	return tool("link", "-o", out, "-importcfg", config, "-s", "-w", "-buildmode=exe", "-buildid="+buildID, archive)
}

// buildID is that of all programs: what they are made of is in the name by
// which the cache keeps them, and need not be hashed again.
const buildID = "spikebook"

// goCommand builds with `go build` or `go test -c`, in the notebook's module.
func (b *Builder) goCommand(ctx context.Context, j *job, out string) error {
	args := []string{"build", "-o", out}
	if j.kind == Test {
		args = []string{"test", "-c", "-o", out}
	}
	args = append(args, Flags...)
	// Later settings count: first what the program cannot do without, then the user's.
	var env []string
	if slices.Contains(j.imports, "C") || slices.ContainsFunc(j.flags, func(f string) bool {
		return slices.Contains([]string{"-race", "-msan", "-asan"}, strings.Replace(f, "--", "-", 1))
	}) {
		env = append(env, "CGO_ENABLED=1")
	}
	work, flags, err := b.index.workArgs()
	if err != nil {
		return err
	}
	env = append(append(env, work...), j.env...)
	args = append(append(args, flags...), j.flags...)
	for _, name := range slices.Sorted(maps.Keys(j.files)) {
		args = append(args, filepath.Join(j.dir, name))
	}
	stdout, err := b.index.c.Go.run(ctx, b.index.liveDir(), env, args...)
	if f, ok := errors.AsType[*failed](err); ok {
		f.stderr = stdout + f.stderr
	}
	if err != nil {
		return compileError(err, j)
	}
	if _, err := os.Stat(out); err != nil {
		return errors.New("go test: the cell has no tests: expected a function like func TestName(t *testing.T)")
	}
	return nil
}

// tools returns the folder of the compiler and the linker, and their environment.
func (x *Index) tools() (dir string, env []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.base.ToolDir, append(x.c.Go.Env[:len(x.c.Go.Env):len(x.c.Go.Env)], x.base.Env...)
}

// fingerprint names what the packages are compiled with.
func (x *Index) fingerprint() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.base.Fingerprint
}

// language is the version of Go that the notebook's go.mod asks for.
func (x *Index) language() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if parts := strings.SplitN(x.live.goLine, ".", 3); len(parts) > 1 {
		return "go" + parts[0] + "." + parts[1]
	}
	return "go1"
}

// configure takes the user's settings for what is looked up from now on.
func (x *Index) configure(env []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.env = env
	clear(x.failed)
}

// workArgs is what the go command must be told for the sake of local packages.
func (x *Index) workArgs() (env, flags []string, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.workspace(x.local.modules)
}
