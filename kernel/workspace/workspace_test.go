package workspace

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"spikebook/kernel/atomicfile"
	"strings"
	"sync"
	"testing"

	"spikebook"
)

// opened unpacks into a cache of the test's own, with a name that is hard on
// go.mod and on shells.
func opened(t *testing.T) *Workspace {
	t.Helper()
	t.Setenv("SPIKEBOOK_CACHE", filepath.Join(t.TempDir(), "it's a (cache), \"or\" not"))
	w, err := unpack(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// snapshot returns the content of all files below a folder.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func equal(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, data := range want {
		if g, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if g != data {
			t.Errorf("%s has other content", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s should not be there", name)
		}
	}
}

// TestUnpackedIsWhatCellsLink compares what is unpacked with the packages that
// the preloaded imports need, as the go command sees them in the checkout.
func TestUnpackedIsWhatCellsLink(t *testing.T) {
	w := opened(t)
	got := snapshot(t, w.Dir)
	args := append([]string{"list", "-deps", "-f", `{{if not .Standard}}{{$d := .ImportPath}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{end}}`}, Imports...)
	out, err := w.Go.Run(t.Context(), "../..", args...)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"LICENSE", "go.mod", "go.sum", "cell/go.mod", "cell/go.sum"}
	for name := range strings.Lines(out) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(name), Module+"/"); ok {
			want = append(want, name)
		}
	}
	for _, name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is not unpacked: is its folder in the patterns of embed.go?", name)
		}
	}
	for name, data := range got {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "display/render") || strings.HasPrefix(name, "kernel") && !strings.HasPrefix(name, "kernel/session/") {
			t.Errorf("%s is unpacked and of no use to a cell", name)
		}
		if embedded, err := spikebook.Source.ReadFile(name); path.Ext(name) == ".go" && (err != nil || string(embedded) != data) {
			t.Errorf("%s is not the file of the repository", name)
		}
	}
}

func TestDamageIsRepaired(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"deleted":    func(dir string) error { return os.Remove(filepath.Join(dir, "snn", "tensor.go")) },
		"folder":     func(dir string) error { return os.RemoveAll(filepath.Join(dir, "snn")) },
		"everything": os.RemoveAll,
		"truncated":  func(dir string) error { return os.Truncate(filepath.Join(dir, "snn", "tensor.go"), 10) },
		"edited":     func(dir string) error { return os.WriteFile(filepath.Join(dir, "cell", "go.mod"), nil, 0o600) },
		"stray":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "snn", "x.go"), []byte("?"), 0o600) },
		"other module": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "snn", "go.mod"), []byte("module other\n"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := opened(t)
			whole := snapshot(t, w.Dir)
			if err := damage(w.Dir); err != nil {
				t.Fatal(err)
			}
			again, err := unpack(t.Context())
			if err != nil || again.Dir != w.Dir {
				t.Fatalf("got %v, %v", again, err)
			}
			equal(t, snapshot(t, w.Dir), whole)
		})
	}
}

func TestConcurrentUnpack(t *testing.T) {
	t.Setenv("SPIKEBOOK_CACHE", t.TempDir())
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			w, err := unpack(context.Background())
			if err == nil {
				// What one has unpacked is whole, whatever the others do.
				_, err = w.Go.Run(context.Background(), w.Dir, "list", "-deps", "./snn/neuron", "./display")
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	dir, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for name := range snapshot(t, dir) {
		if strings.HasPrefix(path.Base(name), atomicfile.Unfinished) {
			t.Errorf("%s was left", name)
		}
	}
}

func TestUnwritableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, says := range map[string]string{file: file, filepath.Join(file, "below"): file, "/proc/spikebook": "/proc/spikebook"} {
		t.Setenv("SPIKEBOOK_CACHE", dir)
		if _, err := Open(t.Context()); !errors.Is(err, ErrCache) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "SPIKEBOOK_CACHE") {
			t.Errorf("cache %s: got %v", dir, err)
		}
	}
}

func TestOpenWantsPrepare(t *testing.T) {
	t.Setenv("SPIKEBOOK_CACHE", t.TempDir())
	if _, err := Open(t.Context()); !errors.Is(err, ErrNotPrepared) || !strings.Contains(err.Error(), "spikebook install") {
		t.Errorf("got %v", err)
	}
}

func TestCacheDir(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/xdg")
	t.Setenv("HOME", "/home/someone")
	t.Setenv("SPIKEBOOK_CACHE", "")
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := CacheDir(); got != filepath.Join(user, "spikebook") || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	t.Setenv("SPIKEBOOK_CACHE", "/elsewhere")
	if got, err := CacheDir(); got != "/elsewhere" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	t.Setenv("SPIKEBOOK_CACHE", "relative")
	if got, err := CacheDir(); !filepath.IsAbs(got) || filepath.Base(got) != "relative" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCheckout(t *testing.T) {
	root := t.TempDir()
	program := filepath.Join(root, "bin", "spikebook")
	is := func(want bool, when string) {
		t.Helper()
		if got, ok := checkout(program); ok != want || ok && got != root {
			t.Errorf("%s: got %q, %v", when, got, ok)
		}
	}
	is(false, "no go.mod")
	write(t, filepath.Join(root, "go.mod"), "module spikebookish\n")
	is(false, "the go.mod of another module")
	write(t, filepath.Join(root, "go.mod"), "module spikebook\n\ngo 1.26\n")
	is(true, "a checkout")
	program = filepath.Join(root, "spikebook")
	is(false, "not in bin")
}

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRemoveCacheLeavesTheRest: SPIKEBOOK_CACHE may be a home folder.
func TestRemoveCacheLeavesTheRest(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SPIKEBOOK_CACHE", dir)
	if _, err := unpack(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, filepath.FromSlash(BinaryFile)), "binary")
	write(t, filepath.Join(dir, "thesis.tex"), "precious")
	if _, err := RemoveCache(); err != nil {
		t.Fatal(err)
	}
	equal(t, snapshot(t, dir), map[string]string{"thesis.tex": "precious"})

	if err := os.Remove(filepath.Join(dir, "thesis.tex")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // removed, and then nothing to remove
		if _, err := RemoveCache(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the empty folder was left: %v", err)
		}
	}
}

