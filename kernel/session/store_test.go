package session

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func recommit(t testing.TB, s *session) {
	t.Helper()
	if err := s.commit(false); err != nil {
		t.Fatal(err)
	}
	s.unmap()
}

func listFiles(t testing.TB, dir string) (names []string) {
	t.Helper()
	l, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range l {
		names = append(names, f.Name())
	}
	return names
}

// TestPartial: a cell that uses one variable carries along those that share memory with it and leaves the rest alone.
func TestPartial(t *testing.T) {
	dir := t.TempDir()
	type V struct {
		A, B *node
		C    []int
	}
	v := &V{A: &node{val: 1}, C: []int{1}}
	v.B = &node{val: 2, next: v.A}
	commit(t, dir, v)
	a := &struct{ A *node }{}
	s := restore(t, dir, a)
	a.A.val = 50
	recommit(t, s)
	w := &V{}
	restore(t, dir, w)
	if w.B.next != w.A || w.A.val != 50 || len(w.C) != 1 {
		t.Errorf("%+v", w)
	}
	info, err := Inspect(dir)
	if err != nil || len(info.Vars) != 3 || !slices.Equal(info.Vars[0].With, []string{"B"}) || info.Vars[2].With != nil {
		t.Errorf("%+v %v", info, err)
	}
}

// TestRedefined: a new variable takes the place of the old one, which its initialiser may still read.
func TestRedefined(t *testing.T) {
	dir := t.TempDir()
	commit(t, dir, &struct {
		X int
		Y *node
	}{7, &node{val: 3}})
	var old int
	var x string
	s, err := open(dir, Var{Name: "X", Ptr: &old, Old: true}, Var{Name: "X", Type: "string", Ptr: &x, New: true})
	if err != nil || old != 7 || x != "" {
		t.Fatal(err, old, x)
	}
	x = "seven"
	recommit(t, s)
	w := &struct {
		X string
		Y *node
	}{}
	if restore(t, dir, w); w.X != "seven" || w.Y.val != 3 {
		t.Errorf("%+v", w)
	}
}

func TestUnchanged(t *testing.T) {
	dir := t.TempDir()
	type V struct {
		A *node
		M map[string]*node
		S map[any]int
		N int
	}
	v := &V{A: &node{val: 1}, M: map[string]*node{"a": {}, "b": {val: 2}, "c": {val: 3}}, S: map[any]int{1.5: 1, 2.5: 3}}
	commit(t, dir, v)
	for range 5 {
		w := &V{}
		recommit(t, restore(t, dir, w))
	}
	if got := listFiles(t, dir); !slices.Equal(got, []string{"heap-1", "manifest"}) {
		t.Error("equal values were written again:", got)
	}
}

// TestCompact: a file of which little is alive does not stay.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	big := make([]string, 3000)
	for i := range big {
		big[i] = strings.Repeat("x", i%100)
	}
	commit(t, dir, &struct {
		Big  []string
		Tiny int
	}{big, 5})
	w := &struct{ Big []string }{}
	s := restore(t, dir, w)
	w.Big = nil
	recommit(t, s)
	if got := listFiles(t, dir); !slices.Equal(got, []string{"heap-2", "manifest"}) {
		t.Error(got)
	}
	u := &struct{ Tiny int }{}
	if restore(t, dir, u); u.Tiny != 5 {
		t.Error(u)
	}
}

func TestBlob(t *testing.T) {
	dir := t.TempDir()
	type V struct {
		Big  []float32
		Tail []float32
		One  *float32
		Arr  [20000]int64
		Odd  []byte
	}
	v := &V{Big: make([]float32, 1<<20), Odd: make([]byte, 100001)}
	v.Tail, v.One = v.Big[1<<19:], &v.Big[5]
	v.Big[7], v.Arr[19999], v.Odd[100000] = 7, 3, 1
	commit(t, dir, v)
	blobs := func() (l []string) {
		for _, f := range listFiles(t, dir) {
			if strings.HasPrefix(f, "blob") {
				l = append(l, f)
			}
		}
		return l
	}
	was := blobs()
	for round := range 4 {
		w := &V{}
		s := restore(t, dir, w)
		if w.Big[7] != 7 || w.Tail[3] != float32(round) || *w.One != float32(round) || w.Arr[19999] != 3 || w.Odd[100000] != 1 || len(w.Odd) != 100001 {
			t.Fatal(round, w.Big[7], w.Tail[3], *w.One, listFiles(t, dir))
		}
		w.Tail[3], *w.One = float32(round+1), float32(round+1)
		recommit(t, s)
		if err := Verify(dir); err != nil {
			t.Fatal(err)
		}
	}
	same := 0
	for _, f := range blobs() {
		if slices.Contains(was, f) {
			same++
		}
	}
	if same != 3 || len(was) != 3 {
		t.Error("blobs were rewritten:", was, blobs())
	}
}

