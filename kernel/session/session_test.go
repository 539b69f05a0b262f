package session

import (
	"bytes"
	"container/list"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"math/big"
	"math/rand"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// vars lists the fields of the struct that p points to as variables of a program.
func vars(p any) (vs []Var) {
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		vs = append(vs, Var{Name: v.Type().Field(i).Name, Type: v.Field(i).Type().String(),
			Ptr: reflect.NewAt(v.Field(i).Type(), v.Field(i).Addr().UnsafePointer()).Interface()})
	}
	return vs
}

// commit stores the fields of src in dir, as a program that defines them would.
func commit(t testing.TB, dir string, src any) (notes []string) {
	t.Helper()
	vs := vars(src)
	for i := range vs {
		vs[i].New = true
	}
	s, err := open(dir, vs...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.commit(false); err != nil {
		t.Fatal(err)
	}
	return s.notes
}

func restore(t testing.TB, dir string, dst any) *session {
	t.Helper()
	s, err := open(dir, vars(dst)...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// keep stores src and restores it into a new value of its type, as the next process would (only types and functions are shared).
func keep[T any](t testing.TB, src *T) (*T, []string) {
	t.Helper()
	dir, dst := t.TempDir(), new(T)
	notes := commit(t, dir, src)
	if err := Verify(dir); err != nil {
		t.Error(err)
	}
	return dst, append(notes, restore(t, dir, dst).notes...)
}

type node struct {
	val  int
	next *node
	m    map[string]*node
}

type animal interface{ Sound() string }
type dog struct{ name string }

func (d *dog) Sound() string { return d.name + " wuff" }

type cat int

func (c cat) Sound() string { return fmt.Sprint("miau ", int(c)) }

type box[T any] struct{ v T }

func double(x float64) float64 { return 2 * x }

func init() {
	Func("spikebook/kernel/session.double", double)
	Func("spikebook/kernel/session.(*dog).Sound", (*dog).Sound)
}

func TestGraph(t *testing.T) {
	type V struct {
		A, B  *node
		Arr   [6]int
		P     *int
		S, S2 []int
		Pf    *int
		M     map[any]string
		F     map[float64]int
		An    []animal
		Bx    box[map[string]box[int]]
		E     error
		Ty    reflect.Type
		Str   string
		Sub   string
		Now   time.Time
		Big   *big.Int
		R     *rand.Rand
		Mu    sync.Mutex
		Cnt   atomic.Int64
		AP    atomic.Pointer[node]
		AV    atomic.Value
		SM    sync.Map
		Buf   bytes.Buffer
		SB    strings.Builder
		L     *list.List
		Fn    func(float64) float64
		Me    func() string
		Lg    *log.Logger
		Zero  *struct{}
		Empty []string
		Nil   []string
		Cplx  []complex128
		IP    *any
		Once  sync.Once
		Addr  netip.Addr
		AddrM map[netip.Addr]int
	}
	v := &V{A: &node{val: 1}}
	v.A.next = &node{val: 2, next: v.A, m: map[string]*node{"self": v.A}}
	v.B = v.A.next
	v.P = &v.Arr[3]
	v.S = []int{1, 2, 3, 4, 5, 6, 7, 8}
	v.S2 = v.S[2:5]
	v.Pf = &v.A.next.val
	v.M = map[any]string{1: "int", "x": "string", v.A: "ptr", [2]int{1, 2}: "array", box[string]{"k"}: "struct", nil: "nil"}
	v.F = map[float64]int{math.NaN(): 1, math.Inf(1): 2, 0: 3}
	v.F[math.NaN()] = 4
	v.An = []animal{&dog{"rex"}, cat(3), nil}
	v.Bx.v = map[string]box[int]{"a": {7}}
	v.E = fmt.Errorf("wrapped: %w", io.EOF)
	v.Ty = reflect.TypeFor[map[string]node]()
	v.Str = strings.Repeat("0123456789", 100)
	v.Sub = v.Str[100:600]
	v.Now = time.Now()
	v.Big = new(big.Int).Exp(big.NewInt(3), big.NewInt(300), nil)
	v.R = rand.New(rand.NewSource(5))
	v.R.Float64()
	v.Cnt.Store(9)
	v.AP.Store(v.B)
	v.AV.Store([]int{4})
	v.SM.Store("k", v.A)
	v.SM.Store(cat(1), 2)
	v.Buf.WriteString("hello")
	v.SB.WriteString("builder")
	v.L = list.New()
	v.L.PushBack("first")
	v.L.PushBack(v.A)
	v.Fn = double
	v.Me = (&dog{"bound"}).Sound
	v.Lg = log.New(os.Stderr, "p:", 0)
	v.Zero = &struct{}{}
	v.Empty = []string{}
	v.Cplx = []complex128{1i}
	v.IP = new(any)
	*v.IP = v.IP
	v.Once.Do(func() {})
	v.Addr = netip.MustParseAddr("fe80::1%eth0")
	v.AddrM = map[netip.Addr]int{v.Addr: 1, netip.MustParseAddr("10.0.0.1"): 2}

	w, notes := keep(t, v)
	for round := range 2 {
		check := func(name string, ok bool) {
			t.Helper()
			if !ok {
				t.Errorf("round %d: %s", round, name)
			}
		}
		check("cycle", w.A.next.next == w.A && w.A != v.A)
		check("shared between variables", w.B == w.A.next)
		check("shared through a map", w.B.m["self"] == w.A)
		w.Arr[3] = 77
		check("pointer into an array variable", *w.P == 77)
		w.S[3] = 88
		check("overlapping slices", w.S2[1] == 88 && cap(w.S2) == 6 && len(w.S2) == 3)
		w.B.val = 99
		check("pointer to a field", *w.Pf == 99)
		check("interface keys", len(w.M) == 6 && w.M[1] == "int" && w.M[w.A] == "ptr" && w.M[[2]int{1, 2}] == "array" && w.M[box[string]{"k"}] == "struct" && w.M[nil] == "nil")
		check("NaN keys", len(w.F) == 4 && w.F[math.Inf(1)] == 2)
		check("interfaces", w.An[0].Sound() == "rex wuff" && w.An[1].Sound() == "miau 3" && w.An[2] == nil)
		check("generics", w.Bx.v["a"].v == 7)
		check("io.EOF is io.EOF", errors.Is(w.E, io.EOF) && w.E.Error() == "wrapped: EOF")
		check("reflect.Type", w.Ty == v.Ty)
		check("strings", w.Str == v.Str && w.Sub == v.Sub)
		check("time", w.Now.Equal(v.Now) && w.Now.Location() == time.Local && !strings.Contains(w.Now.String(), "m="))
		check("big", w.Big.Cmp(v.Big) == 0)
		if round == 1 {
			check("rand", w.R.Int63() == v.R.Int63())
		}
		check("atomic", w.Cnt.Load() == 9 && w.AP.Load() == w.B && w.AV.Load().([]int)[0] == 4)
		k, _ := w.SM.Load("k")
		k2, _ := w.SM.Load(cat(1))
		check("sync.Map", k == w.A && k2 == 2)
		check("buffers", w.Buf.String() == "hello" && w.SB.String() == "builder")
		w.SB.WriteString("")
		check("list", w.L.Len() == 2 && w.L.Front().Value == "first" && w.L.Back().Value == w.A)
		check("func", w.Fn(2) == 4 && w.Me() == "bound wuff")
		check("logger", w.Lg.Writer() == os.Stderr)
		check("nil and empty", w.Zero != nil && w.Empty != nil && w.Nil == nil)
		check("self pointer", *w.IP == any(w.IP))
		ran := false
		w.Once.Do(func() { ran = true })
		check("once", !ran)
		check("netip", w.Addr == v.Addr && w.AddrM[v.Addr] == 1 && len(w.AddrM) == 2)
		if len(notes) > 0 {
			t.Error(notes)
		}
		if round == 0 {
			w, notes = keep(t, w)
		}
	}
}
