package session

import (
	"reflect"
	"unsafe"
)

// region is a piece of memory that is written once, however many pointers lead into it: n values of t at base, or a map.
// It grows while larger views of the same memory are found.
type region struct {
	base  unsafe.Pointer
	t     *typ
	n     int
	slot  uintptr // where it was first met, for messages
	from  int32   // the region of that slot; -1 for variables
	root  int32   // the variable whose walk found it
	top   int32   // after merge: the region that contains it, mostly itself
	up    int32   // union-find: regions that are in one component
	id    uint32  // in its component
	isMap bool
}

func (r *region) addr() uintptr { return uintptr(r.base) }
func (r *region) end() uintptr  { return uintptr(r.base) + r.bytes() }
func (r *region) bytes() uintptr {
	if r.isMap {
		return 1
	}
	return uintptr(r.n) * r.t.size
}

// graph is what the variables of a program reach.
type graph struct {
	s       *session
	regions []region
	table   []int32 // open addressing by base address: index into regions, plus one
	queue   []int32
	pairs   map[int32]*pairs // of the maps whose entries were walked
	blobs   map[int32]*blob
	cur     int32
	root    int32
	bad     *refusal // set by the walk of a variable that cannot be kept
	undo    []grown
	weak    []weakRef
	sorted  []int32 // after merge: regions that are their own top, by address
	depth   int
}

type grown struct {
	region int32
	t      *typ
	n      int
}

// weakRef is an address that keeps nothing alive but joins components when it leads into kept memory.
type weakRef struct {
	from int32
	addr uintptr
}

func hashAddr(a uintptr) uint64 { return uint64(a>>3) * 0x9e3779b97f4a7c15 >> 20 }

// more makes room at once for as many regions as were restored.
func (g *graph) more(n int) {
	g.regions = make([]region, 0, n+n/8+16)
	size := 64
	for size < 2*(n+n/8) {
		size *= 4
	}
	g.table = make([]int32, size)
}

func (g *graph) lookup(a uintptr) int32 {
	if len(g.table) == 0 {
		return -1
	}
	mask := uint64(len(g.table) - 1)
	for h := hashAddr(a) & mask; ; h = (h + 1) & mask {
		i := g.table[h] - 1
		if i < 0 || g.regions[i].addr() == a {
			return i
		}
	}
}

func (g *graph) insert(i int32) {
	if (len(g.regions)+1)*2 > len(g.table) {
		if len(g.table) == manyRegions {
			g.s.pauseGC()
		}
		g.rehash(max(64, len(g.table)*4))
		return
	}
	g.place(i)
}

func (g *graph) place(i int32) {
	mask := uint64(len(g.table) - 1)
	h := hashAddr(g.regions[i].addr()) & mask
	for g.table[h] != 0 {
		h = (h + 1) & mask
	}
	g.table[h] = i + 1
}

func (g *graph) rehash(n int) {
	g.table = make([]int32, n)
	for i := range g.regions {
		g.place(int32(i))
	}
}

// addRoot finds everything that a variable reaches, or nothing when a part of it cannot be kept.
func (g *graph) addRoot(root int, p unsafe.Pointer, t *typ) (region int32, bad *refusal) {
	start := len(g.regions)
	weak := len(g.weak)
	g.undo, g.bad, g.cur, g.root = g.undo[:0], nil, -1, int32(root)
	i := g.add(p, t, 1, false, nil)
	if i >= 0 { // the variable's own type wins over what pointers to it said
		r := &g.regions[i]
		if vt, n := flatten(t, 1); vt != r.t && uintptr(n)*vt.size == r.bytes() {
			g.undo = append(g.undo, grown{i, r.t, r.n})
			r.t, r.n = vt, n
		}
	}
	for len(g.queue) > 0 && g.bad == nil {
		i := g.queue[len(g.queue)-1]
		g.queue = g.queue[:len(g.queue)-1]
		g.visit(i)
	}
	if g.bad == nil {
		if i >= 0 {
			g.regions[i].from, g.regions[i].root = -1, int32(root)
		}
		return i, nil
	}
	for i := len(g.undo) - 1; i >= 0; i-- {
		u := g.undo[i]
		g.regions[u.region].t, g.regions[u.region].n = u.t, u.n
	}
	// Components that this walk joined stay joined: that costs reading more than needed, no more.
	g.regions, g.weak, g.queue = g.regions[:start], g.weak[:weak], g.queue[:0]
	g.rehash(len(g.table))
	return -1, g.bad
}

func (g *graph) add(p unsafe.Pointer, t *typ, n int, isMap bool, slot unsafe.Pointer) int32 {
	a := uintptr(p)
	if !isMap {
		if t.n > 0 {
			t, n = flatten(t, n)
		}
		if n == 0 || t.size == 0 {
			return -1
		}
		if _, ok := g.s.globals.at(a, uintptr(n)*t.size); ok {
			return -1
		}
		if b := g.s.blobAt(a); b != nil { // part of a mapped file: that file is the region
			p, a, n = b.base, uintptr(b.base), int(b.size/t.size)
			if b.size%t.size != 0 {
				t, n = g.s.types.bytes, int(b.size)
			}
		}
	}
	i := g.lookup(a)
	if i >= 0 {
		g.join(g.cur, i)
		r := &g.regions[i]
		if r.t == t && r.n >= n || isMap || r.isMap {
			return i
		}
		size := uintptr(n) * t.size
		if size < r.bytes() || size == r.bytes() && (r.from < 0 || holds(r.t, r.n, 0, t, n) && !betterFlat(t, r.t)) {
			return i
		}
		g.undo = append(g.undo, grown{i, r.t, r.n})
		r.t, r.n = t, n
	} else {
		i = int32(len(g.regions))
		g.regions = append(g.regions, region{base: p, t: t, n: n, isMap: isMap, slot: uintptr(slot), from: g.cur, root: g.root, top: i, up: i})
		g.insert(i)
		g.join(g.cur, i)
	}
	if isMap || !t.flat {
		g.queue = append(g.queue, i)
	}
	return i
}

