package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// fakeGo writes a go command that claims to be of a version.
func fakeGo(t *testing.T, dir, version string) string {
	t.Helper()
	name := filepath.Join(dir, "go")
	write(t, name, fmt.Sprintf("#!/bin/sh\necho %s\necho /modules\n", version))
	if err := os.Chmod(name, 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFindGo(t *testing.T) {
	chosen, onPath, inHome := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("HOME", inHome)
	t.Setenv("PATH", onPath)
	fakeGo(t, chosen, "go1.90.1")
	fakeGo(t, onPath, "go1.91")
	find := func() (Go, error) { return FindGo(t.Context()) }

	t.Setenv("SPIKEBOOK_GO", filepath.Join(chosen, "go"))
	t.Setenv("GOEXPERIMENT", "")
	want := Go{Path: filepath.Join(chosen, "go"), Version: "go1.90.1", ModCache: "/modules", SIMD: runtime.GOARCH == "amd64"}
	if g, err := find(); g != want || err != nil {
		t.Errorf("SPIKEBOOK_GO: got %v, %v", g, err)
	}
	t.Setenv("GOEXPERIMENT", "none") // the user's choice
	want.SIMD = false
	if g, err := find(); g != want || err != nil {
		t.Errorf("SPIKEBOOK_GO: got %v, %v", g, err)
	}
	t.Setenv("SPIKEBOOK_GO", "")
	if g, err := find(); g.Version != "go1.91" || g.Bin() != onPath || err != nil {
		t.Errorf("PATH: got %v, %v", g, err)
	}

	// After PATH come the usual folders.
	inSDK := fakeGo(t, filepath.Join(inHome, "sdk", "go1.92.0", "bin"), "go1.92.0")
	if got := goFolders(); got[0] != filepath.Join(onPath, "go") || got[len(got)-1] != inSDK {
		t.Errorf("candidates are %v", got)
	}
}

// A Go that does not know the experiment is used without it.
func TestGoWithoutSIMD(t *testing.T) {
	t.Setenv("GOEXPERIMENT", "")
	name := filepath.Join(t.TempDir(), "go")
	write(t, name, "#!/bin/sh\nif [ -n \"$GOEXPERIMENT\" ]; then echo go: unknown GOEXPERIMENT >&2; exit 2; fi\necho go1.95\necho /modules\n")
	if err := os.Chmod(name, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SPIKEBOOK_GO", name)
	if g, err := FindGo(t.Context()); g.Version != "go1.95" || g.SIMD || err != nil {
		t.Errorf("got %v, %v", g, err)
	}
}

func TestVersionOfGo(t *testing.T) {
	for says, want := range map[string]string{
		"go1.26.8": "go1.26.8", "devel go1.95-0123abc Tue Nov 24": "go1.95-0123abc", "go1.95.1 X:simd": "go1.95.1", "go1.95.1-X:simd": "go1.95.1-X:simd",
	} {
		t.Setenv("SPIKEBOOK_GO", fakeGo(t, t.TempDir(), says))
		if g, err := FindGo(t.Context()); g.Version != want || err != nil {
			t.Errorf("%s: got %v, %v", says, g, err)
		}
	}
}

func TestPick(t *testing.T) {
	old, recent, later := Go{Path: "/old", Version: "go1.20.3"}, Go{Path: "/recent", Version: MinGo + ".0"}, Go{Path: "/later", Version: "go1.99"}
	for _, c := range []struct {
		found []Go
		want  Go
		says  string
	}{
		{[]Go{recent, later}, recent, ""},
		{[]Go{old, later}, later, ""},
		{[]Go{old}, Go{}, "/old is go1.20.3, expected " + MinGo + " or later"},
		{nil, Go{}, "on PATH"},
	} {
		got, err := pick(c.found)
		if got != c.want || (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, ErrNoGo) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("of %v: got %v, %v", c.found, got, err)
		}
	}
}

func TestNoGo(t *testing.T) {
	dir := t.TempDir()
	old := fakeGo(t, filepath.Join(dir, "old"), "go1.20.3")
	odd := fakeGo(t, filepath.Join(dir, "odd"), "GNU-go")
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		filepath.Join(dir, "none"): "SPIKEBOOK_GO",
		folder:                     "SPIKEBOOK_GO",
		odd:                        `got "GNU-go"`,
		old:                        "expected " + MinGo + " or later",
	} {
		t.Setenv("SPIKEBOOK_GO", path)
		_, err := FindGo(t.Context())
		if !errors.Is(err, ErrNoGo) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestRun(t *testing.T) {
	g, err := FindGo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(runtime.Version(), g.Version) {
		t.Errorf("found %s, expected the one that runs this test, %s", g.Version, runtime.Version())
	}
	dir := t.TempDir()
	if _, err := g.Run(t.Context(), dir, "list"); err == nil || !strings.Contains(err.Error(), "go list: ") || !strings.Contains(err.Error(), "go.mod") {
		t.Errorf("an error does not say what was run and what it wrote: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Run(ctx, dir, "version"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
