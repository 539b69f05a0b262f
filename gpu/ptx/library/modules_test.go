package library

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"spikebook/gpu/device"
)

// Nothing is left to be replaced, and nothing is fused that the CPU does not fuse.
func TestModules(t *testing.T) {
	for name, text := range Modules() {
		if !strings.HasPrefix(text, ".version 6.3\n.target sm_70\n") {
			t.Errorf("%s begins with %q", name, text[:min(40, len(text))])
		}
		if at := strings.IndexByte(text, '$'); at >= 0 {
			t.Errorf("%s: %q is left", name, text[at:min(at+20, len(text))])
		}
		if fused := regexp.MustCompile(`(fma|mad[.a-z]*\.f|\.ftz|\.approx|\batom|\bred\.)[.\w]*`).FindString(text); fused != "" {
			t.Errorf("%s has %s", name, fused)
		}
	}
}

// Without one of its barriers or guards, a kernel must fail here: with an error of
// the device, or with another result.
func TestEachGuardIsNeeded(t *testing.T) {
	const m, n = 33, 35 // ends within a tile
	matMul := func(k int) func(memory, pointer) ([]device.Launch, error) {
		return func(d memory, to pointer) ([]device.Launch, error) {
			return MatMul(to, put(d, noise(m*k, 1)), put(d, noise(k*n, 2)), Product{M: m, N: n, K: k, Batch: 1})
		}
	}
	// A pass ends in the first half, of which each thread copies one value, or in the second.
	first, second := matMul(39), matMul(47)
	fill := func(d memory, to pointer) ([]device.Launch, error) { return Fill(to, 1, 1) }
	uniform := func(d memory, to pointer) ([]device.Launch, error) { return Uniform(to, 1, 1, 0) }
	normal := func(d memory, to pointer) ([]device.Launch, error) { return Normal(to, 1, 1, 0) }
	for _, test := range []struct {
		what     string
		n        int // values of the result
		launches func(d memory, to pointer) ([]device.Launch, error)
		old, new string
		at       []int // which of the lines that have old in them
	}{
		{"barrier", m * n, first, "bar.sync 0;", "", []int{0, 1}},
		{"guard of rows of A", m * n, first, "and.pred %inside, %inside, %a_inside", "//", []int{0, 1}},
		{"guard of columns of B", m * n, first, "and.pred %inside, %inside, %b_inside", "//", []int{0}},
		{"guard of columns of B", m * n, second, "and.pred %inside, %inside, %b_inside", "//", []int{1}},
		{"guard of the depth", m * n, first, "@%inside ld.global.f32", "ld.global.f32", []int{0, 1, 2}},
		{"guard of the depth", m * n, second, "@%inside ld.global.f32", "ld.global.f32", []int{3}},
		{"guard of C", m * n, first, "@%inside st.global.f32", "st.global.f32", []int{0, 1, 2, 3}},
		{"guard of threads", 1, fill, "@%outside ret;", "", []int{0}},
		{"guard of words", 1, uniform, "@%wanted st.global.f32", "st.global.f32", []int{1, 2, 3}}, // the first is always wanted
		{"guard of the second of a pair", 1, normal, "@%wanted st.global.f32", "st.global.f32", []int{4}},
	} {
		for _, at := range test.at {
			d := open(t)
			right, wrong := d.alloc(4*test.n), d.alloc(4*test.n)
			d.run(test.launches(d, right))
			launches, err := test.launches(d, wrong)
			if err != nil {
				t.Fatal(err)
			}
			l := launches[0]
			parts := strings.SplitAfter(l.Module, test.old)
			if len(parts) <= at+1 {
				t.Fatalf("%s: %q is not there", test.what, test.old)
			}
			parts[at] = strings.TrimSuffix(parts[at], test.old) + test.new
			l.Module = strings.Join(parts, "")
			if d.dev.Launch(l) == nil && d.dev.Sync() == nil && slices.Equal(get[float32](d, wrong, test.n), get[float32](d, right, test.n)) {
				t.Errorf("%s %d: nobody notices that it is gone", test.what, at)
			}
		}
	}
}
