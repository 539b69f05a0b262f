package session

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

type everything struct {
	A, B *node
	Arr  [3]int
	P    *int
	S    []string
	M    map[any]any
	An   []animal
	E    error
	Ty   reflect.Type
	T    time.Time
	SM   sync.Map
	F    func(float64) float64
	Me   func() string
	Bx   box[[]box[int]]
	Big  []float32
	X    any
}

func newEverything() *everything {
	v := &everything{A: &node{val: 1}, S: []string{"a", string(make([]byte, 300))}, E: io.EOF, Ty: reflect.TypeFor[[]int](), T: time.Now(), F: double,
		Me: (&dog{"m"}).Sound, Big: make([]float32, 20000), X: map[string]int{"q": 1}}
	v.B = &node{next: v.A, m: map[string]*node{"a": v.A}}
	v.P, v.An, v.M = &v.Arr[1], []animal{&dog{"x"}, cat(1)}, map[any]any{1: v.A, "k": []any{1, 2.0, nil}, [1]string{"x"}: box[int]{1}}
	v.SM.Store(1, v.A)
	v.Bx.v = []box[int]{{1}, {2}}
	return v
}

// TestDamage: every truncation and every changed byte of every file is an error that names the file.
func TestDamage(t *testing.T) {
	t.Run("everything", func(t *testing.T) {
		dir := t.TempDir()
		commit(t, dir, newEverything())
		damage(t, dir, func() []Var { return vars(&everything{}) })
	})
	t.Run("patch", func(t *testing.T) {
		type V struct{ Big []float32 }
		dir, w := t.TempDir(), &V{}
		commit(t, dir, &V{make([]float32, 20000)})
		s := restore(t, dir, w)
		w.Big[1] = 1
		recommit(t, s)
		damage(t, dir, func() []Var { return vars(&V{}) })
	})
}

func damage(t *testing.T, dir string, fresh func() []Var) {
	for _, name := range listFiles(t, dir) {
		file := filepath.Join(dir, name)
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		step := max(1, len(good)/150)
		for i := 0; i < len(good); i += step {
			for _, bad := range [][]byte{good[:i], flip(good, i)} {
				if err := os.WriteFile(file, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				s, err := open(dir, fresh()...)
				if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "%session forget") {
					t.Fatalf("%s damaged at %d: %v", name, i, err)
				}
				if s != nil {
					t.Fatal("a session in spite of an error")
				}
				if Verify(dir) == nil {
					t.Fatalf("%s damaged at %d: Verify is content", name, i)
				}
			}
		}
		// Its time is what tells of changes in a large array.
		if err := errors.Join(os.WriteFile(file, good, 0o600), os.Chtimes(file, st.ModTime(), st.ModTime())); err != nil {
			t.Fatal(err)
		}
	}
	if err := Verify(dir); err != nil {
		t.Error(err)
	}
}

// TestFailures lets the n-th file operation of a commit fail, for all n: the old state stays, nothing is left behind.
func TestFailures(t *testing.T) {
	real := disk
	defer func() { disk = real }()
	type V struct {
		A *node
		B []float64
	}
	dir := t.TempDir()
	commit(t, dir, &V{&node{val: 1}, make([]float64, 1<<14)})
	left, full := 0, &os.PathError{Op: "write", Path: "f", Err: syscall.ENOSPC}
	fails := func() bool { left--; return left < 0 }
	disk.write = func(file string, b []byte) error {
		if fails() {
			if err := real.write(file, b[:len(b)/2]); err != nil {
				return err
			}
			return full
		}
		return real.write(file, b)
	}
	disk.rename = func(from, to string) error {
		if fails() {
			return full
		}
		return real.rename(from, to)
	}
	for n := 0; ; n++ {
		left = 1 << 30
		w := &V{}
		s := restore(t, dir, w)
		before := strings.Join(listFiles(t, dir), " ")
		w.A.val++
		w.B = append(w.B, 1)
		left = n
		err := s.commit(false)
		left = 1 << 30
		if err == nil {
			if n < 3 {
				t.Errorf("a commit takes %d operations only", n)
			}
			return
		}
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the disk is full") || !strings.Contains(err.Error(), "as before the cell") {
			t.Errorf("operation %d: %v", n, err)
		}
		if after := strings.Join(listFiles(t, dir), " "); after != before {
			t.Errorf("operation %d: files %s, before %s", n, after, before)
		}
		u := &V{}
		restore(t, dir, u)
		if u.A.val != 1 || len(u.B) != 1<<14 {
			t.Errorf("operation %d: %+v", n, u.A)
		}
	}
}

