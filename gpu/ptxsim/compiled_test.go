package ptxsim

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"spikebook/gpu/device"
)

// TestCompiled runs what clang 16 made of CUDA C, with -ffp-contract=off: its blocks
// of instructions are not in the order in which they are run.
func TestCompiled(t *testing.T) {
	text, err := os.ReadFile("testdata/clang.ptx")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(7, 8))
	d := Open(Options{})
	launch := func(kernel string, grid, block [3]int, args ...any) {
		t.Helper()
		if err := d.Launch(device.Launch{Module: string(text), Kernel: kernel, Grid: grid, Block: block, Args: args}); err != nil {
			t.Fatal(err)
		}
	}

	values := make([]float32, 10007)
	var sum float32
	for i := range values {
		values[i] = float32(random.IntN(8)) // so that the order does not matter
		sum += values[i]
	}
	sums := upload(t, d, "sums", make([]float32, 4))
	launch("block_sum_f32", [3]int{4, 1, 1}, [3]int{256, 1, 1}, upload(t, d, "values", values).at, sums.at, uint64(len(values)))
	if s := sums.download(t, d); s[0]+s[1]+s[2]+s[3] != sum {
		t.Errorf("sums %v, expected %v together", s, sum)
	}

	const rows, inner, columns = 37, 41, 29
	a, b := make([]float32, rows*inner), make([]float32, inner*columns)
	for _, m := range [][]float32{a, b} {
		for i := range m {
			m[i] = random.Float32()
		}
	}
	product := upload(t, d, "product", make([]float32, rows*columns))
	launch("matmul_f32", [3]int{2, 3, 1}, [3]int{16, 16, 1}, upload(t, d, "a", a).at, upload(t, d, "b", b).at, product.at,
		uint64(rows), uint64(columns), uint64(inner))
	for i, got := range product.download(t, d) {
		var want float32
		for k := range inner {
			want += float32(a[i/columns*inner+k] * b[k*columns+i%columns])
		}
		if math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("product at %d is %v, expected %v", i, got, want)
		}
	}
}
