//go:build linux

package native

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"spikebook/snn/vector"
)

// known are the operations that a loop may contain.
func known() (ops []vector.Op) {
	for op := range vector.Op(255) {
		if op.String() == "invalid" {
			break
		}
		if Knows(op) {
			ops = append(ops, op)
		}
	}
	return ops
}

// noLoops says whether there are no loops here, since there are no vectors: built
// without GOEXPERIMENT=simd, or no AVX2. Then Compile must say so.
func noLoops(t *testing.T) bool {
	if vector.Path() != "plain" {
		return false
	}
	code := []vector.Instruction{{Op: vector.Add, Dst: 2, Dst2: -1, Args: [3]int{0, 1}}}
	if Compile(code, []Use{2: Live}) != nil {
		t.Error("a loop without vectors")
	}
	return true
}

var special = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, 1e-45, -1e-45, 1e-38, 1e38, -3e38, 8388609, 1 << 24,
	float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), math.MaxFloat32, math.SmallestNonzeroFloat32,
}

func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// widths are those that the machine has, in bytes of a vector.
func widths() []int {
	if vector.Path() == "avx512" {
		return []int{avx2, avx512}
	}
	return []int{avx2}
}

// compare runs instructions one by one, and as a loop of each width. AVX2 leaves
// out what fills no vector.
func compare(code []vector.Instruction, rows [][]float32, use []Use) string {
	for _, bytes := range widths() {
		cut := slices.Clone(rows)
		for i, r := range rows {
			if bytes == avx2 {
				cut[i] = r[:len(r)&^7]
			}
		}
		if len(cut[0]) == 0 {
			continue
		}
		if where := compareWidth(code, cut, use, bytes); where != "" {
			return fmt.Sprintf("vectors of %d bytes: %s", bytes, where)
		}
	}
	return ""
}

func compareWidth(code []vector.Instruction, rows [][]float32, use []Use, bytes int) string {
	loops.Store(0) // more of them than a program has
	loop := compile(code, use, bytes)
	if loop == nil {
		return "no loop"
	}
	n := len(rows[0])
	want, got := make([][]float32, len(rows)), make([][]float32, len(rows))
	for i, r := range rows {
		want[i], got[i] = aligned(r), aligned(r)
	}
	for _, c := range code {
		var dst2 []float32
		if c.Dst2 >= 0 {
			dst2 = want[c.Dst2]
		}
		c.Op.Run(want[c.Dst], dst2, want[c.Args[0]], want[c.Args[1]], want[c.Args[2]])
	}
	var f Frame
	for i, row := range loop.Rows() {
		f.Row(i, got[row])
	}
	f.Ahead(n)
	loop.Run(&f, n)
	for row, how := range use {
		for i, v := range got[row][n : n+32] {
			if v != 0 {
				return fmt.Sprintf("%v is behind row %d, at %d", v, row, n+i)
			}
		}
		if how&Live == 0 {
			continue
		}
		for i, w := range want[row] {
			if !same(got[row][i], w) {
				return fmt.Sprintf("row %d at %d is %v, expected %v", row, i, got[row][i], w)
			}
		}
	}
	return ""
}

// aligned copies values to where they may be streamed.
func aligned(values []float32) []float32 {
	b := make([]float32, len(values)+1024)[:len(values)] // more than 4 KiB begins at a page or half of it
	copy(b, values)
	return b
}

// Each operation alone gives the bits of package vector for special values.
func TestOperations(t *testing.T) {
	if noLoops(t) {
		return
	}
	n := len(special) * len(special)
	for _, op := range known() {
		for _, third := range special {
			rows := make([][]float32, 5)
			for i := range rows {
				rows[i] = make([]float32, (n+7)&^7)
			}
			for i := range rows[0] {
				rows[0][i], rows[1][i], rows[2][i] = special[i%len(special)], special[i/len(special)%len(special)], third
			}
			in := vector.Instruction{Op: op, Dst: 3, Dst2: -1, Args: [3]int{0, 1, 2}}
			use := []Use{3: Live}
			if op == vector.FireHard || op == vector.FireSoft {
				in.Dst2, use = 4, append(use, Live)
			}
			if where := compare([]vector.Instruction{in}, rows, use); where != "" {
				t.Fatalf("%v: %s", op, where)
			}
		}
	}
}

