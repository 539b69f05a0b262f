package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"spikebook/gpu/probe"
	"spikebook/kernel/live"
	"spikebook/kernel/workspace"
)

const doctorUsage = `usage: spikebook doctor

Checks what the kernel needs on this machine. Each line says what was found, or
what is wrong and below it the command that cures it. Exit status 1 if anything
is wrong.
`

// check is one thing that can be wrong with a machine. It returns what it
// found, or an error and the command that cures it.
type check struct {
	name  string
	needs []string // checks without which this one says nothing new
	run   func(context.Context) (found, cure string, err error)
}

// checks are in the order in which one would put things right.
var checks = []check{
	{"go", nil, checkGo},
	{"go on PATH", []string{"go"}, checkPath},
	{"cache", nil, checkCache},
	{"go caches", []string{"go", "cache"}, checkGoCaches},
	{"workspace", []string{"go", "cache"}, checkWorkspace},
	{"tools", []string{"workspace"}, checkTools},
	{"modules", []string{"workspace", "go caches"}, checkModules},
	{"trial cell", []string{"modules"}, checkCell},
	{"jupyter", nil, checkJupyter},
	{"kernelspec", nil, checkKernelspec},
	{"gpu", nil, checkGPU},
}

func doctorMain(args []string) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), doctorUsage) }
	if status, ok := parse(flags, args); !ok {
		return status
	}
	return diagnose(context.Background(), os.Stdout)
}

// diagnose runs the checks and returns the exit status.
func diagnose(ctx context.Context, out io.Writer) (status int) {
	failed := map[string]bool{}
	for _, c := range checks {
		if i := slices.IndexFunc(c.needs, func(name string) bool { return failed[name] }); i >= 0 {
			failed[c.name] = true
			fmt.Fprintf(out, "-    %s: not checked, cure %q first\n", c.name, c.needs[i])
			continue
		}
		found, cure, err := c.run(ctx)
		if err == nil {
			fmt.Fprintf(out, "ok   %s: %s\n", c.name, found)
			continue
		}
		status = 1
		failed[c.name] = true
		fmt.Fprintf(out, "FAIL %s: %s\n", c.name, strings.ReplaceAll(err.Error(), "\n", "\n     "))
		fmt.Fprintf(out, "  cure: %s\n", cure)
	}
	return status
}

// command returns a command line of our own binary, named as the user did.
func command(args ...string) string {
	words := []string{quoteShell(os.Args[0])}
	for _, a := range args {
		words = append(words, quoteShell(a))
	}
	return strings.Join(words, " ")
}

// quoteShell quotes a word for a shell if it needs that.
func quoteShell(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+=:@,", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func checkGo(ctx context.Context) (found, cure string, err error) {
	g, err := workspace.FindGo(ctx)
	if err != nil {
		// A release of the oldest series that will do; any later one will do, too.
		cure = fmt.Sprintf("curl -fsSL https://go.dev/dl/%s.0.%s-%s.tar.gz | sudo tar -C /usr/local -xz && export PATH=$PATH:/usr/local/go/bin",
			workspace.MinGo, runtime.GOOS, runtime.GOARCH)
		if os.Getenv("SPIKEBOOK_GO") != "" {
			cure = "unset SPIKEBOOK_GO"
		}
		return "", cure, err
	}
	return g.Version + " at " + g.Path + "; a C compiler is not needed", "", nil
}

// checkPath wants go on PATH, or SPIKEBOOK_GO: finding it in the usual folders
// is a help for a Jupyter server that was started from a desktop, not a thing
// to rely on.
func checkPath(ctx context.Context) (found, cure string, err error) {
	if os.Getenv("SPIKEBOOK_GO") != "" {
		return "not needed, SPIKEBOOK_GO is set", "", nil
	}
	if path, err := exec.LookPath("go"); err == nil {
		return path, "", nil
	}
	g, err := workspace.FindGo(ctx)
	if err != nil {
		return "", "", err
	}
	return "", "export PATH=$PATH:" + quoteShell(g.Bin()), fmt.Errorf("go is not on PATH; there is %s at %s", g.Version, g.Path)
}

func checkCache(context.Context) (found, cure string, err error) {
	shared, err := workspace.SharedDir()
	if err != nil {
		return "", "unset " + workspace.SharedVariable, err
	}
	dir, err := workspace.CacheDir()
	if err == nil {
		err = writable(dir)
	}
	if found = dir; shared != "" {
		found += ", laid over " + shared
	}
	return found, `export SPIKEBOOK_CACHE="$HOME/spikebook-cache" && ` + command("install"), err
}

