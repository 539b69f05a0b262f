package session

// merge makes regions that overlap one (an array and a pointer into it, slices of one array, bytes over floats) and puts
// them in the order of their addresses.
func (g *graph) merge() {
	order := g.byAddress()
	out := order[:0]
	for _, i := range order {
		r := &g.regions[i]
		if len(out) == 0 || g.regions[out[len(out)-1]].end() <= r.addr() {
			r.top = i
			out = append(out, i)
			continue
		}
		top := out[len(out)-1]
		c := &g.regions[top]
		off := r.addr() - c.addr()
		switch grows := r.end() > c.end(); {
		case !grows && holds(c.t, c.n, off, r.t, r.n):
		case !grows && c.t.flat && r.t.flat:
		case grows && c.t == r.t && off%c.t.size == 0:
			c.n = int((r.end() - c.addr()) / c.t.size)
		case grows && c.t.flat && r.t.flat:
			size := r.end() - c.addr()
			if off%r.t.size == 0 && size%r.t.size == 0 {
				c.t, c.n = r.t, int(size/r.t.size)
			} else {
				c.t, c.n = g.s.types.bytes, int(size)
			}
		default: // the same memory under two types: found again, and refused, where the pointer is written
		}
		r.top = top
		g.join(top, i)
	}
	g.sorted = out
	for _, w := range g.weak {
		if i, ok := g.find(w.addr, 1); ok {
			g.join(w.from, i)
		}
	}
}

// byAddress is a radix sort: Go's allocations come in runs, and comparing them one by one is most of a commit's time.
func (g *graph) byAddress() []int32 {
	n := len(g.regions)
	order := make([]int32, n)
	if n == 0 {
		return order
	}
	lo, hi := g.regions[0].addr(), uintptr(0)
	for i := range g.regions {
		lo, hi = min(lo, g.regions[i].addr()), max(hi, g.regions[i].addr())
	}
	type key struct {
		a uintptr
		i int32
	}
	keys, other := make([]key, n), make([]key, n)
	for i := range g.regions {
		keys[i] = key{g.regions[i].addr() - lo, int32(i)}
	}
	const bits = 11
	var count [1 << bits]int32
	for shift := 0; (hi-lo)>>shift != 0; shift += bits {
		clear(count[:])
		for _, k := range keys {
			count[k.a>>shift&(1<<bits-1)]++
		}
		if count[keys[0].a>>shift&(1<<bits-1)] == int32(n) {
			continue
		}
		sum := int32(0)
		for d := range count {
			sum, count[d] = sum+count[d], sum
		}
		for _, k := range keys {
			d := k.a >> shift & (1<<bits - 1)
			other[count[d]] = k
			count[d]++
		}
		keys, other = other, keys
	}
	for i, k := range keys {
		order[i] = k.i
	}
	return order
}

// find is the region that contains the n bytes at a.
func (g *graph) find(a, n uintptr) (int32, bool) {
	i := g.lookup(a)
	if i >= 0 {
		i = g.regions[i].top
	} else {
		lo, hi := 0, len(g.sorted)
		for lo < hi {
			if m := int(uint(lo+hi) / 2); g.regions[g.sorted[m]].addr() > a {
				hi = m
			} else {
				lo = m + 1
			}
		}
		if lo == 0 {
			return 0, false
		}
		i = g.sorted[lo-1]
	}
	if a+n > g.regions[i].end() {
		return 0, false
	}
	return i, true
}
