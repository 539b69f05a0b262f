package main

import (
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"spikebook/kernel/workspace"
)

const (
	kernelName  = "spikebook"
	displayName = "Go SNN (spikebook)"
)

// logos are the pictures of the launcher.
//
//go:embed kernelspec/logo-svg.svg kernelspec/logo-64x64.png kernelspec/logo-32x32.png
var logos embed.FS

var logoNames = []string{"logo-svg.svg", "logo-64x64.png", "logo-32x32.png"}

// place is where a kernelspec is installed: one flag of three, as in
// ipykernel install.
type place struct {
	user, sysPrefix bool
	prefix, name    string
}

func (p *place) flags(f *flag.FlagSet) {
	f.BoolVar(&p.user, "user", false, "for this user (the default)")
	f.BoolVar(&p.sysPrefix, "sys-prefix", false, "into the Python environment that is active")
	f.StringVar(&p.prefix, "prefix", "", "into `DIR`/share/jupyter, such as a virtual environment or /usr/local")
	f.StringVar(&p.name, "name", kernelName, "`NAME` of the kernelspec")
}

// Names of kernelspecs, as jupyter_client wants them.
var validName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// dir returns the folder of the kernelspec.
func (p *place) dir() (string, error) {
	if !validName.MatchString(p.name) {
		return "", fmt.Errorf("%q is no name for a kernelspec: expected letters, digits, -, . and _", p.name)
	}
	chosen := 0
	for _, is := range []bool{p.user, p.sysPrefix, p.prefix != ""} {
		if is {
			chosen++
		}
	}
	if chosen > 1 {
		return "", errors.New("--user, --sys-prefix and --prefix exclude one another")
	}
	data, err := p.data()
	return filepath.Join(data, "kernels", p.name), err
}

// data returns Jupyter's data folder for the chosen place.
func (p *place) data() (string, error) {
	switch {
	case p.prefix != "":
		prefix, err := filepath.Abs(p.prefix)
		return filepath.Join(prefix, "share", "jupyter"), err
	case p.sysPrefix:
		prefix, err := sysPrefix()
		return filepath.Join(prefix, "share", "jupyter"), err
	}
	return userData()
}

// userData returns Jupyter's data folder of the user.
func userData() (string, error) {
	if dir := os.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Jupyter"), nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "jupyter"), nil
	}
	return filepath.Join(home, ".local", "share", "jupyter"), nil
}

// sysPrefix returns the prefix of the Python environment that is active, which
// is sys.prefix of its Python.
func sysPrefix() (string, error) {
	for _, variable := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if prefix := os.Getenv(variable); prefix != "" {
			return prefix, nil
		}
	}
	for _, python := range []string{"python3", "python"} {
		out, err := exec.Command(python, "-c", "import sys; print(sys.prefix)").Output()
		if err == nil {
			return strings.TrimSpace(string(out)), nil
		}
	}
	return "", errors.New("--sys-prefix needs python3 on PATH; name the environment with --prefix DIR instead")
}

// kernelspec is the content of kernel.json.
type kernelspec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
	Metadata      map[string]any    `json:"metadata"`
}

// writeKernelspec writes the kernelspec to its folder. What makes this
// machine's tool chain be found is written down: a Jupyter server started from
// a desktop has another PATH.
func writeKernelspec(dir, display string, g workspace.Go) error {
	self, err := stableSelf()
	if err != nil {
		return err
	}
	spec := kernelspec{
		Argv:        []string{self, "run", "{connection_file}"},
		DisplayName: display, Language: "go", InterruptMode: "message",
		Env:      map[string]string{"SPIKEBOOK_GO": g.Path},
		Metadata: map[string]any{"debugger": false},
	}
	shared, err := workspace.SharedDir()
	if err != nil {
		return err
	}
	if shared != "" { // the other cache is a user's
		spec.Env[workspace.SharedVariable] = shared
	} else if cache := os.Getenv("SPIKEBOOK_CACHE"); cache != "" {
		if spec.Env["SPIKEBOOK_CACHE"], err = filepath.Abs(cache); err != nil {
			return err
		}
	}
	// Jupyter sees a kernelspec as soon as there is a kernel.json: it comes last.
	for _, name := range logoNames {
		logo, err := logos.ReadFile("kernelspec/" + name)
		if err != nil {
			return err
		}
		if err := writeSpecFile(dir, name, logo); err != nil {
			return err
		}
	}
	data, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return err
	}
	return writeSpecFile(dir, "kernel.json", append(data, '\n'))
}

func writeSpecFile(dir, name string, data []byte) error {
	if err := workspace.WriteFile(filepath.Join(dir, name), data); err != nil {
		return fmt.Errorf("the kernelspec cannot be written; choose another place with --user or --prefix DIR: %w", err)
	}
	return nil
}

// refuseForeign is an error if a folder holds the kernelspec of another
// kernel, or one that cannot be read.
func refuseForeign(dir string) error {
	spec, err := readKernelspec(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && spec.ours() {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("the kernelspec in %s is not spikebook's: it runs %q; choose another name with --name", dir, strings.Join(spec.Argv, " "))
}

// ours says whether a kernelspec is one that install writes. The binary may
// have any name.
func (s kernelspec) ours() bool {
	return len(s.Argv) == 3 && s.Argv[1] == "run" && s.Argv[2] == "{connection_file}" && s.Language == "go"
}

func readKernelspec(dir string) (spec kernelspec, err error) {
	data, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
	if err != nil {
		return spec, err
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		return spec, fmt.Errorf("%s: %w", filepath.Join(dir, "kernel.json"), err)
	}
	return spec, nil
}
