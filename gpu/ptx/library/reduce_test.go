package library

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
)

// axes are short and long, with one and several passes.
var axes = []Axis{
	{1, 1, 1}, {1, 128, 1}, {1, 129, 1}, {1, 1000, 1}, {1, 17000, 1}, {3, 5, 7}, {257, 10, 1}, {1, 10, 257}, {9, 7, 1}, {9, 4, 1},
	{2, 300, 3}, {5, 500, 1}, {1, 500, 5}, {0, 3, 2}, {2, 3, 0}, {0, 0, 0},
}

func (a Axis) tensor(data []float32) *snn.Tensor {
	return snn.FromSlice(data, a.Outer, a.N, a.Inner)
}

// One pass takes what is short or has many results; the others leave little.
func TestPasses(t *testing.T) {
	for _, test := range []struct {
		a    Axis
		want []int
	}{
		{Axis{1, 0, 1}, []int{1}},
		{Axis{1, 128, 1}, []int{1}},
		{Axis{1, 129, 1}, []int{2, 1}},
		{Axis{1, 1e6, 1}, []int{7813, 62, 1}},
		{Axis{100, 1e6, 10}, []int{65, 1}},
		{Axis{1, 1e9, 1}, []int{65536, 512, 4, 1}},
		{Axis{1 << 15, 1000, 1}, []int{2, 1}},
		{Axis{1<<15 + 1, 1000, 1}, []int{1}},
		{Axis{0, 1000, 1}, []int{8, 1}},
	} {
		if got := test.a.passes(); !slices.Equal(got, test.want) {
			t.Errorf("passes along %v: %v, want %v", test.a, got, test.want)
		}
	}
}

// wantSums compares bit for bit where the order is that of the CPU, else nearly.
func wantSums(tb rapid.TB, what string, a Axis, got, expected []float32, data []float32) {
	tb.Helper()
	if len(a.passes()) == 1 {
		want(tb, what, got, expected)
		return
	}
	size := 0. // no sum can be wrong by more than its rounding and this
	for _, v := range data {
		size += math.Abs(float64(v))
	}
	for i, g := range got {
		e := float64(expected[i])
		if tolerance := size*float64(a.N)*0x1p-53 + math.Abs(e)*0x1p-23; math.Abs(float64(g)-e) > tolerance {
			tb.Fatalf("%s along %v: %v at %d, want %v", what, a, g, i, e)
		}
	}
}

// far makes sums that hang on their order even in float64.
func far(n int, seed uint32) []float32 {
	list := noise(n, seed)
	for i, v := range list {
		list[i] = []float32{1, 0x1p60, -0x1p60, 3}[int(4*math.Abs(float64(v)))%4]
	}
	return list
}

func TestSum(t *testing.T) {
	m := open(t)
	for _, a := range append(axes, Axis{3, 0, 2}) {
		n, results := a.Outer*a.N*a.Inner, a.Outer*a.Inner
		for _, test := range []struct {
			what  string
			data  []float32
			exact bool
		}{{"noise", noise(n, 1), false}, {"spikes", spikes(n, 2), true}, {"what hangs on the order", far(n, 3), false}} {
			from, to, scratch := put(m, test.data), m.alloc(4*results), m.alloc(int(SumScratch(a)))
			tensor := a.tensor(test.data)
			for _, kind := range []struct {
				what     string
				run      func()
				expected *snn.Tensor
			}{
				{"sum", func() { m.run(Sum(to, from, scratch, a)) }, tensor.Sum(1)},
				{"mean", func() { m.run(Mean(to, from, scratch, a)) }, tensor.Mean(1)},
			} {
				kind.run()
				got := get[float32](m, to, results)
				if what := kind.what + " of " + test.what; test.exact {
					want(t, what, got, kind.expected.Data())
				} else {
					wantSums(t, what, a, got, kind.expected.Data(), test.data)
				}
			}
		}
	}
}

// The same sum comes out each time, and what is not finite comes through.
func TestSumAny(t *testing.T) {
	m := open(t)
	rapid.Check(t, func(t *rapid.T) {
		m := memory{t, m.dev}
		a := Axis{rapid.IntRange(0, 4).Draw(t, "outer"), rapid.IntRange(0, 20).Draw(t, "n"), rapid.IntRange(0, 4).Draw(t, "inner")}
		results := a.Outer * a.Inner
		data := values(a.Outer*a.N*a.Inner).Draw(t, "data")
		from, to := put(m, data), m.alloc(4*results)
		m.run(Sum(to, from, 0, a))
		want(t, "sum", get[float32](m, to, results), a.tensor(data).Sum(1).Data())
		m.run(Mean(to, from, 0, a))
		want(t, "mean", get[float32](m, to, results), a.tensor(data).Mean(1).Data())
	})
}

