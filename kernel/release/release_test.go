package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNotes(t *testing.T) {
	const changes = "# Changes\n\n## Unreleased\n\n- to come\n\n## 1.2.3\n\n**kernel**\n- older\n\n## 1.2.0-rc.1\n\n## Results that were wrong\n\nNone.\n"
	for _, test := range []struct{ version, want, problem string }{
		{"1.2.3", "**kernel**\n- older\n", ""},
		{"1.2.3-4-g0123abc", "- to come\n", ""},
		{"0123abc", "- to come\n", ""},
		{"1.2.0-rc.1", "", `no section "## 1.2.0-rc.1" with something in it: rename "## Unreleased" before`},
		{"1.2.4", "", `no section "## 1.2.4"`},
	} {
		got, err := notes(changes, test.version)
		if got != test.want || test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
			t.Errorf("%s: %q, %v; want %q, %s", test.version, got, err, test.want, test.problem)
		}
	}
	ours, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := notes(string(ours), "0123abc"); err != nil {
		t.Error(err)
	}
}

// TestArchive reads an archive back: files in the order of their names, of nobody, with
// the modes and the time that were asked for.
func TestArchive(t *testing.T) {
	when := time.Unix(1700000000, 0)
	files := []file{{"spikebook", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("text")}}
	data, err := archive("spikebook_1", files, when)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	if again, err := archive("spikebook_1", files, when.UTC()); err != nil || !bytes.Equal(again, data) {
		t.Errorf("files in another order, in another zone, make another archive: %v", err)
	}
	packed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(packed)
	for _, want := range files {
		h, err := in.Next()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil || h.Name != "spikebook_1/"+want.name || h.Mode != want.mode || !bytes.Equal(text, want.data) || !h.ModTime.Equal(when) || h.Uid+h.Gid != 0 || h.Uname+h.Gname != "" {
			t.Errorf("%+v %q, %v; want %+v", h, text, err, want)
		}
	}
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("there is more: %v", err)
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct{ version, out, want string }{
		{"", "out", "want -version and -out"},
		{"1.2.3", "", "want -version and -out"},
		{"1.2.3-dirty", "out", "commit them first"},
	} {
		if err := release(test.version, time.Unix(0, 0), test.out, nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q, %q: %v, want %q", test.version, test.out, err, test.want)
		}
	}
}

// TestRead finds what is in a folder, and not what an editor hides there.
func TestRead(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"docs/a.md", "docs/deep/b.md", "docs/.a.md.swp", "docs/.ipynb_checkpoints/c.md"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := read("docs")
	if err != nil || len(files) != 2 || files[0].name != "docs/a.md" || files[1].name != "docs/deep/b.md" || string(files[1].data) != files[1].name || files[1].mode != 0o644 {
		t.Errorf("%+v, %v", files, err)
	}
	if _, err := read("notebooks"); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

// TestLicence takes what every module has that is linked, and refuses one that has none.
func TestLicence(t *testing.T) {
	if text, err := licence("../.."); err != nil || !strings.Contains(string(text), "Apache License") {
		t.Errorf("%v", err)
	}
	if _, err := licence(t.TempDir()); err == nil {
		t.Error("a module without a licence may be passed on")
	}
}