func checkGoCaches(ctx context.Context) (found, cure string, err error) {
	g, err := workspace.FindGo(ctx)
	if err != nil {
		return "", "", err
	}
	if shared, _ := workspace.SharedDir(); shared != "" { // its error is that of the cache
		w, err := workspace.Open(ctx)
		if err != nil {
			return "", command("install"), err
		}
		g = w.Go
	}
	var folders []string
	for _, variable := range []string{"GOCACHE", "GOMODCACHE"} {
		cure = fmt.Sprintf(`export %s="$HOME/%s"`, variable, strings.ToLower(variable))
		dir, err := g.Run(ctx, "", "env", variable)
		if dir = strings.TrimSpace(dir); err == nil && !filepath.IsAbs(dir) {
			err = fmt.Errorf("got %q, expected a folder", dir)
		}
		if err == nil {
			err = writable(dir)
		}
		if err != nil {
			return "", cure, fmt.Errorf("%s: %w", variable, err)
		}
		folders = append(folders, dir)
	}
	return strings.Join(folders, ", "), "", nil
}

// writable tries to write a file. Mode bits do not tell: of root, of a
// read-only mount, of a full disk.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s cannot be made: %w", dir, err)
	}
	f, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return fmt.Errorf("%s cannot be written to: %w", dir, err)
	}
	_, err = f.WriteString("x")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

func checkWorkspace(ctx context.Context) (found, cure string, err error) {
	w, err := workspace.Open(ctx)
	if err != nil {
		return "", command("install"), err
	}
	return w.Dir, "", nil
}

// checkTools runs each tool.
func checkTools(ctx context.Context) (found, cure string, err error) {
	cure = command("uninstall", "--cache") + " && " + command("install")
	w, err := workspace.Open(ctx)
	if err != nil {
		return "", cure, err
	}
	for _, argv := range [][]string{{"gonb", "--version"}, {"goimports"}} {
		cmd := exec.CommandContext(ctx, w.Tool(argv[0]), argv[1:]...)
		cmd.Env = w.Env()
		cmd.Stdin = strings.NewReader("package p\n") // goimports has no flag that does nothing
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", cure, fmt.Errorf("%s does not run: %w: %.200s", argv[0], err, out)
		}
	}
	var versions []string
	for _, tool := range []struct{ name, module string }{
		{"GoNB", "github.com/janpfeifer/gonb"}, {"goimports", "golang.org/x/tools"},
	} {
		version, err := workspace.ToolVersion(tool.module)
		if err != nil {
			return "", cure, err
		}
		versions = append(versions, tool.name+" "+version)
	}
	return strings.Join(versions, ", "), "", nil
}

// checkModules looks for what cells import in Go's module cache.
func checkModules(ctx context.Context) (found, cure string, err error) {
	w, err := workspace.Open(ctx)
	if err != nil {
		return "", command("install"), err
	}
	missing, err := w.Missing()
	if n := len(missing); err == nil && n > 0 {
		err = fmt.Errorf("%d of the modules that cells need are not in %s, such as %s", n, w.Go.ModCache, missing[n-1])
	}
	return "downloaded to " + w.Go.ModCache, command("install"), err
}

// checkCell compiles and runs a cell as on a machine without a network.
func checkCell(ctx context.Context) (found, cure string, err error) {
	w, err := workspace.Open(ctx)
	if err != nil {
		return "", command("install"), err
	}
	start := time.Now()
	err = w.TryCell(ctx, workspace.TrialCell, "GOPROXY=off", "GOFLAGS=-mod=readonly")
	return fmt.Sprintf("compiled, linked and run in %.2f s, with no network", time.Since(start).Seconds()),
		"go clean -cache && " + command("uninstall", "--cache") + " && " + command("install"), err
}

// checkGPU informs; a machine without a GPU is in order.
func checkGPU(context.Context) (found, cure string, err error) {
	m, err := probe.Look()
	if err != nil {
		return err.Error(), "", nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", "", err
	}
	choice := os.Getenv(live.CUDAVariable)
	if _, why := live.WorkerCommand(choice, self, m); why != "" {
		return why + "; neurons run on the CPU", "", nil
	}
	if choice != "" {
		return live.CUDAVariable + "=" + choice + "; cells have the backend \"cuda\", which is no GPU", "", nil
	}
	return m.Reason() + "; cells have the backend \"cuda\"", "", nil
}
