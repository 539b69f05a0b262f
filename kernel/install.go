package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"spikebook/kernel/workspace"
)

const (
	kernelName  = "spikebook"
	displayName = "Go SNN (spikebook)"
)

const installUsage = `usage: spikebook install [--user | --sys-prefix | --prefix DIR] [--name NAME] [--display-name TEXT]

Makes the kernel known to Jupyter and prepares what it needs: GoNB and gopls are
built, what cells import is downloaded and compiled. That takes a few minutes
the first time and nothing after that.

`

const uninstallUsage = `usage: spikebook uninstall [--user | --sys-prefix | --prefix DIR] [--name NAME] [--cache]

Removes the kernel from Jupyter.

`

// logos are the pictures of the launcher.
//
//go:embed kernelspec/logo-svg.svg kernelspec/logo-64x64.png kernelspec/logo-32x32.png
var logos embed.FS

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
		return dir, nil
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

// sysPrefix asks the Python that is active for its sys.prefix.
func sysPrefix() (string, error) {
	for _, python := range []string{"python3", "python"} {
		out, err := exec.Command(python, "-c", "import sys; print(sys.prefix)").Output()
		if err == nil {
			return strings.TrimSpace(string(out)), nil
		}
	}
	return "", errors.New("--sys-prefix needs python3 on PATH; name the environment with --prefix DIR instead")
}

func installMain(args []string) int {
	var p place
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), installUsage); flags.PrintDefaults() }
	p.flags(flags)
	display := flags.String("display-name", displayName, "`TEXT` that the launcher shows")
	if status, ok := parse(flags, args); !ok {
		return status
	}
	dir, err := p.dir()
	if err != nil {
		return usageError("install", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	w, err := prepare(ctx, os.Stderr)
	if err == nil {
		err = writeKernelspec(dir, *display, w.Go)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "spikebook install:", err)
		return 1
	}
	fmt.Printf("Installed the kernel %q in %s\nStart it with `jupyter lab` and choose %q.\n", p.name, dir, *display)
	return 0
}

// parse parses flags. No other arguments are allowed. If it does not return
// ok, the program ends with the status.
func parse(flags *flag.FlagSet, args []string) (status int, ok bool) {
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0, false
	case err != nil:
		return 2, false
	case flags.NArg() > 0:
		fmt.Fprintf(flags.Output(), "unexpected argument %q\n\n", flags.Arg(0))
		flags.Usage()
		return 2, false
	}
	return 0, true
}

func usageError(name string, err error) int {
	fmt.Fprintf(os.Stderr, "spikebook %s: %v\n", name, err)
	return 2
}

// prepare prepares the workspace and says on out what is being done, with a
// bar on a terminal, and how long it took.
func prepare(ctx context.Context, out *os.File) (*workspace.Workspace, error) {
	start := time.Now()
	var bar *progressbar.ProgressBar
	did := false
	progress := func(step, of int, what string) {
		did = true
		if !term.IsTerminal(int(out.Fd())) {
			fmt.Fprintf(out, "[%d/%d] %s\n", step, of, what)
			return
		}
		if bar == nil {
			bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(20),
				progressbar.OptionShowCount(), progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(false),
				progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish(), progressbar.OptionSpinnerType(14))
		}
		bar.Describe(what)
		_ = bar.Set(step - 1) // a terminal that cannot be written to shows nothing
	}
	w, err := workspace.Prepare(ctx, progress)
	if bar != nil {
		_ = bar.Finish()
	}
	if did && err == nil {
		fmt.Fprintf(out, "Prepared in %s.\n", time.Since(start).Round(100*time.Millisecond))
	}
	return w, err
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
	if cache := os.Getenv("SPIKEBOOK_CACHE"); cache != "" {
		if spec.Env["SPIKEBOOK_CACHE"], err = filepath.Abs(cache); err != nil {
			return err
		}
	}
	data, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return err
	}
	files := map[string][]byte{"kernel.json": append(data, '\n')}
	for _, name := range []string{"logo-svg.svg", "logo-64x64.png", "logo-32x32.png"} {
		if files[name], err = logos.ReadFile("kernelspec/" + name); err != nil {
			return err
		}
	}
	for name, data := range files {
		if err := workspace.WriteFile(filepath.Join(dir, name), data); err != nil {
			return fmt.Errorf("the kernelspec cannot be written; choose another place with --user or --prefix DIR: %w", err)
		}
	}
	return nil
}

// stableSelf returns the path of a binary that will still be there. One made
// by `go run` is copied to the cache.
func stableSelf() (string, error) {
	self, err := os.Executable()
	if err != nil || !strings.HasPrefix(self, os.TempDir()+string(filepath.Separator)+"go-build") {
		return self, err
	}
	cache, err := workspace.CacheDir()
	if err != nil {
		return "", err
	}
	copied := filepath.Join(cache, "bin", "spikebook")
	data, err := os.ReadFile(self)
	if err == nil {
		err = workspace.WriteFile(copied, data)
	}
	if err == nil {
		err = os.Chmod(copied, 0o755)
	}
	fmt.Fprintf(os.Stderr, "The binary is temporary; a copy was put to %s.\n", copied)
	return copied, err
}

func uninstallMain(args []string) int {
	var p place
	flags := flag.NewFlagSet("uninstall", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), uninstallUsage); flags.PrintDefaults() }
	p.flags(flags)
	cache := flags.Bool("cache", false, "also remove what install has prepared")
	if status, ok := parse(flags, args); !ok {
		return status
	}
	dir, err := p.dir()
	if err != nil {
		return usageError("uninstall", err)
	}
	if err := removeKernelspec(os.Stdout, dir); err != nil {
		fmt.Fprintln(os.Stderr, "spikebook uninstall:", err)
		return 1
	}
	if *cache {
		folder, err := workspace.CacheDir()
		if err == nil {
			err = os.RemoveAll(folder)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "spikebook uninstall:", err)
			return 1
		}
		fmt.Println("Removed", folder)
	}
	return 0
}

// removeKernelspec removes a kernelspec of ours, and nothing else.
func removeKernelspec(out io.Writer, dir string) error {
	spec, err := readKernelspec(dir)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no kernelspec in %s; `jupyter kernelspec list` shows where kernels are", dir)
	}
	if err != nil {
		return err
	}
	if len(spec.Argv) < 2 || spec.Argv[1] != "run" || !strings.HasPrefix(filepath.Base(spec.Argv[0]), "spikebook") {
		return fmt.Errorf("the kernelspec in %s is not spikebook's: it runs %q", dir, strings.Join(spec.Argv, " "))
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	fmt.Fprintln(out, "Removed", dir)
	return nil
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
