package live

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"spikebook/kernel/cell"
	"spikebook/kernel/session"
	"spikebook/kernel/workspace"
)

// forget forgets variables, or all of them.
func (n *Notebook) forget(names []string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(names) == 0 {
		if err := n.clear(); err != nil {
			return "", err
		}
		n.memory.Forget(n.memory.Variables()...)
		return "all variables are forgotten", nil
	}
	info, err := session.Inspect(n.config.Store)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if !slices.ContainsFunc(info.Vars, func(v session.VarInfo) bool { return v.Name == name }) {
			return "", fmt.Errorf("there is no variable %s; %%session lists what there is", name)
		}
	}
	if err := session.Forget(n.config.Store, names...); err != nil {
		return "", err
	}
	n.memory.Forget(names...)
	return "", nil
}

// clear empties the store, whatever state it is in.
func (n *Notebook) clear() error {
	if err := os.RemoveAll(n.config.Store); err != nil {
		return fmt.Errorf("the variables cannot be removed: %w", err)
	}
	return os.MkdirAll(n.config.Store, 0o700)
}

// reset forgets variables and declarations.
func (n *Notebook) reset() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.clear(); err != nil {
		return err
	}
	n.memory = cell.New(n.index, workspace.Imports)
	return nil
}

// save writes variables and declarations to a file.
func (n *Notebook) save(file string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	memory, err := json.Marshal(n.memory)
	if err != nil {
		return "", err
	}
	if err := session.Save(n.config.Store, file, memory); err != nil {
		return "", fmt.Errorf("the session is not saved: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("saved to %s (%s)", file, size(info.Size())), nil
}

// restore replaces variables and declarations by those of a file.
func (n *Notebook) restore(file string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	memory, err := session.Restore(file, n.config.Store)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no file %s", file)
	}
	if err != nil {
		return "", fmt.Errorf("%s is not restored: %w", file, err)
	}
	restored := cell.New(n.index, workspace.Imports)
	if err := json.Unmarshal(memory, restored); err != nil {
		return "", fmt.Errorf("%s: its declarations cannot be read: %w", file, err)
	}
	n.memory = restored
	info, err := session.Inspect(n.config.Store)
	if err != nil {
		return "", err
	}
	var names []string
	for _, v := range info.Vars {
		if !hidden(v.Name) {
			names = append(names, v.Name)
		}
	}
	if len(names) == 0 {
		return "restored; there were no variables", nil
	}
	return "restored " + strings.Join(names, ", "), nil
}

// restoreLast restores what the last kernel of this notebook had.
func (n *Notebook) restoreLast() (string, error) {
	file, err := n.lastFile()
	if err != nil {
		return "", err
	}
	if file == "" {
		return "", errors.New("this kernel does not know of which notebook it is, so there is no last session; %session restore FILE reads one that was saved")
	}
	if _, err := os.Stat(file); err != nil {
		return "", errors.New("no session of this notebook was kept: it had no variables, more than " + size(maxKept) + ", or its kernel was killed")
	}
	return n.restore(file)
}

// What outlives the kernels: one session for each notebook, small enough to be
// written while a front end waits for the kernel to end.
const (
	maxKept     = 256 << 20
	maxSessions = 20
)

// lastFile is where the last session of this notebook is kept, "" if the
// notebook has no name.
func (n *Notebook) lastFile() (string, error) {
	if n.config.Key == "" {
		return "", nil
	}
	cache, err := workspace.CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, workspace.SessionsDir, fmt.Sprintf("%x", sha256.Sum256([]byte(n.config.Key)))[:16]), nil
}

// keep writes the session to where restoreLast finds it, if it is worth it and
// not too large.
func (n *Notebook) keep() error {
	file, err := n.lastFile()
	if file == "" || err != nil {
		return err
	}
	info, err := session.Inspect(n.config.Store)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, v := range info.Vars {
		total += v.Size
	}
	if len(info.Vars) == 0 || total > maxKept {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if _, err := n.save(file); err != nil {
		return err
	}
	return bound(filepath.Dir(file), maxSessions)
}

// bound removes all but the newest files of a folder.
func bound(dir string, most int) error {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) <= most {
		return err
	}
	age := func(e os.DirEntry) int64 {
		if info, err := e.Info(); err == nil {
			return info.ModTime().UnixNano()
		}
		return 0
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return int(age(b)/1e6 - age(a)/1e6) })
	for _, e := range entries[most:] {
		err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
	}
	return err
}
