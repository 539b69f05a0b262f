package session

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"unsafe"
)

// errTorn is why a commit fails that would store values in the middle of a change.
var errTorn = errors.New("the cell's goroutines are still changing its variables, so they could not be stored and are as before the cell; wait for the goroutines, for instance with a sync.WaitGroup, and run it again")

// draft is a component on its way to the disk.
type draft struct {
	component
	leader  int32
	roots   []int
	regions []int32
	table   *table
	values  []byte
}

// commit stores the variables. While other goroutines run it makes sure that they do not change what is stored.
func (s *session) commit(goroutines bool) (err error) {
	if s.dir == "" {
		return nil
	}
	defer recoverDamaged("", &err)
	defer s.resumeGC()
	for _, v := range s.vars {
		if v.Before == nil {
			continue
		}
		if err := v.Before(); err != nil {
			return fmt.Errorf("the variables stay as they were before this cell: %w", err)
		}
	}
	s.collect()
	lost := map[string]*refusal{}
	var g *graph
	var drafts []*draft
	for again := true; again; {
		g, drafts = s.plan(lost)
		again = false
		for _, d := range drafts {
			if bad := s.encode(g, d); bad != nil {
				bad.name = s.rootName(g.root)
				lost[bad.name] = bad
				again = true
				break
			}
		}
	}
	if goroutines {
		if err := s.compare(g, drafts); err != nil {
			return err
		}
	}
	next := &manifest{gen: s.m.gen + 1}
	next.comps = s.others(lost)
	for _, r := range s.roots {
		if bad := lost[r.v.name]; bad != nil {
			s.say("%v", bad)
			next.comps = append(next.comps, &component{vars: []variable{{name: r.v.name, typ: r.v.typ, refused: bad.text()}}})
		}
	}
	return s.store(next, g, drafts)
}

// plan finds what the variables reach and makes the components. Variables that cannot be kept are added to lost.
func (s *session) plan(lost map[string]*refusal) (*graph, []*draft) {
	g := &graph{s: s, blobs: map[int32]*blob{}}
	g.more(s.restored)
	sizes := make([]int64, len(s.roots))
	for i := range s.roots {
		r := &s.roots[i]
		r.at = -1
		if lost[r.v.name] != nil {
			continue
		}
		start := len(g.regions)
		at, bad := g.addRoot(i, r.ptr, r.t)
		if bad != nil {
			bad.name = r.v.name
			lost[r.v.name] = bad
			continue
		}
		r.at = at
		for _, x := range g.regions[start:] {
			sizes[i] += int64(x.bytes())
		}
	}
	g.merge()
	var drafts []*draft
	of := make([]*draft, len(g.regions))
	for i := range s.roots {
		r := &s.roots[i]
		if lost[r.v.name] != nil {
			continue
		}
		var d *draft
		if r.at >= 0 {
			d = of[g.leader(r.at)]
		}
		if d == nil {
			d = &draft{leader: -1}
			drafts = append(drafts, d)
			if r.at >= 0 {
				of[g.leader(r.at)] = d
			}
		}
		d.roots = append(d.roots, i)
		r.v.size, r.v.refused, r.v.preview = sizes[i], "", preview(s.types, r.t, r.ptr)
		d.vars = append(d.vars, r.v)
	}
	for i := range g.regions {
		r := &g.regions[i]
		if r.top != int32(i) {
			continue
		}
		d := of[g.leader(int32(i))]
		if d == nil { // left over from a variable that was given up
			continue
		}
		r.id = uint32(len(d.regions)) + firstID
		d.regions = append(d.regions, int32(i))
		if b := s.blobAt(r.addr()); b != nil {
			g.blobs[int32(i)] = b
		} else if b := s.copied[r.addr()]; b != nil && b.size == r.bytes() && bytes.Equal(b.bytes(), unsafe.Slice((*byte)(r.base), b.size)) {
			g.blobs[int32(i)] = b
		} else if r.t.flat && !r.isMap && r.bytes() >= blobMin {
			g.blobs[int32(i)] = &blob{size: r.bytes(), base: r.base}
		}
	}
	return g, drafts
}

// encode writes the values of a draft.
func (s *session) encode(g *graph, d *draft) (bad *refusal) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *refusal:
			bad = e
		default:
			panic(e)
		}
	}()
	if d.table == nil { // else this is the second time, and types have their numbers
		d.table = &table{ids: map[*typ]uint64{}}
	}
	e := &encoder{g: g, s: s, table: d.table, dynamic: names{}, funcs: names{}, region: -1}
	size := 0
	for _, i := range d.regions {
		if r := &g.regions[i]; g.blobs[i] == nil {
			size += int(r.bytes())
		}
	}
	e.b = make([]byte, 0, size/2+64)
	e.encode(d.regions)
	var last *typ
	for _, i := range d.regions {
		if t := g.regions[i].t; t != last && t.rt.PkgPath() != "" {
			e.dynamic[t.name] = true
			last = t
		}
	}
	d.values, d.dynamic, d.funcs = e.b, e.dynamic.sorted(), e.funcs.sorted()
	return nil
}

// compare encodes a second time. Blobs are compared by nothing: tearing a number in a large array is within a program's rights.
func (s *session) compare(g *graph, drafts []*draft) (err error) {
	s.again = true
	notes := len(s.notes)
	defer func() {
		s.again, s.notes = false, s.notes[:notes]
		if e := recover(); e == error(errTorn) {
			err = errTorn
		} else if e != nil {
			panic(e)
		}
	}()
	for _, d := range drafts {
		second := *d
		if bad := s.encode(g, &second); bad != nil || !bytes.Equal(second.values, d.values) {
			return errTorn
		}
	}
	return nil
}

