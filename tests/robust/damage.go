package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"spikebook/tests/robust/model"
)

// store is a copy of the files in a folder.
type store map[string]copied

// copied is a file with its time, which is part of what is checked of it.
type copied struct {
	data    []byte
	written time.Time
}

func readStore(dir string) (store, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s := store{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		s[e.Name()] = copied{data, info.ModTime()}
	}
	return s, nil
}

// write makes the folder what it was.
func (s store) write(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	err := os.Mkdir(dir, 0o700)
	for name, c := range s {
		file := filepath.Join(dir, name)
		err = errors.Join(err, os.WriteFile(file, c.data, 0o600), os.Chtimes(file, c.written, c.written))
	}
	return err
}

// wounds are ways to damage a file. Each returns what is left of it; nil is
// nothing, not even a name.
var wounds = []struct {
	name string
	do   func(data []byte, at int) []byte
}{
	{"removed", func([]byte, int) []byte { return nil }},
	{"emptied", func([]byte, int) []byte { return []byte{} }},
	{"cut", func(data []byte, at int) []byte { return data[:at] }},
	{"longer", func(data []byte, at int) []byte { return append(data, data[:at+1]...) }},
	{"flipped", func(data []byte, at int) []byte { data[at] ^= 1 << (at % 8); return data }},
	{"zeroed", func(data []byte, at int) []byte { clear(data[at:]); return data }},
	{"shifted", func(data []byte, at int) []byte { copy(data[at:], data[min(at+1, len(data)-1):]); return data }},
}

// damage damages a file of the store between two cells. What comes then must be
// right, or an error that names the file.
func (l *life) damage(ctx context.Context) error {
	dir, err := values(l.stores)
	if err != nil {
		return err
	}
	backup, err := readStore(dir)
	if err != nil {
		return err
	}
	maps.DeleteFunc(backup, func(_ string, c copied) bool { return len(c.data) == 0 }) // left by a commit that was killed
	files := slices.Sorted(maps.Keys(backup))
	file := files[l.random.IntN(len(files))]
	wound := wounds[l.random.IntN(len(wounds))]
	good := backup[file].data
	at := l.random.IntN(len(good))
	data := wound.do(slices.Clone(good), at)
	path := filepath.Join(dir, file)
	if data == nil {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		return err
	}
	l.say("of %v, %s is %s at %d of %d", files, file, wound.name, at, len(good))

	c := change{check, l.now}
	if l.chance(40) {
		c = l.change()
	}
	a, err := l.k.execute(ctx, c.code, disturbance{})
	l.say("%s: %v", brief(c.code), a)
	switch {
	case err != nil:
		return err
	case !a.ok() && !strings.Contains(a.failed, file):
		return fmt.Errorf("%s is %s, and the cell does not name it: %s", file, wound.name, a.failed)
	case a.ok() && c.code == check:
		err = l.compare(a.stdout, l.now, lost)
	case a.ok():
		err = l.undamaged(ctx, file, c.after)
	}
	if err != nil {
		return fmt.Errorf("%s is %s at %d of %d: %w", file, wound.name, at, len(good), err)
	}
	// What the notebook knows of types cannot be taken back.
	if l.chance(50) && (!a.ok() || fmt.Sprintf("%T", c.after.shape) == fmt.Sprintf("%T", l.now.shape)) {
		if err := backup.write(dir); err != nil {
			return err
		}
		return l.settle(ctx, l.now, lost)
	}
	return l.again(ctx)
}

// undamaged checks the values after a cell that did not mind the damage.
func (l *life) undamaged(ctx context.Context, file string, after state) error {
	a, err := l.k.execute(ctx, check, disturbance{})
	switch {
	case err != nil:
		return err
	case a.ok() && a.stdout != after.values():
		return fmt.Errorf("a cell did not mind, and the values are\n%s\nwant\n%s", a.stdout, after.values())
	case !a.ok() && !strings.Contains(a.failed, file):
		return fmt.Errorf("the checking cell does not name it: %s", a.failed)
	}
	return nil
}

// again forgets all variables and makes them anew.
func (l *life) again(ctx context.Context) error {
	for _, code := range []string{"%session forget", model.Source(), begin} {
		a, err := l.k.execute(ctx, code, disturbance{})
		if err != nil || !a.ok() {
			return fmt.Errorf("%s: %v\n%s", brief(code), err, a.failed)
		}
	}
	l.now = first()
	return l.settle(ctx, l.now, lost)
}

// diskFull fills the disk and changes variables.
func (l *life) diskFull(ctx context.Context) error {
	for l.chance(60) {
		if err := l.feed(ctx); err != nil {
			return err
		}
	}
	leave := int64(0)
	if l.chance(60) {
		leave = l.random.Int64N(1 << l.random.IntN(22))
	}
	empty, err := l.box.fill(leave)
	if err != nil {
		return err
	}
	defer empty()
	c := l.change()
	a, err := l.k.execute(ctx, c.code, disturbance{})
	l.say("%d bytes free: %s: %v", leave, brief(c.code), a)
	if err != nil {
		return err
	}
	allowed := kept
	if !a.ok() {
		allowed = lost
		if !strings.Contains(a.failed, "disk is full") {
			return fmt.Errorf("the disk is full, and the cell says: %s", a.failed)
		}
	}
	empty()
	if err := l.settle(ctx, c.after, allowed); err != nil {
		return err
	}
	return l.ordinary(ctx)
}

// feed makes a variable larger than the disk, or not quite, and smaller again.
func (l *life) feed(ctx context.Context) error {
	for _, size := range []int{diskSize/4 + l.random.IntN(diskSize), 100} {
		k := l.event*10 + size%10
		code := fmt.Sprintf("Feed(%d, %d)", k, size)
		l.now.saved.Put()
		model.Feed(k, size)
		after := state{model.Save(), l.now.shape}
		a, err := l.k.execute(ctx, code, disturbance{})
		l.say("%s: %v", code, a)
		allowed := kept
		switch {
		case err != nil:
			return err
		case !a.ok() && (size == 100 || !strings.Contains(a.failed, "disk is full")):
			return fmt.Errorf("%s: %s", code, a.failed)
		case !a.ok():
			allowed = lost
		}
		if err := l.settle(ctx, after, allowed); err != nil {
			return err
		}
	}
	return nil
}