// Each operation works with each register: as many rows as there are registers
// are in them, for all are read again.
func TestRegisters(t *testing.T) {
	if noLoops(t) {
		return
	}
	const many, n = 32, 40
	rows, use := make([][]float32, many+1), make([]Use, many)
	for r := range rows {
		rows[r] = make([]float32, n)
		for i := range rows[r] {
			rows[r][i] = special[(5*r+i)%len(special)]
		}
		if r < many {
			use[r] = Live
		}
	}
	for _, op := range known() {
		var code []vector.Instruction
		for r := range 2 * many {
			in := vector.Instruction{Op: op, Dst: r % many, Dst2: -1}
			for k := range in.Args {
				in.Args[k] = (r + k + 1) % many
			}
			if op == vector.FireHard || op == vector.FireSoft {
				in.Dst2 = many
			}
			code = append(code, in)
		}
		if where := compare(code, rows, use); where != "" {
			t.Errorf("%v: %s", op, where)
		}
	}
}

// Any instructions give the bits that they give one by one: with more values than
// there are registers, more rows than there are addresses in registers, results
// in the place of operands, and rows that are written twice.
func TestLoops(t *testing.T) {
	if noLoops(t) {
		return
	}
	ops := known()
	rapid.Check(t, func(t *rapid.T) {
		many := rapid.IntRange(2, maxRows).Draw(t, "rows")
		row := rapid.IntRange(0, many-1)
		var code []vector.Instruction
		for range rapid.IntRange(1, 60).Draw(t, "instructions") {
			in := vector.Instruction{Op: rapid.SampledFrom(ops).Draw(t, "op"), Dst: row.Draw(t, "dst"), Dst2: -1}
			for k := range in.Args {
				in.Args[k] = row.Draw(t, "arg")
			}
			if in.Op == vector.FireHard || in.Op == vector.FireSoft {
				// It is written beside the first result: neither that nor an operand.
				taken := append([]int{in.Dst}, in.Args[:]...)
				for in.Dst2 = 0; slices.Contains(taken, in.Dst2); in.Dst2++ {
				}
				if in.Dst2 >= many {
					continue
				}
			}
			code = append(code, in)
		}
		if len(code) == 0 {
			t.Skip("no instruction is left")
		}
		use := make([]Use, many)
		for r := range use {
			use[r] = rapid.Map(rapid.Uint8Range(0, 15), func(bits uint8) Use { return Use(bits) }).Draw(t, "use")
		}
		value := rapid.OneOf(rapid.SampledFrom(special), rapid.Float32Range(-4, 4))
		n := rapid.OneOf(rapid.SampledFrom([]int{8, 16, 24, 32}), rapid.IntRange(1, 50)).Draw(t, "values")
		rows := make([][]float32, many)
		for r := range rows {
			rows[r] = make([]float32, n)
			for i := range rows[r] {
				if rows[r][i] = rows[r][0]; i == 0 || use[r]&Uniform == 0 {
					rows[r][i] = value.Draw(t, "value")
				}
			}
		}
		if where := compare(code, rows, use); where != "" {
			t.Fatalf("%s\n%v", where, code)
		}
	})
}

// What a loop cannot do is refused.
func TestCompileRefuses(t *testing.T) {
	all := slices.Repeat([]Use{Live}, 2*maxRows)
	wide := make([]vector.Instruction, maxRows)
	for i := range wide {
		wide[i] = vector.Instruction{Op: vector.Add, Dst: maxRows + i, Dst2: -1, Args: [3]int{i, i, 0}}
	}
	for name, code := range map[string][]vector.Instruction{
		"no instructions": nil,
		"an exponential":  {{Op: vector.Exp, Dst: 1, Dst2: -1}},
		"too many rows":   wide,
	} {
		for _, bytes := range widths() {
			if compile(code, all, bytes) != nil {
				t.Errorf("%s: a loop with vectors of %d bytes", name, bytes)
			}
		}
	}
}