// others are the components that this cell did not load, without the names that it redefined.
func (s *session) others(lost map[string]*refusal) (keep []*component) {
	ours := map[string]bool{}
	for _, r := range s.roots {
		ours[r.v.name] = true
	}
	for _, c := range s.m.comps {
		if s.loaded[c] && s.frozen[c] == "" {
			continue
		}
		k := *c
		k.vars = slices.DeleteFunc(slices.Clone(c.vars), func(v variable) bool { return ours[v.name] })
		if len(k.vars) > 0 {
			keep = append(keep, &k)
		}
	}
	return keep
}

// store writes the files of a commit. When it fails, those it wrote are removed and the old state is the state.
func (s *session) store(next *manifest, g *graph, drafts []*draft) (err error) {
	var written []string
	defer func() {
		if err != nil {
			for _, f := range written {
				disk.remove(filepath.Join(s.dir, f))
			}
			if damaged := (*Damaged)(nil); !errors.As(err, &damaged) {
				err = &Failed{s.dir, err}
			}
		}
	}()
	heap := &writer{}
	file := "heap-" + strconv.FormatUint(next.gen, 10)
	for _, d := range drafts {
		start := len(heap.b)
		files, err := s.writeDraft(heap, g, d, next.gen)
		written = append(written, files...)
		if err != nil {
			return err
		}
		c := &d.component
		if old := s.same(c, heap.b[start:]); old != nil {
			heap.b = heap.b[:start]
			c.file, c.off, c.len, c.crc = old.file, old.off, old.len, old.crc
		} else {
			c.file, c.off, c.len, c.crc = file, int64(start), int64(len(heap.b)-start), checksum(heap.b[start:])
		}
		next.comps = append(next.comps, c)
	}
	s.compact(heap, next, file)
	if len(heap.b) > 0 {
		written = append(written, file)
		if err := disk.write(filepath.Join(s.dir, file), heap.b); err != nil {
			return err
		}
	}
	if err := next.write(s.dir); err != nil {
		return err
	}
	sweepAfter(s.dir, s.m, next)
	s.m = next
	return nil
}

// same finds the loaded component that has the very bytes already.
func (s *session) same(c *component, b []byte) *component {
	for old := range s.loaded {
		if len(old.raw) == len(b) && old.vars[0].name == c.vars[0].name && bytes.Equal(old.raw, b) {
			return old
		}
	}
	return nil
}

// compact moves components out of files of which less than half is alive. They do not depend on where they are.
func (s *session) compact(heap *writer, next *manifest, file string) {
	alive := map[string]int64{}
	for _, c := range next.comps {
		alive[c.file] += c.len
	}
	dead := map[string]bool{}
	for f, n := range alive {
		if f != "" && f != file {
			st, err := os.Stat(filepath.Join(s.dir, f))
			dead[f] = err == nil && st.Size() > 2*n+page // a missing file is reported to who needs it
		}
	}
	for _, c := range next.comps {
		if !dead[c.file] {
			continue
		}
		b, err := s.read(c)
		if err != nil {
			continue
		}
		c.file, c.off = file, int64(len(heap.b))
		heap.b = append(heap.b, b...)
	}
}

// writeDraft appends the bytes of a component.
func (s *session) writeDraft(w *writer, g *graph, d *draft, gen uint64) (written []string, err error) {
	head := &writer{}
	head.u(uint64(len(d.roots)))
	for _, i := range d.roots {
		r := &s.roots[i]
		head.str(r.v.name)
		if r.at >= 0 {
			head.u(uint64(g.regions[g.regions[r.at].top].id))
		} else {
			head.u(0)
		}
		head.u(d.table.idOf(r.t))
	}
	head.u(uint64(len(d.regions)))
	for i := 0; i < len(d.regions); {
		r := &g.regions[d.regions[i]]
		if b := g.blobs[d.regions[i]]; b != nil {
			saved, files, err := b.save(s.dir, fmt.Sprintf("%d-%s-%d", gen, strconv.Itoa(d.roots[0]), i))
			written = append(written, files...)
			if err != nil {
				return written, err
			}
			head.u(formBlob)
			head.u(d.table.idOf(r.t))
			head.u(uint64(r.n))
			head.str(saved.file)
			head.u(uint64(saved.size))
			head.u(uint64(saved.stamp))
			head.str(saved.patch)
			head.u(uint64(saved.crc))
			d.files = append(d.files, saved.file)
			if saved.patch != "" {
				d.files = append(d.files, saved.patch)
			}
			i++
			continue
		}
		j := i + 1
		for j < len(d.regions) {
			if x := &g.regions[d.regions[j]]; x.t != r.t || x.n != r.n || x.isMap != r.isMap || x.t.flat && g.blobs[d.regions[j]] != nil {
				break
			}
			j++
		}
		if r.isMap {
			head.u(formMap)
			head.u(d.table.idOf(r.t))
		} else {
			head.u(formMemory)
			head.u(d.table.idOf(r.t))
			head.u(uint64(r.n))
		}
		head.u(uint64(j - i))
		i = j
	}
	d.table.write(w)
	w.b = append(w.b, head.b...)
	w.b = append(w.b, d.values...)
	return written, nil
}
