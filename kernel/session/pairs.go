package session

import (
	"cmp"
	"reflect"
	"slices"
	"sync"
	"unsafe"
)

// pairs are copies of a map's entries, by key where keys have an order: the same map then gives the same bytes in every process.
type pairs struct {
	t          *typ
	n          int
	keys, vals unsafe.Pointer
	order      []int32
	sorted     bool
}

func readPairs(t *typ, base unsafe.Pointer) *pairs {
	m := reflect.NewAt(t.rt, unsafe.Pointer(&base)).Elem()
	n := m.Len()
	ps := &pairs{t: t, order: make([]int32, 0, n)}
	if n == 0 {
		return ps
	}
	ks, vs := reflect.MakeSlice(reflect.SliceOf(t.key.rt), n, n), reflect.MakeSlice(reflect.SliceOf(t.elem.rt), n, n)
	ps.keys, ps.vals = ks.UnsafePointer(), vs.UnsafePointer()
	for it := m.MapRange(); ps.n < n && it.Next(); ps.n++ {
		ks.Index(ps.n).SetIterKey(it)
		vs.Index(ps.n).SetIterValue(it)
		ps.order = append(ps.order, int32(ps.n))
	}
	switch t.key.rt.Kind() {
	case reflect.String:
		sortPairs[string](ps)
	case reflect.Int, reflect.Int64:
		sortPairs[int64](ps)
	case reflect.Int32:
		sortPairs[int32](ps)
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		sortPairs[uint64](ps)
	case reflect.Uint32:
		sortPairs[uint32](ps)
	case reflect.Int16, reflect.Uint16:
		sortPairs[uint16](ps)
	case reflect.Int8, reflect.Uint8, reflect.Bool:
		sortPairs[uint8](ps)
	}
	return ps
}

func sortPairs[K cmp.Ordered](ps *pairs) {
	keys := unsafe.Slice((*K)(ps.keys), ps.n)
	slices.SortFunc(ps.order, func(i, j int32) int { return cmp.Compare(keys[i], keys[j]) })
	ps.sorted = true
}

func (ps *pairs) key(i int) unsafe.Pointer {
	return unsafe.Add(ps.keys, uintptr(ps.order[i])*ps.t.key.size)
}

func (ps *pairs) elem(i int) unsafe.Pointer {
	return unsafe.Add(ps.vals, uintptr(ps.order[i])*ps.t.elem.size)
}

func readSyncMap(p unsafe.Pointer) (list [][2]any) {
	(*sync.Map)(p).Range(func(k, v any) bool {
		list = append(list, [2]any{k, v})
		return true
	})
	return list
}
