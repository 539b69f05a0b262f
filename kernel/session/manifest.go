package session

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// On disk a session is a directory:
//
//	manifest     which components there are; replaced by rename, so it is the commit
//	heap-GEN     the components that commit GEN wrote
//	blob-GEN-N   the memory of one large pointer-free region; never changed once written
//	patch-GEN-N  the pages of a blob that a cell changed
//
// Nothing is synced: a rename is enough against the death of a process, which is all that can happen between two cells of a
// live kernel, and checksums find what a power cut leaves behind. [Save] does sync.
type manifest struct {
	gen   uint64
	comps []*component
}

// component is a set of variables that share memory: the unit of reading and of writing. Its bytes carry their own table of
// types, so a component can be moved from file to file as it is.
type component struct {
	file     string
	off, len int64
	crc      uint32
	vars     []variable
	dynamic  []string // named types in its interfaces and regions, which the next cell's program should link
	funcs    []string // functions, and "var pkg.V", that it refers to
	files    []string // blobs and patches
	raw      []byte   // its bytes, when loaded
}

type variable struct {
	name, typ, preview string
	size               int64
	refused            string // why it could not be kept; "" when it was
}

const (
	manifestFile = "manifest"
	magic        = "spikebook session 2\n"
)

func (m *manifest) encode() []byte {
	w := &writer{b: []byte(magic)}
	w.u(m.gen)
	w.u(uint64(len(m.comps)))
	for _, c := range m.comps {
		w.str(c.file)
		w.u(uint64(c.off))
		w.u(uint64(c.len))
		w.u(uint64(c.crc))
		w.u(uint64(len(c.vars)))
		for _, v := range c.vars {
			w.str(v.name)
			w.str(v.typ)
			w.str(v.preview)
			w.u(uint64(v.size))
			w.str(v.refused)
		}
		w.strs(c.dynamic)
		w.strs(c.funcs)
		w.strs(c.files)
	}
	return binary.LittleEndian.AppendUint32(w.b, checksum(w.b))
}

func decodeManifest(b []byte) (m *manifest, err error) {
	defer recoverDamaged(manifestFile, &err)
	r := &reader{b, manifestFile}
	if !strings.HasPrefix(string(b), magic) || len(b) < len(magic)+4 {
		r.fail("it is no manifest of this version")
	}
	n := len(b) - 4
	if checksum(b[:n]) != binary.LittleEndian.Uint32(b[n:]) {
		r.fail("its checksum differs")
	}
	r.b = b[len(magic):n]
	m = &manifest{gen: r.u()}
	for range r.count() {
		c := &component{file: r.str(), off: int64(r.small(1 << 50)), len: int64(r.small(1 << 50)), crc: uint32(r.u())}
		for range r.count() {
			c.vars = append(c.vars, variable{name: r.str(), typ: r.str(), preview: r.str(), size: int64(r.small(1 << 50)), refused: r.str()})
		}
		c.dynamic, c.funcs, c.files = r.strs(), r.strs(), r.strs()
		for _, f := range append(c.files, c.file) {
			if f != "" && !plainName(f) {
				r.fail("it names the file %q", f)
			}
		}
		m.comps = append(m.comps, c)
	}
	if len(r.b) > 0 {
		r.fail("it is too long")
	}
	return m, nil
}

// plainName keeps a damaged or foreign file from leading out of the session's folder.
func plainName(f string) bool { return f == filepath.Base(f) && f != "." && f != ".." && f != "/" }

// readManifest gives an empty manifest for a folder without one.
func readManifest(dir string) (*manifest, error) {
	b, err := disk.read(filepath.Join(dir, manifestFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &manifest{}, nil
	case err != nil:
		return nil, &Damaged{manifestFile, err.Error()}
	}
	return decodeManifest(b)
}

// write replaces the manifest of dir: the moment of commit.
func (m *manifest) write(dir string) error {
	tmp := filepath.Join(dir, "manifest.new")
	err := disk.write(tmp, m.encode())
	if err == nil {
		err = disk.rename(tmp, filepath.Join(dir, manifestFile))
	}
	if err != nil {
		disk.remove(tmp)
	}
	return err
}

func (c *component) find(name string) *variable {
	for i := range c.vars {
		if c.vars[i].name == name {
			return &c.vars[i]
		}
	}
	return nil
}

func (c *component) names() (l []string) {
	for _, v := range c.vars {
		l = append(l, v.name)
	}
	return l
}
