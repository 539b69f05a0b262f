package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"spikebook/kernel/atomicfile"
	"strings"
)

// CacheDir returns the folder in which all that can be made again is kept:
// $SPIKEBOOK_CACHE, or .cache/spikebook in the checkout whose bin holds the
// running program, or spikebook in the user's cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv("SPIKEBOOK_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if self, err := os.Executable(); err == nil {
		if root, ok := checkout(self); ok {
			return filepath.Join(root, ".cache", "spikebook"), nil
		}
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the cache, set SPIKEBOOK_CACHE: %w", err)
	}
	return filepath.Join(dir, "spikebook"), nil
}

// checkout returns the root of the checkout whose bin holds a program.
func checkout(program string) (root string, ok bool) {
	bin := filepath.Dir(program)
	if filepath.Base(bin) != "bin" {
		return "", false
	}
	root = filepath.Dir(bin)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	return root, err == nil && bytes.HasPrefix(mod, []byte("module "+Module+"\n"))
}

// Names of what lies in the cache begin with these.
const (
	modulePrefix = "module-"
	toolsPrefix  = "tools-"
)

// Folders of Go's in a shared cache, and in the private one that is laid over it.
const (
	goFolder  = "go-build"
	modFolder = "mod"
)

// BinaryFile is where in the cache a copy of our own binary lies, if it was
// installed from a place that does not last.
const BinaryFile = "bin/spikebook"

// RemoveCache removes what Prepare and installing have put into the cache
// folder and, if nothing else is in it, the folder. What lies beside it stays:
// SPIKEBOOK_CACHE may name any folder.
func RemoveCache() (dir string, err error) {
	if dir, err = CacheDir(); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return dir, nil
	}
	if err != nil {
		return dir, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), modulePrefix) || strings.HasPrefix(e.Name(), toolsPrefix) || e.Name() == goFolder || e.Name() == modFolder {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	for folder, digits := range map[string]int{cellsFolder: 32, notebooksFolder: 16, SessionsDir: 16} {
		err = errors.Join(err, removeNamed(filepath.Join(dir, folder), digits))
	}
	binary := filepath.Join(dir, filepath.FromSlash(BinaryFile))
	if e := os.Remove(binary); e != nil && !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	// Folders that hold anything else are not removed.
	_ = os.Remove(filepath.Dir(binary))
	_ = os.Remove(dir)
	return dir, err
}

// WriteFile writes a file unless it is there with that content, and makes its
// folder. The file appears whole or not at all; other processes may do the
// same at the same time.
func WriteFile(name string, data []byte) error {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, data) {
		return nil
	}
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return atomicfile.Write(name, data)
}

// mirror makes a folder hold a set of files, by slash-separated name, and no
// other file but those to keep: a stray Go file would be compiled.
func mirror(dir string, files map[string][]byte, keep ...string) error {
	for name, data := range files {
		if err := WriteFile(filepath.Join(dir, filepath.FromSlash(name)), data); err != nil {
			return err
		}
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // another process has finished it
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if _, ours := files[name]; ours || strings.HasPrefix(d.Name(), atomicfile.Unfinished) {
			return nil
		}
		for _, k := range keep {
			if name == k || strings.HasPrefix(name, k+"/") {
				return nil
			}
		}
		return os.Remove(path)
	})
}
