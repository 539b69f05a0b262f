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
	"slices"
	"strings"
	"time"

	"spikebook/gpu"
	"spikebook/kernel/workspace"
)

const doctorUsage = `usage: spikebook doctor

Checks what the kernel needs on this machine. Each line says what was found, or
what is wrong and the command that cures it. Exit status 1 if anything is wrong.

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
	{"cache", nil, checkCache},
	{"go caches", []string{"go"}, checkGoCaches},
	{"workspace", []string{"go", "cache"}, checkWorkspace},
	{"trial cell", []string{"workspace", "go caches"}, checkCell},
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

func diagnose(ctx context.Context, out io.Writer) (status int) {
	failed := map[string]bool{}
	for _, c := range checks {
		if i := slices.IndexFunc(c.needs, func(name string) bool { return failed[name] }); i >= 0 {
			failed[c.name] = true
			fmt.Fprintf(out, "-     %-11s not checked: cure %q first\n", c.name, c.needs[i])
			continue
		}
		found, cure, err := c.run(ctx)
		if err == nil {
			fmt.Fprintf(out, "ok    %-11s %s\n", c.name, found)
			continue
		}
		status = 1
		failed[c.name] = true
		fmt.Fprintf(out, "FAIL  %-11s %s\n", c.name, strings.ReplaceAll(err.Error(), "\n", "\n                  "))
		fmt.Fprintf(out, "      cure:       %s\n", cure)
	}
	return status
}

const goCure = "install Go 1.26 or later from https://go.dev/dl, or set SPIKEBOOK_GO to the path of its go command"

// checkGo also wants go on PATH, or SPIKEBOOK_GO: finding it in the usual
// folders is a help for a Jupyter server that was started from a desktop, not a
// thing to rely on.
func checkGo(ctx context.Context) (found, cure string, err error) {
	g, err := workspace.FindGo(ctx)
	if err != nil {
		return "", goCure, err
	}
	found = g.Version + " at " + g.Path
	if _, err := exec.LookPath("go"); err != nil && os.Getenv("SPIKEBOOK_GO") == "" {
		return "", "export PATH=$PATH:" + g.Bin(), fmt.Errorf("go is not on PATH; there is %s", found)
	}
	return found, "", nil
}

func checkCache(context.Context) (found, cure string, err error) {
	dir, err := workspace.CacheDir()
	if err == nil {
		err = writable(dir)
	}
	return dir, "export SPIKEBOOK_CACHE=DIR with a folder that you can write to, then " + installCure, err
}

func checkGoCaches(ctx context.Context) (found, cure string, err error) {
	g, err := workspace.FindGo(ctx)
	if err != nil {
		return "", goCure, err
	}
	out, err := g.Run(ctx, "", "env", "GOCACHE", "GOMODCACHE")
	if err != nil {
		return "", "go env -u GOCACHE GOMODCACHE", err
	}
	folders := strings.Fields(out)
	for i, name := range []string{"GOCACHE", "GOMODCACHE"} {
		if i >= len(folders) || folders[i] == "off" {
			return "", "go env -u " + name, fmt.Errorf("%s is off or empty", name)
		}
		if err := writable(folders[i]); err != nil {
			return "", "go env -w " + name + "=DIR with a folder that you can write to", fmt.Errorf("%s: %w", name, err)
		}
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

// installCure names the binary as the user did.
var installCure = os.Args[0] + " install"

func checkWorkspace(ctx context.Context) (found, cure string, err error) {
	w, err := workspace.Open(ctx)
	if err != nil {
		return "", installCure, err
	}
	for tool, args := range map[string][]string{"gonb": {"--version"}, "gopls": {"version"}} {
		if out, err := exec.CommandContext(ctx, w.Tool(tool), args...).CombinedOutput(); err != nil {
			return "", os.Args[0] + " uninstall --cache, then " + installCure, fmt.Errorf("%s does not run: %w: %.200s", tool, err, out)
		}
	}
	gonb, err := workspace.ToolVersion("github.com/janpfeifer/gonb")
	if err != nil {
		return "", installCure, err
	}
	gopls, err := workspace.ToolVersion("golang.org/x/tools/gopls")
	return "GoNB " + gonb + ", gopls " + gopls + ", packages in " + w.Dir, installCure, err
}

func checkCell(ctx context.Context) (found, cure string, err error) {
	w, err := workspace.Open(ctx)
	if err != nil {
		return "", installCure, err
	}
	start := time.Now()
	err = w.BuildCell(ctx, workspace.TrialCell)
	return fmt.Sprintf("compiled and linked in %.2f s", time.Since(start).Seconds()), installCure + " (needs the network if modules are missing)", err
}

func checkJupyter(ctx context.Context) (found, cure string, err error) {
	cure = "python3 -m venv .venv && .venv/bin/pip install jupyterlab && . .venv/bin/activate"
	path, err := exec.LookPath("jupyter")
	if err != nil {
		return "", cure, errors.New("jupyter is not on PATH")
	}
	out, err := exec.CommandContext(ctx, path, "lab", "--version").Output()
	if err != nil {
		return "", cure, fmt.Errorf("%s has no JupyterLab: %w", path, err)
	}
	return "JupyterLab " + strings.TrimSpace(string(out)) + " at " + path, "", nil
}

// checkKernelspec looks where Jupyter looks.
func checkKernelspec(context.Context) (found, cure string, err error) {
	for _, dir := range jupyterPath() {
		dir = filepath.Join(dir, "kernels", kernelName)
		spec, err := readKernelspec(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", installCure, err
		}
		if len(spec.Argv) == 0 {
			return "", installCure, fmt.Errorf("%s names no program", dir)
		}
		if _, err := exec.LookPath(spec.Argv[0]); err != nil {
			return "", installCure, fmt.Errorf("%s names a program that is not there: %w", dir, err)
		}
		return dir, "", nil
	}
	return "", installCure, errors.New("Jupyter does not know the kernel")
}

// jupyterPath lists Jupyter's data folders in the order of its search.
func jupyterPath() []string {
	dirs := filepath.SplitList(os.Getenv("JUPYTER_PATH"))
	if dir, err := userData(); err == nil {
		dirs = append(dirs, dir)
	}
	prefixes := []string{os.Getenv("VIRTUAL_ENV"), os.Getenv("CONDA_PREFIX")}
	if path, err := exec.LookPath("jupyter"); err == nil {
		prefixes = append(prefixes, filepath.Dir(filepath.Dir(path)))
	}
	for _, p := range append(prefixes, "/usr/local", "/usr") {
		if p != "" {
			dirs = append(dirs, filepath.Join(p, "share", "jupyter"))
		}
	}
	return dirs
}

// checkGPU informs; a machine without a GPU is in order.
func checkGPU(context.Context) (found, cure string, err error) {
	m, err := gpu.Probe()
	if err != nil {
		return err.Error(), "", nil
	}
	return m.Reason() + "; neurons run on the CPU, a CUDA backend is not in this version", "", nil
}
