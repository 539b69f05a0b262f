package session

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"unsafe"
)

// decoder reads one component.
type decoder struct {
	reader
	s       *session
	c       *component
	table   *table
	vars    []storedVar
	regions []stored
	later   []func() // maps are filled when all other memory is, because hashing reads keys
	depth   int
	inMap   bool
}

type storedVar struct {
	name string
	id   uint64 // of its region, 0: no memory
	d    *desc
	want *typ // this program's type for it
}

// stored is a region as it was written, and where its values go.
type stored struct {
	d    *desc
	n    int
	form uint8
	t    *typ // nil: its type is not linked
	tn   int
	base unsafe.Pointer
	blob *blob
}

// read gives the bytes of a component. Small files are read once, for all the components in them.
func (s *session) read(c *component) ([]byte, error) {
	b, ok := s.heaps[c.file]
	if !ok {
		f, err := os.Open(filepath.Join(s.dir, c.file))
		if err != nil {
			return nil, &Damaged{c.file, err.Error()}
		}
		defer f.Close()
		st, err := f.Stat()
		if err != nil || c.off+c.len > st.Size() {
			return nil, &Damaged{c.file, "it is too short"}
		}
		at, n := c.off, c.len
		if st.Size() < manyBytes {
			at, n = 0, st.Size()
		}
		b = make([]byte, n)
		if _, err := f.ReadAt(b, at); err != nil {
			return nil, &Damaged{c.file, err.Error()}
		}
		if n == st.Size() {
			if s.heaps == nil {
				s.heaps = map[string][]byte{}
			}
			s.heaps[c.file] = b
			b = b[c.off:][:c.len]
		}
	} else if c.off+c.len > int64(len(b)) {
		return nil, &Damaged{c.file, "it is too short"}
	} else {
		b = b[c.off:][:c.len]
	}
	if checksum(b) != c.crc {
		return nil, &Damaged{c.file, "its checksum differs"}
	}
	return b, nil
}

// load restores a component: the variables of this program straight into place, the others on the heap.
func (s *session) load(c *component, vars map[string]*Var) (err error) {
	defer recoverDamaged(c.file, &err)
	for _, v := range c.vars {
		if v.refused != "" && vars[v.name] != nil {
			return &NotKept{v.name, v.refused}
		}
	}
	if c.vars[0].refused != "" {
		return nil
	}
	if c.len > manyBytes {
		s.pauseGC()
	}
	if c.raw, err = s.read(c); err != nil {
		return err
	}
	s.loaded[c] = true
	return s.parse(c, vars)
}

const manyBytes = 256 << 10

// NotKept is the error for a cell that uses a variable whose value could not be kept.
type NotKept struct{ Name, Reason string }

func (e *NotKept) Error() string { return e.Name + " was not kept: " + e.Reason }

// Missing is the error for a cell that cannot hold a part of a variable it uses: half of a value would be worse.
type Missing struct {
	Names []string // the variables that share memory with that part
	What  string
}

func (e *Missing) Error() string {
	return fmt.Sprintf("%s cannot be used in this cell: it holds %s; make it again in this cell", strings.Join(e.Names, ", "), e.What)
}

func (d *decoder) miss(what string) {
	panic(&Missing{d.c.names(), what})
}

func (s *session) parse(c *component, vars map[string]*Var) (err error) {
	defer recoverDamaged(c.file, &err)
	d := &decoder{reader: reader{c.raw, c.file}, s: s, c: c}
	d.header()
	s.restored += len(d.regions)
	d.vars = slices.DeleteFunc(d.vars, func(v storedVar) bool { return c.find(v.name) == nil }) // forgotten, or redefined since
	for i := range d.vars {                                                                     // static types of this program's variables decide what the stored types mean here
		v := &d.vars[i]
		if want := vars[v.name]; want != nil {
			if err := d.place(v, reflect.ValueOf(want.Ptr)); err != nil {
				return err
			}
		}
	}
	for i := range d.regions {
		if d.regions[i].base == nil {
			if err := d.allocate(&d.regions[i]); err != nil {
				return err
			}
		}
	}
	sort.Slice(s.blobs, func(i, j int) bool { return uintptr(s.blobs[i].base) < uintptr(s.blobs[j].base) })
	d.values()
	for i := range d.vars {
		if v := &d.vars[i]; vars[v.name] == nil {
			d.hide(v)
		}
	}
	return nil
}

// header reads the component up to the values.
func (d *decoder) header() {
	d.table = readTable(&d.reader)
	for range d.count() {
		d.vars = append(d.vars, storedVar{name: d.str(), id: d.u(), d: d.table.desc(d.u(), &d.reader)})
	}
	total := d.small(uint64(len(d.b))) // a region takes a byte at least
	need := uint64(0)                  // of the bytes of values
	d.regions = make([]stored, 0, total)
	for uint64(len(d.regions)) < total {
		form := d.small(formBlob)
		r := stored{d: d.table.desc(d.u(), &d.reader), n: 1, form: uint8(form)}
		times := uint64(1)
		if form != formMap {
			r.n = int(d.small(1 << 40))
		}
		if form == formBlob {
			r.blob = &blob{file: d.str(), size: uintptr(d.small(1 << 45)), stamp: int64(d.u()), patch: d.str(), crc: uint32(d.u())}
			if r.d.k != kFlat || r.d.size == 0 || r.blob.size == 0 || uintptr(r.n) != r.blob.size/r.d.size || r.blob.size%r.d.size != 0 || !plainName(r.blob.file) || r.blob.patch != "" && !plainName(r.blob.patch) {
				d.fail("blob %q does not fit", r.blob.file)
			}
		} else if times = d.u(); times == 0 || times > total-uint64(len(d.regions)) {
			d.fail("more regions than announced")
		}
		if (form == formMap) != (r.d.k == kMap && form == formMap) || form == formMemory && (r.d.size == 0 || r.n == 0) {
			d.fail("a region cannot be a %s", r.d.text)
		}
		if form == formMemory { // before memory is set aside for them
			d.fits(r.d, uint64(r.n))
			if need += times * uint64(r.n) * uint64(r.d.min); times > uint64(len(d.b)) || need > uint64(len(d.b)) {
				d.fail("more values than bytes")
			}
		}
		for range times {
			d.regions = append(d.regions, r)
		}
	}
}

