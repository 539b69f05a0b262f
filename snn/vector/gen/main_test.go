package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestGenerated expects the files in the repository to be those that are written
// from the definitions.
func TestGenerated(t *testing.T) {
	files, err := generate("..")
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files, %v; expected six", len(files), err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("../../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its definitions give; run: go run ./snn/vector/gen", name)
		}
	}
}