func TestSumLong(t *testing.T) {
	m := open(t)
	a := Axis{1, 3000, 2}
	for _, v := range []float32{nan, inf, -inf} {
		data := noise(a.N*a.Inner, 3)
		data[2*1234] = v
		from, to, scratch := put(m, data), m.alloc(8), m.alloc(int(SumScratch(a)))
		m.run(Sum(to, from, scratch, a))
		first := get[float32](m, to, 2)
		want(t, "sum with what is not finite", first[:1], []float32{v})
		m.run(Sum(to, from, scratch, a))
		want(t, "sum once more", get[float32](m, to, 2), first)
	}
}

// There are three passes, the second of which takes several blocks of threads.
func TestLong(t *testing.T) {
	m := open(t)
	long := Axis{2, 16500, 65}
	results := long.Outer * long.Inner
	data := spikes(long.Outer*long.N*long.Inner, 8)
	from, to := put(m, data), m.alloc(4*results)
	tensor := long.tensor(data)
	scratch := m.alloc(int(max(SumScratch(long), MaxScratch(long))))
	m.run(Mean(to, from, scratch, long))
	want(t, "mean", get[float32](m, to, results), tensor.Mean(1).Data())

	data = noise(len(data), 9)
	tensor = long.tensor(data)
	m.run(Max(to, 0, put(m, data), scratch, long))
	want(t, "largest", get[float32](m, to, results), tensor.Max(1).Data())
}

// checkMax compares with package snn.
func checkMax(m memory, a Axis, data []float32) {
	results := a.Outer * a.Inner
	from, scratch := put(m, data), m.alloc(int(MaxScratch(a)))
	largest, places := m.alloc(4*results), m.alloc(4*results)
	tensor := a.tensor(data)
	m.run(Max(largest, places, from, scratch, a))
	at := get[int32](m, places, results)
	if !slices.EqualFunc(at, tensor.ArgMax(1), func(a int32, b int) bool { return int(a) == b }) {
		m.tb.Fatalf("places of the largest along %v: %v, want %v", a, at, tensor.ArgMax(1))
	}
	want(m.tb, "largest", get[float32](m, largest, results), tensor.Max(1).Data())

	other := m.alloc(4 * results)
	m.run(Max(other, 0, from, scratch, a))
	want(m.tb, "largest alone", get[float32](m, other, results), tensor.Max(1).Data())
	m.run(Max(0, other, from, scratch, a))
	if alone := get[int32](m, other, results); !slices.Equal(alone, at) {
		m.tb.Fatalf("places alone: %v, want %v", alone, at)
	}
	m.run(MaxAbs(largest, 0, from, scratch, a))
	want(m.tb, "largest absolute", get[float32](m, largest, results), tensor.MaxAbs(1).Data())
}

func TestMax(t *testing.T) {
	m := open(t)
	for _, a := range axes {
		if a.N == 0 {
			continue
		}
		n := a.Outer * a.N * a.Inner
		checkMax(m, a, noise(n, 4))
		if n > 5000 {
			continue
		}
		checkMax(m, a, spikes(n, 5))
		flat := slices.Repeat([]float32{-inf}, n)
		checkMax(m, a, flat)
		if n > 4 { // two NaN, of which the first counts, and -0 before +0
			flat[n-2], flat[n/2] = nan, -nan
			checkMax(m, a, flat)
			flat[n-2], flat[n/2] = 0, float32(math.Copysign(0, -1))
			checkMax(m, a, flat)
		}
	}
}

func TestMaxAny(t *testing.T) {
	m := open(t)
	rapid.Check(t, func(t *rapid.T) {
		a := Axis{rapid.IntRange(0, 3).Draw(t, "outer"), rapid.IntRange(1, 20).Draw(t, "n"), rapid.IntRange(0, 3).Draw(t, "inner")}
		checkMax(memory{t, m.dev}, a, values(a.Outer*a.N*a.Inner).Draw(t, "data"))
	})
}

func TestPickAndPut(t *testing.T) {
	m := open(t)
	for _, a := range []Axis{{1, 1, 1}, {3, 5, 7}, {257, 10, 1}, {2, 3, 130}, {0, 3, 2}, {2, 0, 3}} {
		results := a.Outer * a.Inner
		data, places := noise(a.Outer*a.N*a.Inner, 6), make([]int32, results)
		picked, changed := make([]float32, results), slices.Clone(data)
		for i, v := range noise(results, 7) {
			places[i] = int32(float32(a.N+2)*(v+1)/2) - 1 // some are outside
			picked[i] = nan
			if p := int(places[i]); p >= 0 && p < a.N {
				at := (i/a.Inner*a.N+p)*a.Inner + i%a.Inner
				picked[i], changed[at] = data[at], float32(i)
			}
		}
		rows, at, out := put(m, data), put(m, places), m.alloc(4*results)
		m.run(Pick(out, rows, at, a))
		want(t, "Pick", get[float32](m, out, results), picked)

		numbers := make([]float32, results)
		for i := range numbers {
			numbers[i] = float32(i)
		}
		m.run(Put(rows, put(m, numbers), at, a))
		want(t, "Put", get[float32](m, rows, len(data)), changed)
	}
}
