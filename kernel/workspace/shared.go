package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"spikebook/kernel/gocache"
)

// SharedVariable names a cache that many users read and none of them writes:
// the unpacked module, the tools, and what cells need, downloaded and compiled.
// Installing with it fills that cache, a kernel lays the user's own over it.
const SharedVariable = "SPIKEBOOK_SHARED_CACHE"

// SharedDir returns the folder of the shared cache, "" if there is none.
func SharedDir() (string, error) {
	dir := os.Getenv(SharedVariable)
	if dir != "" && !filepath.IsAbs(dir) { // kernels run in any folder
		return "", fmt.Errorf("%s is %q: expected an absolute path", SharedVariable, dir)
	}
	return dir, nil
}

// share tells the go command of a shared cache: to fill it or, once it is
// prepared, to read it and write to the user's own.
func (w *Workspace) share(shared, own string) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	top, folders := shared, []string{filepath.Join(shared, goFolder)}
	if w.prepared() {
		top, folders = own, []string{filepath.Join(own, goFolder), filepath.Join(shared, goFolder)}
		if err = errors.Join(os.MkdirAll(own, 0o755), os.MkdirAll(folders[0], 0o700)); err != nil {
			return fmt.Errorf("%w: %w", ErrCache, err)
		}
	} else {
		syscall.Umask(0o022) // of who may write there, for those who may not
	}
	if w.Go.prog, err = gocache.Setting(self, folders...); err != nil {
		return err
	}
	w.Go.cache, w.Go.ModCache = folders[0], filepath.Join(top, modFolder)
	if top == shared {
		return nil
	}
	if err := linkModules(filepath.Join(shared, modFolder), w.Go.ModCache, w.Dir); err != nil {
		return fmt.Errorf("%w: %w", ErrCache, err)
	}
	return nil
}

// linked is a file of a user's module cache that says for which workspace it
// has been linked.
const linked = "linked"

// linkModules makes a user's module cache of links to the modules of the shared
// one. `go get` adds folders beside them; no disk holds a module once for each user.
func linkModules(shared, own, key string) error {
	mark := filepath.Join(own, linked)
	if data, err := os.ReadFile(mark); err == nil && string(data) == key {
		return nil
	}
	if err := os.MkdirAll(own, 0o700); err != nil {
		return err
	}
	err := filepath.WalkDir(shared, func(from string, d fs.DirEntry, err error) error {
		if err != nil || from == shared {
			return err
		}
		name, err := filepath.Rel(shared, from)
		if err != nil {
			return err
		}
		to := filepath.Join(own, name)
		download := strings.HasPrefix(filepath.ToSlash(name), "cache/download/")
		switch base := d.Name(); {
		case d.IsDir() && strings.Contains(base, "@") && !download: // a module
			if err := link(from, to); err != nil {
				return err
			}
			return fs.SkipDir
		case d.IsDir() && (base == "sumdb" || base == "vcs") && strings.HasPrefix(filepath.ToSlash(name), "cache/"):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case download && base != "list" && path.Ext(base) != ".lock": // those two are written to
			return link(from, to)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return WriteFile(mark, []byte(key))
}

// link makes a symbolic link. What the user has there, they have from the same
// origin; a link that leads nowhere is from another shared cache.
func link(from, to string) error {
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	err := os.Symlink(from, to)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if at, err := os.Readlink(to); err != nil || at == from {
		return nil // another kernel was faster
	}
	return errors.Join(os.Remove(to), os.Symlink(from, to))
}