// TestVersions checks that cells are given the versions that the repository is
// tested with, and that the two name the same Go.
func TestVersions(t *testing.T) {
	root, err := spikebook.Source.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	pinned := requirements(root)
	for _, name := range []string{"module/spikebook.mod", "module/cell.mod"} {
		mod, err := modules.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(mod), "\ngo "+strings.TrimPrefix(MinGo, "go")+".") || !strings.Contains(string(root), "\ngo "+strings.TrimPrefix(MinGo, "go")+".") {
			t.Errorf("%s and go.mod do not both want %s", name, MinGo)
		}
		required := requirements(mod)
		if required["gorgonia.org/tensor"] == "" {
			t.Errorf("%s does not require gorgonia.org/tensor", name)
		}
		for module, version := range required {
			if want, ok := pinned[module]; ok && want != version {
				t.Errorf("%s: %s %s, go.mod has %s", name, module, version, want)
			}
		}
	}
	for _, tool := range []string{"github.com/janpfeifer/gonb", "golang.org/x/tools"} {
		if v, err := ToolVersion(tool); err != nil || !strings.HasPrefix(v, "v") {
			t.Errorf("%s: got %q, %v", tool, v, err)
		}
	}
	if _, err := ToolVersion("example.com/none"); err == nil {
		t.Error("no error for a tool that is not pinned")
	}
}

// TestToolsArePinned checks that each tool is a tool line of go.mod.
func TestToolsArePinned(t *testing.T) {
	root, err := spikebook.Source.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range Tools {
		if !strings.Contains(string(root), "\t"+tool+"\n") {
			t.Errorf("go.mod has no tool line for %s", tool)
		}
	}
}

func TestMissing(t *testing.T) {
	w := opened(t)
	w.Go.ModCache = t.TempDir()
	all, err := w.Missing()
	if err != nil || len(all) < 2 || !slices.Contains(all, "gorgonia.org/tensor@v0.9.24") {
		t.Fatalf("of an empty module cache: got %v, %v", all, err)
	}
	for _, m := range all[1:] {
		if err := os.MkdirAll(filepath.Join(w.Go.ModCache, filepath.FromSlash(escape(m))), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := w.Missing(); err != nil || !slices.Equal(got, all[:1]) {
		t.Errorf("got %v, %v; expected %v", got, err, all[:1])
	}
	if got := escape("github.com/BurntSushi/toml"); got != "github.com/!burnt!sushi/toml" {
		t.Errorf("got %q", got)
	}
}

func TestEnv(t *testing.T) {
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "/somewhere/go.work")
	w := opened(t)
	cmd := exec.Command("/bin/sh", "-c", `echo "$GOFLAGS $GOWORK $GOTOOLCHAIN"; echo "$PATH"`)
	cmd.Env = w.Env()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	flags, searched, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if flags != "-buildvcs=false off local" {
		t.Errorf("got %q", flags)
	}
	want := []string{filepath.Dir(w.Tool("gonb")), w.Go.Bin()}
	if got := filepath.SplitList(searched); len(got) < 3 || !slices.Equal(got[:2], want) || !strings.HasSuffix(searched, os.Getenv("PATH")) {
		t.Errorf("PATH is %q", searched)
	}
}

func TestStartup(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", "")
	if code, ok, err := Startup(); code != "" || ok || err != nil {
		t.Errorf("without a file: got %q, %v, %v", code, ok, err)
	}
	write(t, filepath.Join(home, ".config", "spikebook", "startup.go"), "var tau = 2.0\n")
	if code, ok, err := Startup(); code != "var tau = 2.0\n" || !ok || err != nil {
		t.Errorf("in the home folder: got %q, %v, %v", code, ok, err)
	}
	xdg := filepath.Join(home, "xdg")
	t.Setenv("XDG_CONFIG_HOME", xdg)
	if _, ok, err := Startup(); ok || err != nil {
		t.Errorf("XDG_CONFIG_HOME is not respected: got %v, %v", ok, err)
	}
	write(t, filepath.Join(xdg, "spikebook", "startup.go"), " \n")
	if _, ok, err := Startup(); ok || err != nil {
		t.Errorf("an empty file: got %v, %v", ok, err)
	}
	if err := os.Remove(filepath.Join(xdg, "spikebook", "startup.go")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(xdg, "spikebook", "startup.go", "folder"), "")
	if _, ok, err := Startup(); ok || err == nil || !strings.Contains(err.Error(), "start-up file") {
		t.Errorf("a folder of that name: got %v, %v", ok, err)
	}
}