// The garbage collector, the scheduler and signals do not mind a loop: many
// goroutines run one while memory is collected.
func TestLoopsUnderLoad(t *testing.T) {
	if noLoops(t) {
		return
	}
	code := []vector.Instruction{
		{Op: vector.Add, Dst: 2, Dst2: -1, Args: [3]int{0, 1}},
		{Op: vector.FireHard, Dst: 2, Dst2: 3, Args: [3]int{2, 1, 0}},
	}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			default:
				runtime.GC()
			}
		}
	}()
	defer close(done)
	for _, bytes := range widths() {
		loop := compile(code, []Use{2: Live, 3: Live}, bytes)
		if loop == nil {
			t.Fatal("no loop")
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 500 {
					if where := runOnce(loop); where != "" {
						t.Error(where)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

// runOnce runs the loop of TestLoopsUnderLoad on memory of its own.
func runOnce(loop *Loop) string {
	const n = 1 << 12
	var f Frame
	var rows [4][]float32
	for i := range rows {
		rows[i] = make([]float32, n)
		for k := range rows[i] {
			rows[i][k] = float32(i + 1)
		}
	}
	for i, row := range loop.Rows() {
		f.Row(i, rows[row])
	}
	loop.Run(&f, n)
	runtime.KeepAlive(&rows)
	for k := range rows[2] {
		if rows[2][k] != 1 || rows[3][k] != 1 {
			return fmt.Sprintf("got %v and %v, expected 1 and 1", rows[2][k], rows[3][k])
		}
	}
	return ""
}

// Where a system forbids memory to become executable, there are no loops, and
// nothing breaks.
func TestForbidden(t *testing.T) {
	const variable = "SPIKEBOOK_TEST_FORBIDDEN"
	if os.Getenv(variable) == "" {
		c := exec.Command(os.Args[0], "-test.run=^TestForbidden$", "-test.v")
		c.Env = append(os.Environ(), variable+"=1")
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	const setMDWE, refuseGain = 65, 1 // of prctl, since Linux 6.3
	if _, _, errno := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, setMDWE, refuseGain, 0); errno != 0 {
		t.Logf("no MDWE: %v", errno) // an older system: no loops at all has the same effect
		loops.Store(maxLoops)
	}
	code := []vector.Instruction{{Op: vector.Add, Dst: 2, Dst2: -1, Args: [3]int{0, 1}}}
	if Compile(code, []Use{2: Live}) != nil {
		t.Error("a loop")
	}
}

// A loop neither reads nor writes what is behind its rows, however many values
// they have: there may be no memory.
func TestEndOfMemory(t *testing.T) {
	if noLoops(t) {
		return
	}
	page := os.Getpagesize()
	rows := make([][]float32, 5)
	for i := range rows {
		memory, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Munmap(memory)
		if err := syscall.Mprotect(memory[page:], syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
		rows[i] = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(memory))), page/4)
	}
	for _, op := range known() {
		in := vector.Instruction{Op: op, Dst: 3, Dst2: -1, Args: [3]int{0, 1, 2}}
		if op == vector.FireHard || op == vector.FireSoft {
			in.Dst2 = 4
		}
		for _, bytes := range widths() {
			for _, first := range []Use{0, Uniform} {
				loop := compile([]vector.Instruction{in, in}, []Use{first, 0, 0, Live, Live}, bytes)
				if loop == nil {
					t.Fatal("no loop")
				}
				lanes := map[int]int{avx2: 8, avx512: 1}[bytes]
				for n := lanes; n <= 40; n += lanes {
					var f Frame
					for i, row := range loop.Rows() {
						f.Row(i, rows[row][page/4-n:])
					}
					loop.Run(&f, n)
				}
			}
		}
	}
}