// betterFlat prefers a typed view of pointer-free memory to a view as bytes.
func betterFlat(t, old *typ) bool {
	return t.flat && old.flat && t.size > old.size && old.rt.Kind() == reflect.Uint8
}

func (g *graph) leader(i int32) int32 {
	for g.regions[i].up != i {
		up := &g.regions[g.regions[i].up]
		g.regions[i].up = up.up
		i = g.regions[i].up
	}
	return i
}

func (g *graph) join(i, j int32) {
	if i < 0 || j < 0 {
		return
	}
	a, b := g.leader(i), g.leader(j)
	if a < b { // the older one leads, so that an undone walk leaves few traces
		g.regions[b].up = a
	} else {
		g.regions[a].up = b
	}
}

func (g *graph) visit(i int32) {
	g.cur = i
	r := &g.regions[i]
	base, t, n := r.base, r.t, r.n
	if r.isMap {
		if t.key.flat && t.elem.flat {
			return
		}
		ps := readPairs(t, base)
		if g.pairs == nil {
			g.pairs = map[int32]*pairs{}
		}
		g.pairs[i] = ps
		for j := range ps.n {
			g.walk(t.key, ps.key(j))
			g.walk(t.elem, ps.elem(j))
		}
		return
	}
	if t.size == 0 {
		return
	}
	for j := 0; j < n && g.bad == nil; j++ {
		g.walk(t, unsafe.Add(base, uintptr(j)*t.size))
	}
}

func (g *graph) walk(t *typ, p unsafe.Pointer) {
	ops := t.code()
	for i := range ops {
		o := &ops[i]
		if o.k == kFlat {
			continue
		}
		g.walkOp(o, unsafe.Add(p, o.off))
	}
}

func (g *graph) walkOp(o *op, q unsafe.Pointer) {
	switch o.k {
	case kPtr:
		if to := *(*unsafe.Pointer)(q); to != nil {
			g.add(to, o.t.elem, 1, false, q)
		}
	case kString:
		if s := *(*string)(q); len(s) >= longString {
			g.add(unsafe.Pointer(unsafe.StringData(s)), g.s.types.bytes, len(s), false, q)
		}
	case kSlice:
		if s := (*sliceHeader)(q); s.data != nil {
			g.add(s.data, o.t.elem, s.cap, false, q)
		}
	case kMap:
		if to := *(*unsafe.Pointer)(q); to != nil {
			g.add(to, o.t, 1, true, q)
		}
	case kIface:
		if d := g.s.types.dynamic(o.t, q); d != nil {
			if g.depth++; g.depth < maxDepth {
				g.walk(d, inside(d, q))
			}
			g.depth--
		}
	case kArray:
		for j := range o.t.n {
			g.walk(o.t.elem, unsafe.Add(q, uintptr(j)*o.t.elem.size))
		}
	case kTime:
		for _, f := range o.t.fields {
			g.walk(f.t, unsafe.Add(q, f.off))
		}
	case kSyncMap:
		for _, kv := range readSyncMap(q) {
			g.walk(g.s.types.any, unsafe.Pointer(&kv[0]))
			g.walk(g.s.types.any, unsafe.Pointer(&kv[1]))
		}
	case kValue:
		if v, ok := boxed(q); ok {
			g.walk(g.s.types.any, unsafe.Pointer(&v))
		} else {
			g.refuse(g.cur, q, o.t)
		}
	case kFunc:
		if to := *(*unsafe.Pointer)(q); to != nil {
			if m := g.s.method(to); m != nil && m.recv != nil {
				g.walk(m.recv, m.at)
			} else if o.t.owned && (m != nil || !kept(to)) {
				g.refuseWhy(g.cur, q, "a function that its package needs ("+funcName(to)+")", makeHere)
			}
		}
	case kUnsafe, kAddr:
		if a := *(*uintptr)(q); a != 0 {
			g.weak = append(g.weak, weakRef{g.cur, a})
		}
	case kRefuse:
		if !isZero(q, o.size) {
			g.refuse(g.cur, q, o.t)
		}
	}
}

const (
	manyRegions = 64 << 8 // a table of this size does not go back to the garbage collector's ordinary pace
	longString  = 256     // from here on a string's bytes are a region of their own, so that copies of a string stay one
	maxDepth    = 200_000 // interfaces inside interfaces are written inline, hence recursively
)

type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

func isZero(p unsafe.Pointer, n uintptr) bool {
	for _, b := range unsafe.Slice((*byte)(p), n) {
		if b != 0 {
			return false
		}
	}
	return true
}