// TestKill kills a process that commits without end: what is found afterwards is one of its commits, whole.
func TestKill(t *testing.T) {
	type V struct {
		N int
		L []*node
		B []float64
	}
	if dir := os.Getenv("SESSION_KILL_TEST"); dir != "" {
		for {
			v := &V{}
			s, err := open(dir, vars(v)...)
			if err != nil {
				fmt.Println(err)
				os.Exit(3)
			}
			v.N++
			v.L = append(v.L, &node{val: v.N})
			v.B = append(v.B, float64(v.N))
			if err := s.commit(false); err != nil {
				fmt.Println(err)
				os.Exit(3)
			}
			s.unmap()
		}
	}
	dir := t.TempDir()
	commit(t, dir, &V{B: make([]float64, 1<<14)})
	last := 0
	for i := range 20 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), "SESSION_KILL_TEST="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(rand.Intn(60)+5)*time.Millisecond, func() { cmd.Process.Kill() })
		if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() == 3 {
			t.Fatal("the child ended by itself:", err)
		}
		if err := Verify(dir); err != nil {
			t.Fatal(err)
		}
		v := &V{}
		s := restore(t, dir, v)
		if v.N < last || len(v.L) != v.N || len(v.B) != 1<<14+v.N {
			t.Fatalf("kill %d: %d, %d, %d; before it %d", i, v.N, len(v.L), len(v.B), last)
		}
		if v.N > 0 && (v.L[v.N-1].val != v.N || v.B[len(v.B)-1] != float64(v.N)) {
			t.Fatal("values of two commits are mixed")
		}
		last = v.N
		s.unmap()
	}
	if last == 0 {
		t.Error("no commit in 20 runs")
	}
}

// What every session makes anew costs more than reading a snapshot.
var fuzzTypes, fuzzGlobals = newTypeSet(), sortedGlobals()

// try reads a component with a correct checksum, and stores what it read. It says how far it came.
func try(dir, out string, raw []byte, names []string) int {
	v := &everything{}
	s := &session{dir: dir, m: &manifest{}, vars: vars(v), types: fuzzTypes, globals: fuzzGlobals, told: map[string]bool{}, loaded: map[*component]bool{}, frozen: map[*component]string{}}
	defer s.unmap()
	byName := map[string]*Var{}
	for i := range s.vars {
		byName[s.vars[i].Name] = &s.vars[i]
	}
	c := &component{file: "heap-1", raw: raw}
	for _, n := range names {
		c.vars = append(c.vars, variable{name: n})
	}
	s.loaded[c] = true
	if err := s.parse(c, byName); err != nil {
		if strings.Contains(err.Error(), "unexpected") {
			panic(err)
		}
		return 1
	}
	if s.dir = out; checksum(raw)%16 != 0 { // writing files takes most of the time
		return 3
	}
	if err := s.commit(false); err != nil {
		return 2
	}
	return 3
}

// components gives the bytes of all components, and the names of the variables.
func components(t testing.TB, dir string) (raws [][]byte, names []string) {
	m, err := readManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.comps {
		b, err := (&session{dir: dir}).read(c)
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, b)
		for _, v := range c.vars {
			names = append(names, v.name)
		}
	}
	return raws, names
}

// FuzzRead gives the reader what has a valid checksum and makes no sense.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	commit(f, dir, newEverything())
	raws, names := components(f, dir)
	for _, b := range raws {
		f.Add(b)
	}
	out := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) { try(dir, out, b, names) })
}

// FuzzManifest is FuzzRead for the manifest.
func FuzzManifest(f *testing.F) {
	dir := f.TempDir()
	commit(f, dir, newEverything())
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[len(magic) : len(b)-4])
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append([]byte(magic), b...)
		b = binary.LittleEndian.AppendUint32(b, checksum(b))
		if m, err := decodeManifest(b); err == nil {
			if again, err := decodeManifest(m.encode()); err != nil || !reflect.DeepEqual(m, again) {
				t.Error("a manifest reads differently when written again", err)
			}
		}
	})
}

// TestMutate changes a few bytes at a time: most of it gets past the first checks, unlike what a fuzzer makes up.
func TestMutate(t *testing.T) {
	long, _ := time.ParseDuration(os.Getenv("SPIKEBOOK_MUTATE")) // for longer runs by hand
	dir := t.TempDir()
	commit(t, dir, newEverything())
	raws, names := components(t, dir)
	out := t.TempDir()
	reached := [4]int{}
	seed := time.Now().UnixNano()
	rng := rand.New(rand.NewSource(seed))
	for end := time.Now().Add(max(long, time.Second)); time.Now().Before(end) || reached[3] == 0; {
		b := append([]byte{}, raws[rng.Intn(len(raws))]...)
		for range 1 + rng.Intn(3) {
			i := rng.Intn(len(b))
			b[i] = []byte{b[i] ^ 1<<rng.Intn(8), byte(rng.Intn(256)), 0, 255, 127, b[i] + 1, b[i] - 1}[rng.Intn(7)]
		}
		reached[try(dir, out, b, names)]++
	}
	t.Log("seed", seed, "refused, not committed, accepted:", reached[1:])
	if reached[1] == 0 {
		t.Error("no mutation was refused")
	}
}
