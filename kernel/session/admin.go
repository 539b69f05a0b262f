package session

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Info is what a store holds.
type Info struct {
	Generation uint64 // grows with every commit
	Vars       []VarInfo
}

// VarInfo describes a stored variable.
type VarInfo struct {
	Name, Type string
	Size       int64    // bytes of memory that it reaches; what several variables reach is counted for the first of them
	Preview    string   // at most 60 characters
	Refused    string   // why its value could not be kept, "" when it was
	Dynamic    []string // named types, and texts of unnamed ones, that interfaces in its component hold: the next program should link them
	Funcs      []string // functions, and "var pkg.V", that its component refers to
	With       []string // variables that share memory with it, and are restored with it
}

// Inspect says what the store in dir holds. It reads the manifest only.
func Inspect(dir string) (*Info, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	info := &Info{Generation: m.gen}
	for _, c := range m.comps {
		for _, v := range c.vars {
			w := VarInfo{Name: v.name, Type: v.typ, Size: v.size, Preview: v.preview, Refused: v.refused, Dynamic: c.dynamic, Funcs: c.funcs}
			for _, o := range c.vars {
				if o.name != v.name {
					w.With = append(w.With, o.name)
				}
			}
			info.Vars = append(info.Vars, w)
		}
	}
	slices.SortFunc(info.Vars, func(a, b VarInfo) int { return strings.Compare(a.Name, b.Name) })
	return info, nil
}

// Forget removes variables, all of them when no name is given. That also cures a damaged store.
func Forget(dir string, names ...string) error {
	m, err := readManifest(dir)
	if len(names) == 0 {
		next := &manifest{gen: 1}
		if err == nil {
			next.gen = m.gen + 1
		}
		if err := next.write(dir); err != nil {
			return fmt.Errorf("the session in %s could not be emptied: %w", dir, err)
		}
		sweep(dir, next)
		return nil
	}
	if err != nil {
		return err
	}
	for _, n := range names {
		if !slices.ContainsFunc(m.comps, func(c *component) bool { return c.find(n) != nil }) {
			return fmt.Errorf("the session has no variable %s; %%session lists those it has", n)
		}
	}
	next := &manifest{gen: m.gen + 1}
	for _, c := range m.comps {
		c.vars = slices.DeleteFunc(c.vars, func(v variable) bool { return slices.Contains(names, v.name) })
		if len(c.vars) > 0 {
			next.comps = append(next.comps, c)
		}
	}
	if err := next.write(dir); err != nil {
		return fmt.Errorf("%s could not be forgotten: %w", strings.Join(names, ", "), err)
	}
	sweep(dir, next)
	return nil
}

// Verify reads everything in dir and reports the first file that is damaged.
func Verify(dir string) error {
	m, err := readManifest(dir)
	if err != nil {
		return err
	}
	s := &session{dir: dir}
	for _, c := range m.comps {
		if c.file == "" {
			continue
		}
		if err := s.verify(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) verify(c *component) (err error) {
	defer recoverDamaged(c.file, &err)
	b, err := s.read(c)
	if err != nil {
		return err
	}
	d := &decoder{reader: reader{b, c.file}, c: c}
	d.header()
	for _, r := range d.regions {
		if r.blob != nil {
			if err := r.blob.verify(s.dir); err != nil {
				return err
			}
			if !slices.Contains(c.files, r.blob.file) {
				d.fail("it uses %s, which the manifest does not name", r.blob.file)
			}
		} else if r.form == formMemory {
			for range r.n {
				d.skip(r.d)
			}
		}
	}
	for _, r := range d.regions {
		if r.form == formMap {
			rest := d.b
			n := uintptr(0)
			for i, x := range d.take(8) {
				n |= uintptr(x) << (8 * i)
			}
			d.b = d.take(n)
			d.fillMap(&r)
			if len(d.b) > 0 {
				d.fail("a map is too long")
			}
			d.b = rest[8+n:]
		}
	}
	if len(d.b) > 0 {
		d.fail("it is too long")
	}
	return nil
}

func (b *blob) verify(dir string) error {
	if err := b.check(os.Stat(filepath.Join(dir, b.file))); err != nil {
		return err
	}
	_, err := b.readPatch(dir)
	return err
}
