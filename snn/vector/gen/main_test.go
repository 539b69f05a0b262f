package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestGenerated expects the files of the package to be those that are written
// from its definitions.
func TestGenerated(t *testing.T) {
	dir := t.TempDir()
	if err := generate("..", dir); err != nil {
		t.Fatal(err)
	}
	written, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(written) != 3 {
		t.Fatalf("files: %q, %v; expected three", written, err)
	}
	for _, path := range written {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its definitions give; run: go run ./snn/vector/gen", name)
		}
	}
}
