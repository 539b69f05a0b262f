package jupyter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConnectionFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kernel-1.json")
	want := NewConnection(t.TempDir())
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: the file holds a key", info.Mode(), err)
	}
	if got, err := ReadConnection(path); err != nil || got != want {
		t.Errorf("read %+v, %v, want %+v", got, err, want)
	}
}

func TestReadConnectionRefuses(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]string{
		`{`:                              "unexpected end",
		`{"transport":"carrier pigeon"}`: `transport is "carrier pigeon"`,
		`{"transport":"tcp","key":"k","signature_scheme":"md5"}`: `signature_scheme is "md5"`,
	} {
		path := filepath.Join(dir, "c.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadConnection(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", content, err, want)
		}
	}
	if _, err := ReadConnection(filepath.Join(dir, "none")); err == nil {
		t.Error("no error for a missing file")
	}
}
