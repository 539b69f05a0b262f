package library

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// walk calls f for each index of a shape with the places that strides lead to.
func walk(shape []int, strides [2][]int, f func(to, from int)) {
	if slices.Contains(shape, 0) {
		return
	}
	for index := make([]int, len(shape)); ; {
		var at [2]int
		for k, i := range index {
			at[0] += i * strides[0][k]
			at[1] += i * strides[1][k]
		}
		f(at[0], at[1])
		k := len(shape) - 1
		for ; k >= 0; k-- {
			if index[k]++; index[k] < shape[k] {
				break
			}
			index[k] = 0
		}
		if k < 0 {
			return
		}
	}
}

// checkStrided copies and adds, and looks at every value of the target.
func checkStrided(m memory, shape, toStrides, fromStrides []int, to, from []float32, toFirst, fromFirst int) {
	tb := m.tb
	strides := [2][]int{toStrides, fromStrides}
	source := put(m, from)
	copied, added := slices.Clone(to), slices.Clone(to)
	walk(shape, strides, func(i, j int) {
		copied[toFirst+i] = from[fromFirst+j]
		added[toFirst+i] += from[fromFirst+j]
	})
	target := put(m, to)
	m.run(Strided(target+4*pointer(toFirst), source+4*pointer(fromFirst), shape, toStrides, fromStrides))
	want(tb, "Strided", get[float32](m, target, len(to)), copied)
	target = put(m, to)
	m.run(AddStrided(target+4*pointer(toFirst), source+4*pointer(fromFirst), shape, toStrides, fromStrides))
	want(tb, "AddStrided", get[float32](m, target, len(to)), added)
}

func TestStrided(t *testing.T) {
	m := open(t)
	for _, test := range []struct {
		what                            string
		shape, to, from                 []int
		toSize, fromSize, first, target int
	}{
		{"a single value", []int{}, []int{}, []int{}, 1, 1, 0, 0},
		{"sizes of 1", []int{1, 1, 1}, []int{5, 0, 9}, []int{0, 0, 7}, 1, 1, 0, 0},
		{"nothing", []int{3, 0, 2}, []int{0, 2, 1}, []int{0, 0, 0}, 0, 0, 0, 0},
		{"a row for all", []int{3, 100}, []int{100, 1}, []int{0, 1}, 300, 100, 0, 0},
		{"a column for all", []int{100, 3}, []int{3, 1}, []int{1, 0}, 300, 100, 0, 0},
		{"one value for all", []int{257}, []int{1}, []int{0}, 257, 1, 0, 0},
		{"a matrix on its side", []int{40, 33}, []int{33, 1}, []int{1, 40}, 1320, 1320, 0, 0},
		{"a slice", []int{4, 10}, []int{10, 1}, []int{12, 1}, 40, 60, 14, 0},
		{"into a slice", []int{4, 10}, []int{12, 1}, []int{10, 1}, 60, 40, 0, 3},
		{"backwards", []int{300}, []int{1}, []int{-1}, 300, 300, 299, 0},
		{"written backwards", []int{2, 3}, []int{-3, -1}, []int{3, 1}, 6, 6, 0, 5},
		{
			"eight dimensions", []int{2, 3, 2, 3, 2, 3, 2, 3},
			[]int{648, 216, 108, 36, 18, 6, 3, 1}, []int{1, 2, 6, 12, 36, 72, 216, 432}, 1296, 1296, 0, 0,
		},
		{"ten dimensions, that are two", []int{1, 2, 1, 2, 2, 2, 1, 2, 2, 2}, []int{9, 64, 9, 32, 16, 8, 9, 4, 2, 1}, []int{0, 4, 0, 2, 1, 0, 0, 0, 0, 0}, 128, 8, 0, 0},
	} {
		t.Run(test.what, func(t *testing.T) {
			m := memory{t, m.dev}
			checkStrided(m, test.shape, test.to, test.from, noise(test.toSize, 1), noise(test.fromSize, 2), test.target, test.first)
		})
	}
}

func TestStridedAny(t *testing.T) {
	m := open(t)
	rapid.Check(t, func(t *rapid.T) {
		m := memory{t, m.dev}
		shape := rapid.SliceOfN(rapid.IntRange(1, 4), 0, 6).Draw(t, "shape")
		// The target has the dimensions in any order, with gaps; the operand has any strides.
		order := make([]int, len(shape))
		for k := range order {
			order[k] = k
		}
		order = rapid.Permutation(order).Draw(t, "order")
		toStrides, fromStrides := make([]int, len(shape)), make([]int, len(shape))
		toSize, fromSize, fromFirst := 1, 1, 0
		for _, k := range order {
			toStrides[k] = toSize + rapid.IntRange(0, 2).Draw(t, "gap")
			toSize += toStrides[k] * (shape[k] - 1)
			fromStrides[k] = rapid.IntRange(-5, 5).Draw(t, "stride")
			reach := fromStrides[k] * (shape[k] - 1)
			fromSize += max(reach, -reach)
			fromFirst += max(0, -reach)
		}
		to, from := values(toSize).Draw(t, "to"), values(fromSize).Draw(t, "from")
		checkStrided(m, shape, toStrides, fromStrides, to, from, 0, fromFirst)
	})
}

func TestAdd(t *testing.T) {
	m := open(t)
	for _, n := range sizes {
		to, from := noise(n, 1), noise(n, 2)
		p, q := put(m, to), put(m, from)
		m.run(Add(p, q, n))
		for i := range to {
			to[i] += from[i]
		}
		want(t, "Add", get[float32](m, p, n), to)
		m.run(Add(p, p, n))
		for i := range to {
			to[i] += to[i]
		}
		want(t, "Add to itself", get[float32](m, p, n), to)
	}
}
