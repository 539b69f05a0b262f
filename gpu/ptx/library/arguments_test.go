package library

import (
	"strings"
	"testing"

	"spikebook/gpu/device"
)

// What cannot be launched is an error that says what was expected.
func TestArguments(t *testing.T) {
	const p, q, s = 256, 512, 1024
	ok := Product{M: 2, N: 3, K: 4, Batch: 1}
	change := func(f func(*Product)) Product { c := ok; f(&c); return c }
	of := func(launches []device.Launch, err error) error {
		if err != nil && launches != nil {
			t.Error("launches besides an error")
		}
		return err
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{of(Fill(0, 1, 3)), "library.Fill: the address of the result is 0x0; expected a multiple of 4 other than 0"},
		{of(Fill(2, 1, 3)), "is 0x2"},
		{of(Fill(p, 1, -1)), "size of [-1] is negative"},
		{of(Fill(p, 1, 1<<31)), "more than 2147483647 values"},
		{of(Strided(p, q, []int{2}, []int{1}, nil)), "expected one of each for each dimension"},
		{of(Strided(p, q, []int{2}, nil, []int{1})), "expected one of each for each dimension"},
		{of(Strided(p, q, []int{2, 3}, []int{0, 1}, []int{3, 1})), "several values of shape [2 3] in one place"},
		{of(Strided(p, q, []int{2, 3}, []int{2, 1}, []int{3, 1})), "several values"},
		{of(AddStrided(p, q, []int{2, 3}, []int{-2, 1}, []int{3, 1})), "library.AddStrided: strides [-2 1]"},
		{of(Strided(p, q, []int{2, 3}, []int{1 << 31, 1}, []int{3, 1})), "too large"},
		{of(Strided(p, q, []int{2, 3}, []int{3, 1}, []int{-1<<31 - 1, 1})), "too large"},
		{of(Strided(p, q, []int{2, 2, 2, 2, 2, 2, 2, 2, 2}, []int{256, 128, 64, 32, 16, 8, 4, 2, 1}, []int{0, 3, 0, 3, 0, 3, 0, 3, 0})), "has 9 dimensions"},
		{of(Strided(p, 1, []int{2}, []int{1}, []int{1})), "the address of the operand is 0x1"},
		{of(Add(p, q, -2)), "negative"},
		{of(Sum(p, q, 0, Axis{1, 1000, 1})), "the scratch memory is 0x0"},
		{of(Sum(p, q, 4, Axis{1, 1000, 1})), "multiple of 8"},
		{of(Sum(p, 0, 0, Axis{1, 3, 1})), "the operand"},
		{of(Mean(0, q, 0, Axis{1, 3, 1})), "library.Mean: the address of the result"},
		{of(Mean(p, q, 0, Axis{1, -3, 1})), "negative"},
		{of(Sum(p, q, 0, Axis{1 << 16, 0, 1 << 16})), "more than"},
		{of(Max(p, q, s, s, Axis{2, 0, 2})), "expected at least one"},
		{of(Max(0, 0, s, s, Axis{2, 3, 2})), "the values"},
		{of(Max(p, 2, s, s, Axis{2, 3, 2})), "the places"},
		{of(Max(p, q, s, 0, Axis{2, 3, 2})), "the scratch memory"},
		{of(MaxAbs(p, q, 0, s, Axis{2, 3, 2})), "library.MaxAbs: the address of the operand"},
		{of(Pick(p, 0, s, Axis{2, 3, 2})), "the rows"},
		{of(Pick(0, p, s, Axis{2, 3, 2})), "the values"},
		{of(Put(p, q, 0, Axis{2, 3, 2})), "the places"},
		{of(Uniform(0, 3, 1, 0)), "the result"},
		{of(Normal(p, -3, 1, 0)), "negative"},
		{of(MatMul(p, q, s, Product{M: 1, N: 1, K: 1})), "the batch is 0"},
		{of(MatMul(p, q, 0, ok)), "B is 0x0"},
		{of(MatMul(p, 0, s, ok)), "A is 0x0"},
		{of(MatMul(0, q, s, ok)), "C is 0x0"},
		{of(MatMul(p, q, s, change(func(p *Product) { p.K = -1 }))), "negative"},
		{of(MatMul(p, q, s, change(func(p *Product) { p.M, p.N = 1<<16, 1<<16 }))), "more than"},
		{of(MatMul(p, q, s, change(func(p *Product) { p.Batch, p.StrideC = 2, 5 }))), "matrices C of 6 values are only 5 apart"},
		{of(MatMul(p, q, s, change(func(p *Product) { p.Batch, p.StrideC = 1<<16, 6 }))), "expected at most 65535"},
		{of(MatMul(p, q, s, change(func(p *Product) { p.M, p.N, p.K = 1, 1<<25, 1 }))), "columns are more"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || !strings.HasPrefix(test.err.Error(), "library.") {
			t.Errorf("got %v, want %q in it", test.err, test.want)
		}
	}
}

// Nothing is launched for nothing, which has no address either.
func TestEmpty(t *testing.T) {
	empty := Axis{3, 2, 0}
	of := func(launches []device.Launch, err error) int {
		if err != nil {
			t.Error(err)
		}
		return len(launches)
	}
	for i, n := range []int{
		of(Fill(0, 1, 0)), of(Add(0, 0, 0)), of(Strided(0, 0, []int{1 << 40, 0, 1 << 40}, []int{1, 1, 1}, []int{1, 1, 1})),
		of(Sum(0, 0, 0, empty)), of(Mean(0, 0, 0, empty)), of(Max(0, 0, 0, 0, empty)), of(Pick(0, 0, 0, empty)), of(Put(0, 0, 0, empty)),
		of(Uniform(0, 0, 1, 0)), of(Normal(0, 0, 1, 0)), of(MatMul(0, 0, 0, Product{N: 3, K: 2, Batch: 1})),
	} {
		if n != 0 {
			t.Errorf("%d launches of function %d for nothing", n, i)
		}
	}
}
