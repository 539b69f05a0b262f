package cell

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spikebook/kernel/program"
	"spikebook/kernel/session/wire"
)

// TestRun builds and runs a program that prints what depends on each of its
// literals, on value, type and rounding: as a cell it must print the same as
// compiled by Go alone. What else programs do is tested by the table in
// tests/cells, through the whole kernel.
func TestRun(t *testing.T) {
	source, err := os.ReadFile("testdata/literals.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	p, err := newMemory(t).Compile(string(source), nil)
	if err != nil {
		t.Fatal(err)
	}
	binaries := build(t, map[string]map[string]string{"plain": {"main.go": string(source)}, "cell": p.Files})
	want, err := exec.Command(filepath.Join(binaries, "plain")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, want)
	}
	if got := runProgram(t, filepath.Join(binaries, "cell"), p.Literals); got != string(want) || strings.Count(got, "\n") < 20 {
		t.Errorf("with its literals from the request it prints\n%s\nwant\n%s", got, want)
	}
	if len(p.Literals) < 500 {
		t.Errorf("%d bytes of literals are not those of the program", len(p.Literals))
	}
}

// build builds programs of this module that are not in its folder, and returns
// the folder of the binaries.
func build(t *testing.T, programs map[string]map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	here, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	overlay := map[string]map[string]string{"Replace": {}}
	args := []string{"build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", dir + "/"}
	for name, files := range programs {
		args = append(args, "./testdata/"+name)
		for file, text := range files {
			real := filepath.Join(dir, name+"-"+file)
			overlay["Replace"][filepath.Join(here, name, file)] = real
			if err := os.WriteFile(real, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// runProgram runs a program as the kernel does and returns what it prints.
func runProgram(t *testing.T, binary string, literals []byte) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cell") // a short path that only the user can enter
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "s")
	host, err := program.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	var mu sync.Mutex
	var out strings.Builder
	run := host.Expect(wire.Request{Dir: t.TempDir(), Literals: literals}, program.Events{Output: func(_ string, text []byte) {
		mu.Lock()
		defer mu.Unlock()
		out.Write(text)
	}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, binary)
	c.Env = append(os.Environ(), wire.Variable+"="+socket)
	early, err := c.CombinedOutput()
	result := run.Finish()
	if err != nil || !result.Done || result.Failure != nil {
		t.Fatalf("%v: %s; %+v", err, early, result)
	}
	mu.Lock()
	defer mu.Unlock()
	return out.String()
}
