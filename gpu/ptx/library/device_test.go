package library

import (
	"encoding/binary"
	"math"
	"testing"

	"pgregory.net/rapid"

	"spikebook/gpu/device"
	"spikebook/gpu/ptxsim"
)

type pointer = device.Pointer

// memory is the device that tests run on, the interpreter, and what they have there.
type memory struct {
	tb  rapid.TB
	dev device.Device
}

func open(t *testing.T) memory {
	dev := ptxsim.Open(ptxsim.Options{})
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	return memory{t, dev}
}

func (m memory) alloc(bytes int) device.Pointer {
	m.tb.Helper()
	p, err := m.dev.Alloc(int64(max(bytes, 1)), "test")
	if err != nil {
		m.tb.Fatal(err)
	}
	return p
}

// put allocates exactly what values take, so that each access beyond is an error.
func put[T float32 | int32](m memory, values []T) device.Pointer {
	m.tb.Helper()
	p := m.alloc(4 * len(values))
	data, err := binary.Append(nil, binary.LittleEndian, values)
	if err == nil && len(data) > 0 {
		err = m.dev.Upload(p, data)
	}
	if err != nil {
		m.tb.Fatal(err)
	}
	return p
}

func get[T float32 | int32](m memory, p device.Pointer, n int) []T {
	m.tb.Helper()
	data := make([]byte, 4*n)
	if n > 0 {
		if err := m.dev.Download(data, p); err != nil {
			m.tb.Fatal(err)
		}
	}
	values := make([]T, n)
	if _, err := binary.Decode(data, binary.LittleEndian, values); err != nil {
		m.tb.Fatal(err)
	}
	return values
}

// run runs what a function of the library returns.
func (m memory) run(launches []device.Launch, err error) {
	m.tb.Helper()
	for _, l := range launches {
		if err == nil {
			err = m.dev.Launch(l)
		}
	}
	if err == nil {
		err = m.dev.Sync()
	}
	if err != nil {
		m.tb.Fatal(err)
	}
}

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

// values are drawn from few numbers, so that there are equal ones, from special ones,
// and from all.
func values(n int) *rapid.Generator[[]float32] {
	special := []float32{0, float32(math.Copysign(0, -1)), 1, -1, 0.1, -3, 1e-45, -1e-40, 1e30, -math.MaxFloat32, nan, -nan, inf, -inf}
	return rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]float32{0, 1, -1}), rapid.SampledFrom(special), rapid.Float32()), n, n)
}

// noise is as good as random and quick to make.
func noise(n int, seed uint32) []float32 {
	list := make([]float32, n)
	for i := range list {
		seed = seed*1664525 + 1013904223
		list[i] = float32(int32(seed))/(1<<31) + 0.01
	}
	return list
}

func spikes(n int, seed uint32) []float32 {
	list := noise(n, seed)
	for i, v := range list {
		if list[i] = 0; v > 0.5 {
			list[i] = 1
		}
	}
	return list
}

// want compares bits, but any NaN is as good as another.
func want(tb rapid.TB, what string, got, want []float32) {
	tb.Helper()
	if len(got) != len(want) {
		tb.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if g := got[i]; math.Float32bits(g) != math.Float32bits(w) && (g == g || w == w) {
			tb.Fatalf("%s: %v at %d, want %v", what, g, i, w)
		}
	}
}

// sizes are around those of warps, blocks and tiles.
var sizes = []int{0, 1, 2, 31, 32, 33, 255, 256, 257, 1000}
