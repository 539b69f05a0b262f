package figure

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSaveInProcess(t *testing.T) {
	t.Setenv(SocketVariable, "")
	path := filepath.Join(t.TempDir(), "v.png")

	old := renderer.Swap(nil)
	t.Cleanup(func() { renderer.Store(old) })
	err := sample().Save(path)
	if err == nil || !strings.Contains(err.Error(), `import _ "spikebook/display/render"`) {
		t.Errorf("without a renderer: got %v, want an error that says what to import", err)
	}

	RegisterRenderer(func(f *Figure, format string) ([]byte, error) {
		return []byte(format + " in process"), nil
	})
	if err := sample().Save(path); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, "png in process")
}

// wantFile demands that path holds content and that nothing lies beside it.
func wantFile(t *testing.T, path, content string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != content {
		t.Errorf("%s holds %q, want %q", filepath.Base(path), got, content)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("%v lie in the folder, want the picture alone", entries)
	}
}

func TestSaveErrors(t *testing.T) {
	t.Setenv(SocketVariable, "")
	old := renderer.Swap(nil)
	t.Cleanup(func() { renderer.Store(old) })
	RegisterRenderer(func(*Figure, string) ([]byte, error) { return []byte("picture"), nil })
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder.svg"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, want string }{
		{"no extension", "picture", `unknown picture format "", want an extension of svg, png, pdf`},
		{"other extension", "picture.jpeg", `unknown picture format "jpeg"`},
		{"no such folder", filepath.Join(dir, "missing", "v.svg"), "v.svg: no such file or directory"},
		{"a folder", filepath.Join(dir, "folder.svg"), "folder.svg: file exists"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sample().Save(tt.path)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), ".tmp") {
				t.Errorf("%v names a temporary file, which says nothing to the user", err)
			}
		})
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: a failed Save left something behind", entries, err)
	}
	if err := (&Figure{}).Save(filepath.Join(dir, "v.svg")); err == nil {
		t.Error("an empty figure was saved")
	}
}

func TestKernelGone(t *testing.T) {
	t.Setenv(SocketVariable, filepath.Join(t.TempDir(), "gone"))
	err := sample().Show()
	if err == nil || !strings.Contains(err.Error(), SocketVariable) {
		t.Errorf("got %v, want an error that names %s", err, SocketVariable)
	}
}

func TestShowWithoutKernel(t *testing.T) {
	t.Setenv(SocketVariable, "")
	got := stdout(t, func() {
		if err := sample().Show(); err != nil {
			t.Error(err)
		}
		if err := ShowBundle(map[string]string{"text/plain": "IF\n"}, Place{}); err != nil {
			t.Error(err)
		}
	})
	if want := "heatmap: 2 steps × 3 neurons\nIF\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if err := ShowBundle(nil, Place{}); err == nil {
		t.Error("an empty bundle was shown")
	}
	if err := (*Figure)(nil).Show(); err == nil {
		t.Error("a nil figure was shown")
	}
}

// stdout returns what f prints.
func stdout(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = old }()
	f()
	w.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
