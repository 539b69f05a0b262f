// Command gen writes the go.mod and go.sum files of kernel/workspace/module:
// those of the module that is unpacked for cells, which needs far less than
// the repository, and those of the cells. Versions are the repository's.
// Run it in the root of the repository: go run ./kernel/workspace/gen
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := generate("kernel/workspace/module"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate(to string) error {
	tmp, err := os.MkdirTemp("", "spikebook-gen-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)

	// The packages that cells import, as they are unpacked.
	module := filepath.Join(tmp, "placeholder")
	for _, pattern := range []string{"snn/*.go", "snn/*/*.go", "display/*.go", "display/figure/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			if err := copyFile(f, filepath.Join(module, f)); err != nil {
				return err
			}
		}
	}
	// All of the repository's versions; tidy keeps those that matter.
	root, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	start := bytes.Index(root, []byte("\nrequire ("))
	goLine := bytes.Index(root, []byte("\ngo "))
	if start < 0 || goLine < 0 {
		return fmt.Errorf("go.mod has no go line or no requirements")
	}
	version := strings.TrimSpace(strings.SplitN(string(root[goLine+4:]), "\n", 2)[0])
	requirements := string(root[start:])
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	if err := tidy(module, "module spikebook\n\ngo "+version+"\n"+requirements, sum); err != nil {
		return err
	}

	// A cell that imports them all.
	cell := filepath.Join(tmp, "cell")
	var imports strings.Builder
	for _, dir := range []string{"snn", "snn/dense", "snn/dynamics", "snn/neuron", "snn/surrogate", "display"} {
		fmt.Fprintf(&imports, "import _ \"spikebook/%s\"\n", dir)
	}
	if err := os.MkdirAll(cell, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(cell, "main.go"), []byte("package main\n\n"+imports.String()+"\nfunc main() {}\n"), 0o644); err != nil {
		return err
	}
	mod := "module cell\n\ngo " + version + "\n\nrequire spikebook v0.0.0\n\nreplace spikebook => ../placeholder\n" + requirements
	if err := tidy(cell, mod, sum); err != nil {
		return err
	}
	for from, name := range map[string]string{
		filepath.Join(module, "go.mod"): "spikebook.mod", filepath.Join(module, "go.sum"): "spikebook.sum",
		filepath.Join(cell, "go.mod"): "cell.mod", filepath.Join(cell, "go.sum"): "cell.sum",
	} {
		if err := copyFile(from, filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

// tidy writes go.mod and go.sum and lets the go command reduce them.
func tidy(dir, mod string, sum []byte) error {
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644); err != nil {
		return err
	}
	cmd := exec.Command("go", "mod", "tidy")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy: %w\n%s", err, out)
	}
	return nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}
