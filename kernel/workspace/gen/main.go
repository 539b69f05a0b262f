// Command gen writes the go.mod and go.sum files of kernel/workspace/module:
// those of the module that is unpacked for cells, which needs far less than
// the repository, and those of the cells. Versions are the repository's.
// Run it in the root of the repository: go run ./kernel/workspace/gen
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"spikebook"
	"spikebook/kernel/workspace"
)

func main() {
	if err := generate("kernel/workspace/module"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate writes the files to a folder.
func generate(to string) (err error) {
	tmp, err := os.MkdirTemp("", "spikebook-gen-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	root, err := spikebook.Source.ReadFile("go.mod")
	if err != nil {
		return err
	}
	goLine, required, err := split(root)
	if err != nil {
		return err
	}

	// The packages that cells import, as they are unpacked, and all of the
	// repository's versions: tidy keeps those that matter.
	module := filepath.Join(tmp, "module")
	if err := unpack(module); err != nil {
		return err
	}
	if err := tidy(module, "module "+workspace.Module+"\n\n"+goLine+"\n"+required); err != nil {
		return err
	}

	// A cell that imports them all.
	cell := filepath.Join(tmp, "cell")
	program := "package main\n\nimport (\n\t_ \"" + strings.Join(workspace.Imports, "\"\n\t_ \"") + "\"\n)\n\nfunc main() {}\n"
	if err := workspace.WriteFile(filepath.Join(cell, "main.go"), []byte(program)); err != nil {
		return err
	}
	mod := "module cell\n\n" + goLine + "\n\nrequire " + workspace.Module + " v0.0.0\n\n" +
		"replace " + workspace.Module + " => ../module\n" + required
	if err := tidy(cell, mod); err != nil {
		return err
	}

	// A file called go.mod would make a module of the folder it is embedded from.
	for name, from := range map[string]string{
		"spikebook.mod": filepath.Join(module, "go.mod"), "spikebook.sum": filepath.Join(module, "go.sum"),
		"cell.mod": filepath.Join(cell, "go.mod"), "cell.sum": filepath.Join(cell, "go.sum"),
	} {
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		data = bytes.ReplaceAll(data, []byte("=> ../module"), []byte("=> "+workspace.Placeholder))
		if err := workspace.WriteFile(filepath.Join(to, name), data); err != nil {
			return err
		}
	}
	return nil
}

// split returns the line of a go.mod that names the Go version, and all from
// its first requirement on.
func split(mod []byte) (goLine, required string, err error) {
	_, after, found := strings.Cut(string(mod), "\ngo ")
	start := strings.Index(after, "\nrequire (")
	if !found || start < 0 {
		return "", "", errors.New("go.mod has no go line, or no requirements after it")
	}
	version, _, _ := strings.Cut(after, "\n")
	return "go " + version, after[start:], nil
}

// unpack writes the packages that cells link, without their tests.
func unpack(to string) error {
	return fs.WalkDir(spikebook.Source, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		data, err := spikebook.Source.ReadFile(name)
		if err != nil {
			return err
		}
		return workspace.WriteFile(filepath.Join(to, name), data)
	})
}

// tidy writes go.mod and the repository's go.sum and lets the go command
// reduce them.
func tidy(dir, mod string) error {
	sum, err := spikebook.Source.ReadFile("go.sum")
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"go.mod": []byte(mod), "go.sum": sum} {
		if err := workspace.WriteFile(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	cmd := exec.Command("go", "mod", "tidy")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy: %w\n%s", err, out)
	}
	return nil
}
