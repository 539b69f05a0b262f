package main

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spikebook/tests/robust/model"
)

// fakeLife is a life without a kernel.
func fakeLife(seed uint64) *life {
	return &life{
		options: options{only: regexp.MustCompile("")}, box: &sandbox{}, tally: newTally(), kind: "test",
		random: rand.New(rand.NewPCG(seed, 0)), now: first(),
	}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		got     string // "before", "after", or something else
		allowed verdict
		ok      bool
	}{
		{"after", kept, true},
		{"before", kept, false},
		{"before", lost, true},
		{"after", lost, false},
		{"before", either, true},
		{"after", either, true},
		{"half", either, false},
		{"half", kept, false},
		{"half", lost, false},
	} {
		l := fakeLife(1)
		before := l.now.values()
		after := l.change().after
		got := map[string]string{
			"before": before, "after": after.values(),
			"half": strings.Replace(after.values(), "last=", "last=0", 1),
		}[test.got]
		if err := l.compare(got, after, test.allowed); (err == nil) != test.ok {
			t.Errorf("%s, allowed %d: %v", test.got, test.allowed, err)
		}
		if now := l.now.values(); test.ok && now != got {
			t.Errorf("%s: the values are now\n%s\nwant\n%s", test.got, now, got)
		}
	}
}

// TestChange checks that a change leaves the values before it alone, and that
// the same choices lead to the same cells.
func TestChange(t *testing.T) {
	codes := map[string]bool{}
	for seed := range uint64(40) {
		l, twin := fakeLife(seed), fakeLife(seed)
		before := l.now.values()
		c := l.change()
		if l.now.values() != before {
			t.Fatalf("%s changes what was", c.code)
		}
		if c.after.values() == before {
			t.Errorf("%s changes nothing", c.code)
		}
		if again := twin.change(); again.code != c.code {
			t.Errorf("seed %d: %s and %s", seed, c.code, again.code)
		}
		name, _, _ := strings.Cut(c.code, "(")
		codes[name] = true
	}
	if len(codes) < 8 {
		t.Errorf("of 40 changes only %d are different", len(codes))
	}
}

func TestChoices(t *testing.T) {
	l := fakeLife(1)
	names := func() (all []string) {
		for _, k := range l.choices() {
			all = append(all, k.name)
		}
		return slices.Compact(all)
	}
	if slices.Contains(names(), "disk full") {
		t.Error("the disk is full where none can be")
	}
	l.box.small, l.told = true, true
	if !slices.Contains(names(), "disk full") {
		t.Error("the disk is never full")
	}
	l.only = regexp.MustCompile("^damage$")
	if got := names(); !slices.Equal(got, []string{"damage"}) {
		t.Errorf("chosen: %v", got)
	}
}

func TestWounds(t *testing.T) {
	good := []byte("some bytes of a file")
	for _, w := range wounds {
		for at := range good {
			bad := w.do(slices.Clone(good), at)
			if string(bad) == string(good) && !(w.name == "shifted" && at == len(good)-1) {
				t.Errorf("%s at %d: nothing is damaged", w.name, at)
			}
		}
	}
}

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "values")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	backup, err := readStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a": "22", "b": "3"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := backup.write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := readStore(dir)
	same := func(a, b copied) bool { return string(a.data) == string(b.data) && a.written.Equal(b.written) }
	if err != nil || !maps.EqualFunc(got, backup, same) {
		t.Errorf("%v, %v; want %v", got, err, backup)
	}
}

func TestProcesses(t *testing.T) {
	cmd := exec.Command("cat")
	cmd.Env = append(os.Environ(), "ROBUST_TEST=marked")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	is := func(p process) bool { return p.pid == cmd.Process.Pid }
	k := &kernel{pid: os.Getpid()}
	p, ok := k.victim(t.Context(), func(p process) bool { return is(p) && p.name == "cat" })
	if !ok || p.isCell() || p.isTool() {
		t.Errorf("the child is %+v (%t)", p, ok)
	}
	if !slices.ContainsFunc(marked("ROBUST_TEST=marked"), is) {
		t.Error("a process with the line in its environment is not found")
	}
	if !p.kill() {
		t.Error("it cannot be killed")
	}
	stdin.Close()
	_ = cmd.Wait() // it was killed
	if slices.ContainsFunc(below(os.Getpid()), is) {
		t.Error("a process that has ended is found")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := k.victim(over, is); ok {
		t.Error("a victim after the end")
	}
}

func TestLeft(t *testing.T) {
	b := &sandbox{temp: t.TempDir(), store: t.TempDir()}
	if err := b.left(); err != nil {
		t.Errorf("nothing is left, but: %v", err)
	}
	remains := filepath.Join(b.store, "spikebook-1")
	if err := os.Mkdir(remains, 0o700); err != nil {
		t.Fatal(err)
	}
	b.patience = 1
	if err := b.left(); err == nil || !strings.Contains(err.Error(), remains) {
		t.Errorf("left: %v, want %s", err, remains)
	}
	if b.clear(); b.left() != nil {
		t.Error("it was not removed")
	}
}

func TestModelIsDeclared(t *testing.T) {
	for _, c := range changes {
		if !strings.Contains(model.Source(), "func "+c.name+"(") {
			t.Errorf("no cell declares %s", c.name)
		}
	}
}
