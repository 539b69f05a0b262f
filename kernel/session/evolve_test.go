package session

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Two types of the same name, of different functions, stand in for the type before and after a redefinition.

func before() any {
	type T struct {
		A    int
		Gone string
		B    []float64
		C    int8
		In   *int
		arr  [3]int
	}
	type V struct {
		X, Y *T
		L    []T
		M    map[string]T
	}
	x := &T{A: 1, Gone: "x", B: []float64{1, 2}, C: 3, arr: [3]int{7, 8, 9}}
	x.In = &x.arr[2]
	return &V{x, x, []T{{A: 4}, {A: 5}}, map[string]T{"k": {A: 6, C: 1}}}
}

func TestEvolve(t *testing.T) {
	type T struct {
		arr [3]int
		B   []float64
		New string
		C   string
		A   int
		In  *int
	}
	type V struct {
		X, Y *T
		L    []T
		M    map[string]T
	}
	dir, w := t.TempDir(), &V{}
	commit(t, dir, before())
	s := restore(t, dir, w)
	if w.X == nil || w.X != w.Y || w.X.A != 1 || len(w.X.B) != 2 || w.X.C != "" || w.X.In != &w.X.arr[2] || *w.X.In != 9 || w.L[1].A != 5 || w.M["k"].A != 6 {
		t.Errorf("%+v", w)
	}
	want := []string{"session.T.Gone is gone: its values are dropped", "session.T.C was int8, is now string: starts from zero"}
	if !reflect.DeepEqual(s.notes, want) {
		t.Errorf("%q", s.notes)
	}
}

func flatBefore() any {
	type T struct {
		A int32
		B [2]int16
		C bool
	}
	type V struct {
		X T
		L []T
		N int
	}
	return &V{T{1, [2]int16{2, 3}, true}, []T{{A: 9}}, 5}
}

func TestEvolveFlat(t *testing.T) {
	type T struct {
		B [3]int16
		C bool
		P *int
		A int32
	}
	type V struct {
		X T
		L []T
		N string
	}
	dir, w := t.TempDir(), &V{}
	commit(t, dir, flatBefore())
	s := restore(t, dir, w)
	if !reflect.DeepEqual(w.X, T{B: [3]int16{2, 3}, C: true, A: 1}) || w.L[0].A != 9 || w.N != "" {
		t.Errorf("%+v", w)
	}
	if got := strings.Join(s.notes, "\n"); got != "N: was int, is now string: starts from zero" {
		t.Error(got)
	}
}

// TestNoMore: a value that no longer implements the interface that holds it is refused, not made nil.
func TestNoMore(t *testing.T) {
	type I interface{ Sound() string }
	type V struct{ A I }
	dir := t.TempDir()
	commit(t, dir, silent())
	_, err := open(dir, vars(&V{})...)
	if want := "A cannot be used in this cell: it holds a session.named, which does not implement session.I (*session.named does); make it again in this cell"; err == nil || err.Error() != want {
		t.Error(err)
	}
}

func silent() any {
	type I interface{ Len() int }
	type V struct{ A I }
	return &V{named("x")}
}

type named string

func (n named) Len() int       { return len(n) }
func (n *named) Sound() string { return string(*n) }

// TestUnlinked: a program without a type that was stored shows what it lacks, and leaves the stored values as they are.
func TestUnlinked(t *testing.T) {
	dir := t.TempDir()
	type V struct {
		X any
		E error
		S *node
		N int
	}
	type A struct{ An animal }
	v := &V{X: &dog{"x"}, E: &wrong{"why"}, S: &node{val: 5}, N: 1}
	commit(t, dir, v)
	commit(t, dir, &A{&dog{"y"}})

	for _, text := range []string{"session.dog", "*session.dog", "session.wrong", "*session.wrong"} {
		unlinked[text] = true
	}
	w := &V{}
	s := restore(t, dir, w)
	if got := fmt.Sprint(w.X, " ", w.E); got != "<*session.dog, a type this cell does not link> <*session.wrong, a type this cell does not link>" || w.S.val != 5 {
		t.Errorf("%s %+v", got, w)
	}
	want := []string{
		"E: what this cell changes here is not kept: it has a session.wrong, a type that this cell does not link",
		"X: what this cell changes here is not kept: it has a session.dog, a type that this cell does not link",
	}
	slices.Sort(s.notes)
	if !reflect.DeepEqual(s.notes, want) {
		t.Errorf("%q", s.notes)
	}
	w.X, w.N = 7, 2
	recommit(t, s)
	_, err := open(dir, vars(&A{})...)
	if err == nil || err.Error() != "An cannot be used in this cell: it holds a session.dog, a type that this cell does not link; make it again in this cell" {
		t.Error(err)
	}
	clear(unlinked)
	u, a := &V{}, &A{}
	restore(t, dir, u)
	restore(t, dir, a)
	if u.X.(*dog).name != "x" || u.E.Error() != "why" || a.An.Sound() != "y wuff" || u.N != 2 {
		t.Errorf("%+v", u)
	}
}

