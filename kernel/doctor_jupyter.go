package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"spikebook/kernel/workspace"
)

// environments lists the folders of the Python environments that are active or
// that `make` has made beside our cache.
func environments() (prefixes []string) {
	for _, variable := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if prefix := os.Getenv(variable); prefix != "" {
			prefixes = append(prefixes, prefix)
		}
	}
	if cache, err := workspace.CacheDir(); err == nil {
		if venv := filepath.Join(filepath.Dir(cache), "venv"); filepath.Base(filepath.Dir(cache)) == ".cache" && isFile(filepath.Join(venv, "pyvenv.cfg")) {
			prefixes = append(prefixes, venv)
		}
	}
	return prefixes
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// findJupyter returns the path of the jupyter command.
func findJupyter() (string, error) {
	if path, err := exec.LookPath("jupyter"); err == nil {
		return filepath.Abs(path)
	}
	for _, prefix := range environments() {
		if path, err := exec.LookPath(filepath.Join(prefix, "bin", "jupyter")); err == nil {
			return path, nil
		}
	}
	return "", errors.New("jupyter is not on PATH")
}

func checkJupyter(ctx context.Context) (found, cure string, err error) {
	cure = "python3 -m venv .venv && .venv/bin/pip install jupyterlab && . .venv/bin/activate"
	path, err := findJupyter()
	if err != nil {
		return "", cure, err
	}
	out, err := exec.CommandContext(ctx, path, "lab", "--version").Output()
	if err != nil {
		return "", quoteShell(filepath.Join(filepath.Dir(path), "pip")) + " install jupyterlab", fmt.Errorf("%s has no JupyterLab: %w", path, err)
	}
	return "JupyterLab " + strings.TrimSpace(string(out)) + " at " + path, "", nil
}

// checkKernelspec looks where Jupyter looks for a kernelspec of ours, whatever
// its name, and at what it names.
func checkKernelspec(context.Context) (found, cure string, err error) {
	var installed []string
	for _, data := range jupyterPath() {
		files, _ := filepath.Glob(filepath.Join(data, "kernels", "*", "kernel.json")) // the pattern is well formed, unless data is odd
		for _, file := range files {
			dir := filepath.Dir(file)
			spec, err := readKernelspec(dir)
			if err != nil && filepath.Base(dir) == kernelName {
				return "", reinstall(data, dir), err
			}
			if err != nil || !spec.ours() { // another kernel's
				continue
			}
			if err := spec.check(); err != nil {
				return "", reinstall(data, dir), fmt.Errorf("%s: %w", file, err)
			}
			installed = append(installed, dir)
		}
	}
	if len(installed) == 0 {
		return "", command("install"), errors.New("the kernel is not known to Jupyter")
	}
	return strings.Join(installed, ", "), "", nil
}

// check says what a kernelspec of ours names and is not there.
func (s kernelspec) check() error {
	if _, err := exec.LookPath(s.Argv[0]); err != nil {
		return fmt.Errorf("it names a program that is not there: %w", err)
	}
	if path := s.Env["SPIKEBOOK_GO"]; path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return fmt.Errorf("it names a go command that is not there: %w", err)
		}
	}
	return nil
}

// reinstall is the command that writes a kernelspec anew.
func reinstall(data, dir string) string {
	args := []string{"install"}
	if user, err := userData(); err != nil || data != user {
		if prefix, ok := strings.CutSuffix(data, filepath.Join("/share", "jupyter")); ok {
			args = append(args, "--prefix", prefix)
		}
	}
	if name := filepath.Base(dir); name != kernelName {
		args = append(args, "--name", name)
	}
	return command(args...)
}

// jupyterPath lists Jupyter's data folders in the order of its search.
func jupyterPath() (dirs []string) {
	add := func(dir string) {
		if dir != "" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range filepath.SplitList(os.Getenv("JUPYTER_PATH")) {
		add(dir)
	}
	if dir, err := userData(); err == nil {
		add(dir)
	}
	prefixes := environments()
	if path, err := findJupyter(); err == nil {
		prefixes = append(prefixes, filepath.Dir(filepath.Dir(path)))
	}
	for _, p := range append(prefixes, "/usr/local", "/usr") {
		add(filepath.Join(p, "share", "jupyter"))
	}
	return dirs
}
