package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestGenerated checks that the committed files are those that gen makes of
// the go.mod and of the imports of today.
func TestGenerated(t *testing.T) {
	dir := t.TempDir()
	if err := generate(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"spikebook.mod", "spikebook.sum", "cell.mod", "cell.sum"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("..", "module", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("module/%s is not what go.mod and the imports of today make; run `make generate`\ngot:\n%s", name, got)
		}
	}
}

func TestSplit(t *testing.T) {
	goLine, required, err := split([]byte("module m\n\ngo 1.30.1\n\ntool x\n\nrequire (\n\ta v1\n)\n"))
	if goLine != "go 1.30.1" || required != "\nrequire (\n\ta v1\n)\n" || err != nil {
		t.Errorf("got %q, %q, %v", goLine, required, err)
	}
	if _, _, err := split([]byte("module m\n")); err == nil {
		t.Error("no error for a go.mod without a go line")
	}
}
