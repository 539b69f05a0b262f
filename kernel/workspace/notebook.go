package workspace

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"spikebook/kernel/atomicfile"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// Folders in the cache whose names say too little to be removed as a whole.
const (
	cellsFolder     = "cells"     // programs, by 32 hexadecimal digits
	notebooksFolder = "notebooks" // go.mod and go.sum, by 16 hexadecimal digits
)

// SessionsDir is the folder in the cache that holds what `%session restore` brings
// back, by 16 hexadecimal digits.
const SessionsDir = "sessions"

// maxNotebooks is of how many notebooks the go.mod is kept.
const maxNotebooks = 64

// notebookDir is where the go.mod of a notebook is kept.
func notebookDir(key string) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(cache, notebooksFolder, hex.EncodeToString(sum[:])[:16]), nil
}

// SaveModule keeps what was added to the go.mod in a folder, for the next
// kernel of the notebook that key names. A go.mod to which nothing was added is
// not kept. It belongs after each cell with lines such as `!*go get`.
func (w *Workspace) SaveModule(key, liveDir string) error {
	dir, err := notebookDir(key)
	if err != nil {
		return err
	}
	live, err := parseMod(filepath.Join(liveDir, "go.mod"))
	if err != nil {
		return fmt.Errorf("what was added to go.mod is not kept: %w", err)
	}
	ours, err := parseMod(filepath.Join(w.Dir, "cell", "go.mod"))
	if err != nil {
		return err
	}
	for _, r := range slices.Clone(live.Replace) {
		if r.New.Version != "" || filepath.IsAbs(r.New.Path) {
			continue
		}
		if filepath.IsLocal(filepath.FromSlash(r.New.Path)) { // it ends with the kernel
			err = live.DropReplace(r.Old.Path, r.Old.Version)
		} else {
			err = live.AddReplace(r.Old.Path, r.Old.Version, filepath.Join(liveDir, r.New.Path), "")
		}
		if err != nil {
			return err
		}
	}
	live.Cleanup()
	if same(live, ours) {
		return os.RemoveAll(dir)
	}
	if err := writeModule(dir, live, filepath.Join(liveDir, "go.sum")); err != nil {
		return fmt.Errorf("%w: %w", ErrCache, err)
	}
	return forgetOldest(filepath.Dir(dir))
}

// notebookModule returns the folder of the go.mod that was kept for a
// notebook, made to fit the packages of today; ok is false if none was kept, or
// one that is of no use.
func (w *Workspace) notebookModule(key string) (dir string, ok bool) {
	dir, err := notebookDir(key)
	if err != nil {
		return "", false
	}
	kept, err := parseMod(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", false
	}
	cell := filepath.Join(w.Dir, "cell")
	ours, err := parseMod(filepath.Join(cell, "go.mod"))
	if err == nil {
		err = merge(kept, ours)
	}
	if err == nil {
		err = writeModule(dir, kept, filepath.Join(dir, "go.sum"), filepath.Join(cell, "go.sum"))
	}
	now := time.Now()
	_ = os.Chtimes(dir, now, now) // says when it was used last, as well as can be
	return dir, err == nil
}

// merge adds to a go.mod that was kept what ours requires and replaces. Of two
// versions the later one counts, as for the go command.
func merge(kept, ours *modfile.File) error {
	var errs []error
	do := func(err error) { errs = append(errs, err) }
	if ours.Go != nil && (kept.Go == nil || version.Compare("go"+kept.Go.Version, "go"+ours.Go.Version) < 0) {
		do(kept.AddGoStmt(ours.Go.Version))
	}
	// A folder that is gone would keep every cell from being compiled.
	for _, r := range slices.Clone(kept.Replace) {
		if _, err := os.Stat(r.New.Path); r.New.Version == "" && err != nil {
			old := r.Old // which DropReplace clears
			do(kept.DropReplace(old.Path, old.Version))
			do(kept.DropRequire(old.Path))
		}
	}
	kept.Cleanup()
	have := versions(kept)
	for _, r := range ours.Require {
		v, ok := have[r.Mod.Path]
		if !ok {
			kept.AddNewRequire(r.Mod.Path, r.Mod.Version, r.Indirect)
		} else if semver.Compare(v, r.Mod.Version) < 0 {
			do(kept.AddRequire(r.Mod.Path, r.Mod.Version))
		}
	}
	for _, r := range ours.Replace {
		do(kept.AddReplace(r.Old.Path, r.Old.Version, r.New.Path, r.New.Version))
	}
	kept.Cleanup()
	return errors.Join(errs...)
}

func parseMod(name string) (*modfile.File, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(name, data, nil)
}

func versions(f *modfile.File) map[string]string {
	v := map[string]string{}
	for _, r := range f.Require {
		v[r.Mod.Path] = r.Mod.Version
	}
	return v
}

// same says whether two go.mod lead to the same packages.
func same(a, b *modfile.File) bool {
	text := func(f *modfile.File) string {
		var lines []string
		for _, r := range f.Require {
			lines = append(lines, r.Mod.String())
		}
		for _, r := range f.Replace {
			lines = append(lines, r.Old.String()+" => "+r.New.String())
		}
		for _, e := range f.Exclude {
			lines = append(lines, "not "+e.Mod.String())
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	return text(a) == text(b)
}

// writeModule writes a go.mod, and the go.sum that has the lines of all these.
func writeModule(dir string, mod *modfile.File, sums ...string) error {
	text, err := mod.Format()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil { // what a notebook needs is nobody else's business
		return err
	}
	var lines []string
	for _, name := range sums {
		data, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for line := range bytes.Lines(data) {
			lines = append(lines, strings.TrimSpace(string(line))+"\n")
		}
	}
	slices.Sort(lines)
	if err := WriteFile(filepath.Join(dir, "go.sum"), []byte(strings.Join(slices.Compact(lines), ""))); err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, "go.mod"), text)
}

// forgetOldest removes the notebooks that were used least recently.
func forgetOldest(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var all []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // another kernel may have removed it
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, info := range all[min(len(all), maxNotebooks):] {
		if isHex(info.Name(), 16) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, info.Name())))
		}
	}
	return err
}

// removeNamed removes from a folder what is named by so many hexadecimal
// digits, or unfinished, and the folder if nothing else is in it.
func removeNamed(dir string, digits int) (err error) {
	entries, _ := os.ReadDir(dir) // it need not be there
	for _, e := range entries {
		if isHex(e.Name(), digits) || strings.HasPrefix(e.Name(), atomicfile.Unfinished) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	_ = os.Remove(dir) // it stays if it holds anything else
	return err
}

func isHex(name string, digits int) bool {
	return len(name) == digits && strings.Trim(name, "0123456789abcdef") == ""
}