type wrong struct{ why string }

func (w *wrong) Error() string { return w.why }

// TestUnnamed: types without a name come back by their text, also where no variable has them.
func TestUnnamed(t *testing.T) {
	type V struct{ L []any }
	v := &V{[]any{struct{ X int }{1}, func(int) string { return "" }, []struct{ Y *node }{{}}, map[string][2]*node{"a": {}}, (*struct{ Z string })(nil)}}
	v.L[1] = (func(float64) float64)(double)
	w, notes := keep(t, v)
	if len(notes) > 0 || w.L[0] != v.L[0] || w.L[1].(func(float64) float64)(2) != 4 || !reflect.DeepEqual(w.L[2:], v.L[2:]) {
		t.Error(notes, w)
	}
}

// TestEmpty: nothing, of every kind, at the end of a component.
func TestEmpty(t *testing.T) {
	for _, v := range []any{ptr(map[string]int{}), ptr(map[any]any{}), ptr([]*node{}), ptr(struct{}{}), ptr([0]int{}), ptr(&struct{}{}), ptr(any(struct{}{})),
		ptr(""), ptr(any("")), ptr([]string{""}), ptr(map[struct{}]struct{}{{}: {}}), ptr([]struct{}{{}, {}}), ptr((*int)(nil))} {
		dir, w := t.TempDir(), reflect.New(reflect.TypeOf(v).Elem())
		s, err := open(dir, Var{Name: "x", Ptr: v, New: true})
		if err != nil {
			t.Fatal(err)
		}
		recommit(t, s)
		if _, err = open(dir, Var{Name: "x", Ptr: w.Interface()}); err != nil || !reflect.DeepEqual(w.Interface(), v) {
			t.Errorf("%T: %v, %v", v, w.Elem(), err)
		}
	}
}

// TestAliases: ways in which memory is shared, after coroutine's TestReflectSharing.
func TestAliases(t *testing.T) {
	type pair struct{ a, b int }
	type V struct {
		St     pair
		PA, PB *int  // into a struct variable
		PS     *pair // the struct itself
		Any    any   // a pointer in an interface
		Arr    [4]pair
		PE     *pair // an element
		PEB    *int  // a field of an element
		Sl     []pair
		Tail   []pair
		Bytes  []byte
		Str    string
		PP     **int
		Same1  map[string]int
		Same2  map[string]int
		Clo    func() int
		Zero   []pair
		Long1  string
		Long2  string
	}
	v := &V{Bytes: []byte("bytes"), Same1: map[string]int{"a": 1}, Long1: strings.Repeat("long", 200)}
	v.PA, v.PB, v.PS, v.Any = &v.St.a, &v.St.b, &v.St, &v.St
	v.PE, v.PEB = &v.Arr[2], &v.Arr[2].b
	v.Sl = make([]pair, 3, 8)
	v.Tail = v.Sl[2:6]
	v.PP = &v.PA
	v.Same2 = v.Same1
	v.Zero = v.Sl[:0]
	v.Long2 = v.Long1[4:]
	w, notes := keep(t, v)
	if len(notes) > 0 {
		t.Error(notes)
	}
	w.St.a, w.St.b = 1, 2
	w.Arr[2].b = 3
	w.Tail[0].a = 4
	w.Same1["b"] = 5
	w.Zero = append(w.Zero, pair{6, 6})
	for name, ok := range map[string]bool{
		"pointer to a first field":     *w.PA == 1 && w.PA == &w.St.a,
		"pointer to a second field":    *w.PB == 2,
		"pointer to the struct":        w.PS == &w.St,
		"pointer in an interface":      w.Any.(*pair) == &w.St,
		"pointer to an element":        w.PE == &w.Arr[2],
		"pointer to an element's part": w.PEB == &w.Arr[2].b && *w.PEB == 3,
		"slices of one array":          w.Sl[2].a == 4 && cap(w.Tail) == 6 && cap(w.Sl) == 8,
		"pointer to a pointer":         w.PP == &w.PA && **w.PP == 1,
		"one map twice":                w.Same2["b"] == 5,
		"empty slice with capacity":    w.Sl[0].a == 6,
		"part of a string":             w.Long2 == w.Long1[4:],
	} {
		if !ok {
			t.Error(name)
		}
	}
}