// fits makes sure that n values can be in the bytes that are left, before memory is set aside for them.
func (d *decoder) fits(ds *desc, n uint64) {
	if ds.min > 0 && n > uint64(len(d.b))/uint64(ds.min) {
		d.fail("%d values of %s in %d bytes", n, ds.text, len(d.b))
	}
}

// place makes a variable's own memory the region's.
func (d *decoder) place(v *storedVar, ptr reflect.Value) error {
	v.want = d.s.types.of(ptr.Type().Elem())
	if v.want.size == 0 || v.d.size == 0 || v.id == 0 {
		return nil
	}
	if m := d.s.match(v.d, v.want); !m.ok {
		d.s.say("%s: %s: starts from zero", v.name, change(v.d, v.want))
		v.id = 0
		return nil
	}
	r := d.regionOf(v)
	d.s.pair(v.d, v.want)
	t, tn := flatten(v.want, 1)
	fd, fn := flattenDesc(v.d)
	if fd != r.d || fn != r.n || r.base != nil || r.form == formMap {
		d.fail("variable %s has another shape", v.name)
	}
	r.t, r.tn, r.base = t, tn, ptr.UnsafePointer()
	if r.blob != nil { // a large array variable: its memory has a place already
		if err := r.blob.mapFile(d.s.dir); err != nil {
			return err
		}
		if d.s.copied == nil {
			d.s.copied = map[uintptr]*blob{}
		}
		d.s.copied[uintptr(r.base)] = r.blob
	}
	return nil
}

func (d *decoder) regionOf(v *storedVar) *stored {
	if v.id < firstID || v.id-firstID >= uint64(len(d.regions)) {
		d.fail("variable %s is missing", v.name)
	}
	return &d.regions[v.id-firstID]
}

func (d *decoder) allocate(r *stored) error {
	t := d.s.resolve(r.d)
	if t == nil || t.size == 0 {
		return nil
	}
	r.t, r.tn = t, r.n
	switch {
	case r.form == formMap:
		if t.k != kMap {
			d.fail("a region is no map")
		}
		r.base = reflect.MakeMap(t.rt).UnsafePointer()
	case r.blob != nil:
		if err := r.blob.mapFile(d.s.dir); err != nil {
			return err
		}
		if d.s.match(r.d, t).same {
			r.base = r.blob.base
			d.s.blobs = append(d.s.blobs, r.blob)
			return nil
		}
		r.base = allocate(t, r.n)
	default:
		if t.size > r.d.size && uintptr(r.n) > 1<<44/t.size {
			d.fail("a region is too large")
		}
		r.base = allocate(t, r.n)
	}
	return nil
}

func allocate(t *typ, n int) unsafe.Pointer {
	if n == 1 {
		return unsafeNew(t.word)
	}
	return reflect.MakeSlice(reflect.SliceOf(t.rt), n, n).UnsafePointer()
}

// unsafeNew is reflect.New without the way there.
//
//go:linkname unsafeNew reflect.unsafe_New
func unsafeNew(word unsafe.Pointer) unsafe.Pointer

// values fills memory, then maps.
func (d *decoder) values() {
	for i := range d.regions {
		r := &d.regions[i]
		if r.form == formMap {
			continue
		}
		if r.blob != nil {
			if r.base != nil && r.base != r.blob.base {
				rest := d.b
				d.b = r.blob.bytes()
				d.fill(r)
				d.b = rest
			}
			continue
		}
		d.fits(r.d, uint64(r.n))
		d.fill(r)
	}
	for i := range d.regions {
		r := &d.regions[i]
		if r.form != formMap {
			continue
		}
		n := binary.LittleEndian.Uint64(d.take(8))
		if n > uint64(len(d.b)) {
			d.fail("a map ends early")
		}
		b := d.take(uintptr(n))
		d.later = append(d.later, func() {
			d.b = b
			d.inMap = true
			d.fillMap(r)
			d.inMap = false
			if len(d.b) > 0 {
				d.fail("a map is too long")
			}
		})
	}
	if len(d.b) > 0 {
		d.fail("it is too long")
	}
	for i := 0; i < len(d.later); i++ {
		d.later[i]()
	}
}

// hide keeps a variable that this program does not declare, for the commit.
func (d *decoder) hide(v *storedVar) {
	h := hidden{v: *d.c.find(v.name)}
	h.t = d.s.resolve(v.d)
	if v.id != 0 {
		r := d.regionOf(v)
		h.ptr = r.base
		if h.t == nil || r.t == nil || h.t.size != uintptr(r.tn)*r.t.size {
			h.t = nil
		}
	} else if h.t != nil {
		h.ptr = reflect.New(h.t.rt).UnsafePointer()
	}
	if h.t == nil {
		d.s.freeze(d.c, v.name+" has the type "+v.d.text+", which this cell does not link")
		return
	}
	d.s.hidden = append(d.s.hidden, h)
}