func TestForget(t *testing.T) {
	dir := t.TempDir()
	type V struct {
		A, B *node
		C    int
	}
	n := &node{val: 1}
	commit(t, dir, &V{n, n, 3})
	if err := Forget(dir, "A", "nope"); err == nil || !strings.Contains(err.Error(), "no variable nope") {
		t.Error(err)
	}
	if err := Forget(dir, "A"); err != nil {
		t.Fatal(err)
	}
	w := &V{}
	s := restore(t, dir, w)
	if w.A != nil || w.B.val != 1 || w.C != 3 {
		t.Errorf("%+v", w)
	}
	recommit(t, s)
	if err := os.WriteFile(filepath.Join(dir, "manifest"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Forget(dir); err != nil {
		t.Fatal(err)
	}
	if info, err := Inspect(dir); err != nil || len(info.Vars) != 0 || len(listFiles(t, dir)) != 1 {
		t.Error(info, err, listFiles(t, dir))
	}
}

func TestSaveRestore(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "saved")
	type V struct {
		A *node
		B []float64
	}
	commit(t, dir, &V{&node{val: 4}, make([]float64, 1<<14)})
	if err := Save(dir, file, []byte("extra")); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "store")
	commit(t, other, &struct{ Z int }{1})
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(good); i += 1 + i/40 {
		for _, bad := range [][]byte{good[:i], flip(good, i)} {
			if err := os.WriteFile(file, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Restore(file, other); err == nil {
				t.Fatalf("damage at %d: not noticed", i)
			}
		}
	}
	z := &struct{ Z int }{}
	if restore(t, other, z); z.Z != 1 {
		t.Error("a failed restore changed the store")
	}
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	extra, err := Restore(file, other)
	if err != nil || string(extra) != "extra" {
		t.Fatal(err, extra)
	}
	w := &V{}
	if restore(t, other, w); w.A.val != 4 || len(w.B) != 1<<14 {
		t.Errorf("%+v", w)
	}
	if l, _ := filepath.Glob(filepath.Dir(other) + "/*"); len(l) != 1 {
		t.Error("left behind:", l)
	}
}

func flip(b []byte, i int) []byte {
	b = slices.Clone(b)
	b[i] ^= 4
	return b
}

// spelled is a type of ours with a String method.
type spelled struct{ n int }

func (s *spelled) String() string {
	if s.n < 0 {
		panic("no words")
	}
	return fmt.Sprint("spelled ", s.n)
}

type spelledArray []int

func (s spelledArray) Shape() []int { return s }
func (s spelledArray) String() string {
	return "[" + strings.Repeat("["+strings.Repeat("1 ", s[1]-1)+"1]\n ", s[0]-1) + "[1 1 1]]\n"
}

// TestPreview: what %session shows.
func TestPreview(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{ptr(42), "42"},
		{ptr("a\nb"), `"a\nb"`},
		{ptr(float32(0.1)), "0.1"},
		{ptr(true), "true"},
		{ptr(1 - 2i), "(1-2i)"},
		{ptr([]int{1, 2}), "[1 2]"},
		{ptr([]int(nil)), "nil"},
		{ptr(make([]int, 1000)), "[" + strings.Repeat("0 ", 29) + "…"},
		{ptr(map[string]int{"b": 1, "a": 2}), `map["a":2 "b":1]`},
		{ptr(&node{val: 1}), "&{val:1 next:nil m:nil}"},
		{ptr(any(cat(3))), "3"},
		{ptr(error(nil)), "nil"},
		{ptr(double), "func(float64) float64"},
		{ptr(strings.Repeat("é", 100)), `"` + strings.Repeat("é", 58) + "…"},
		{ptr(spelled{1}), "spelled 1"},
		{ptr(&spelled{2}), "spelled 2"},
		{ptr([]*spelled{{3}, nil}), "[spelled 3 nil]"},
		{ptr(any(&spelled{4})), "spelled 4"},
		{ptr((*spelled)(nil)), "nil"},
		{ptr(&spelled{-1}), "&{n:-1}"}, // it panics
		{ptr(struct{ spelled }{}), "{spelled:spelled 0}"},
		{ptr(spelledArray{2, 3}), "[[1 1 1] [1 1 1]]"},
		{ptr(spelledArray{9, 9, 9, 9, 9}), "shape [9 9 9 9 9]"},
		{ptr(big.NewInt(7)), "&{neg:false abs:[7]}"}, // of another library
		{ptr(time.Second), "1000000000"},
	} {
		ts := newTypeSet()
		p := reflect.ValueOf(c.v)
		if got := preview(ts, ts.of(p.Type().Elem()), p.UnsafePointer()); got != c.want {
			t.Errorf("%T: %s, want %s", c.v, got, c.want)
		}
	}
}
