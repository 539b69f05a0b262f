package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// binary is the program that is tested: the real one, so that what is
// embedded, how it finds itself and what it stamps are tested, too.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		tmp, err := os.MkdirTemp("", "spikebook-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(tmp)
		binary = filepath.Join(tmp, "spikebook")
		build := exec.Command("go", "build", "-ldflags=-X main.stamped=0.0.0-test", "-o", binary, ".")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// TestScripts runs the scripts of testdata/script. They share one prepared
// cache, $CACHE.
func TestScripts(t *testing.T) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	var caches []string
	for _, variable := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY"} {
		out, err := exec.Command(goCommand, "env", variable).Output()
		if err != nil {
			t.Fatal(err)
		}
		caches = append(caches, variable+"="+string(out[:len(out)-1]))
	}
	cache := t.TempDir()
	install := exec.Command(binary, "install", "--prefix", t.TempDir())
	install.Env = append(os.Environ(), "SPIKEBOOK_CACHE="+cache)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Run("scripts", func(t *testing.T) { // ends when all of them, which are parallel, have
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata/script",
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
			Setup: func(e *testscript.Env) error {
				home := filepath.Join(e.WorkDir, "home")
				e.Vars = append(e.Vars, caches...)
				e.Vars = append(e.Vars,
					"HOME="+home,
					"PATH="+filepath.Dir(binary)+":"+filepath.Dir(goCommand)+":/usr/bin:/bin",
					"BIN="+filepath.Dir(binary), "GOBIN_DIR="+filepath.Dir(goCommand),
					"CACHE="+cache, "SPIKEBOOK_CACHE="+cache,
				)
				return os.MkdirAll(home, 0o755)
			},
		})
	})
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"instal": "install", "isntall": "install", "unistall": "uninstall", "docter": "doctor", "exce": "", "versoin": "version",
		"run1": "run", "help": "", "x": "", "": "",
	} {
		if got := nearest(name); got != want {
			t.Errorf("%q: got %q, expected %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"run", "run", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: got %d, expected %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a); got != c.want {
			t.Errorf("%q, %q: got %d, expected %d", c.b, c.a, got, c.want)
		}
	}
}

func TestQuoteShell(t *testing.T) {
	for _, word := range []string{"plain", "bin/spikebook", "", "a b", "it's", `"$HOME"`, "x;y", "*", "\\"} {
		out, err := exec.Command("/bin/sh", "-c", "printf %s "+quoteShell(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q: a shell reads %q, %v", word, out, err)
		}
	}
	if got := quoteShell("bin/spikebook"); got != "bin/spikebook" {
		t.Errorf("a plain word is quoted: %s", got)
	}
}

// TestEachCheckNeedsEarlierOnes: the checks are run in order.
func TestEachCheckNeedsEarlierOnes(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks {
		for _, n := range c.needs {
			if !seen[n] {
				t.Errorf("%s needs %s, which does not come before it", c.name, n)
			}
		}
		if seen[c.name] {
			t.Errorf("two checks are called %s", c.name)
		}
		seen[c.name] = true
	}
}
