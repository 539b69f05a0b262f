package snn_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"spikebook/gpu/device"
	"spikebook/snn"
	"spikebook/snn/dynamics"
)

// host is an accelerator whose memory is that of the process: what tensors do with
// a device is seen by it, and which numbers come out by the CPU.
type host struct {
	mu     sync.Mutex
	next   device.Pointer
	memory map[device.Pointer][]float32
	stats  device.Stats
	broken error
}

func newHost(name string) *host {
	h := &host{next: 1 << 20, memory: map[device.Pointer][]float32{}}
	snn.AddBackend(name, func() (snn.Accelerator, error) { return h, nil })
	return h
}

func (h *host) Info() device.Info     { return device.Info{Name: "host", Emulated: true} }
func (h *host) Keeper() device.Keeper { return nil }
func (h *host) Sync() error           { return h.broken }
func (h *host) Close() error          { return nil }
func (h *host) Launch(device.Launch) error {
	return errors.New("there are no kernels")
}

func (h *host) Stats() (device.Stats, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stats, h.broken
}

func (h *host) Alloc(bytes int64, label string) (device.Pointer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.next
	h.next += device.Pointer(bytes + 256)
	h.memory[at] = slices.Repeat([]float32{-12345}, int(bytes/4))
	h.stats.Allocations++
	h.stats.Allocated += bytes
	return at, h.broken
}

func (h *host) Free(at device.Pointer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	m, ok := h.memory[at]
	if !ok {
		return fmt.Errorf("%d is not allocated", at)
	}
	h.stats.Allocated -= int64(4 * len(m))
	delete(h.memory, at)
	return nil
}

// at returns n values in memory.
func (h *host) at(p device.Pointer, n int) []float32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	for from, m := range h.memory {
		if p >= from && p+device.Pointer(4*n) <= from+device.Pointer(4*len(m)) {
			return m[(p-from)/4:][:n]
		}
	}
	panic(fmt.Sprintf("%d values at %d are not allocated", n, p))
}

func floats(b []byte) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

func (h *host) Upload(to device.Pointer, from []byte) error {
	copy(h.at(to, len(from)/4), floats(from))
	h.stats.Uploads++
	h.stats.UploadBytes += int64(len(from))
	return h.broken
}

func (h *host) Download(to []byte, from device.Pointer) error {
	copy(floats(to), h.at(from, len(to)/4))
	h.stats.Downloads++
	h.stats.DownloadBytes += int64(len(to))
	return h.broken
}

func (h *host) Copy(to, from device.Pointer, bytes int64) error {
	copy(h.at(to, int(bytes/4)), h.at(from, int(bytes/4)))
	return h.broken
}

func (h *host) Fill(to device.Pointer, value float32, n int) error {
	for i, to := 0, h.at(to, n); i < n; i++ {
		to[i] = value
	}
	return h.broken
}

func (h *host) Accumulate(to, from device.Pointer, n int) error {
	for i, v := range h.at(from, n) {
		h.at(to, n)[i] += v
	}
	return h.broken
}

func (h *host) Strided(to, from device.Pointer, shape, toSteps, fromSteps []int) error {
	if len(shape) == 0 {
		return h.Copy(to, from, 4)
	}
	for i := range shape[0] {
		if err := h.Strided(to+device.Pointer(4*i*toSteps[0]), from+device.Pointer(4*i*fromSteps[0]), shape[1:], toSteps[1:], fromSteps[1:]); err != nil {
			return err
		}
	}
	return h.broken
}

// MatMul adds in the order of the CPU, and leaves out the same: another one may differ
// by more than a test of anything else should bear.
func (h *host) MatMul(c, a, b device.Pointer, m, n, k int, transposeA, transposeB bool) error {
	to, x, y := h.at(c, m*n), h.at(a, m*k), h.at(b, k*n)
	for at := range to {
		i, j, sum := at/n, at%n, float32(0)
		for l := range k {
			v, w := x[i*k+l], y[l*n+j]
			if transposeA {
				v = x[l*m+i]
			}
			if transposeB {
				w = y[j*k+l]
			}
			if v != 0 {
				sum += float32(v * w)
			}
		}
		to[at] = sum
	}
	return h.broken
}

func (h *host) Total(to, from device.Pointer, outer, n, inner int, mean bool) error {
	x, sums := h.at(from, outer*n*inner), h.at(to, outer*inner)
	for i := range sums {
		var sum float64
		for k := range n {
			sum += float64(x[(i/inner*n+k)*inner+i%inner])
		}
		if mean {
			sum /= float64(n)
		}
		sums[i] = float32(sum)
	}
	return h.broken
}

func (h *host) Largest(places, from device.Pointer, outer, n, inner int, abs bool) error {
	x := snn.FromSlice(h.at(from, outer*n*inner), outer, n, inner)
	if abs {
		x = x.Abs()
	}
	for i, p := range x.ArgMax(1) {
		h.at(places, outer*inner)[i] = math.Float32frombits(uint32(p))
	}
	return h.broken
}

func (h *host) Pick(values, rows, places device.Pointer, outer, n, inner int) error {
	return h.eachPlace(rows, values, places, outer, n, inner, func(row, value *float32) { *value = *row })
}

func (h *host) Put(rows, values, places device.Pointer, outer, n, inner int) error {
	return h.eachPlace(rows, values, places, outer, n, inner, func(row, value *float32) { *row = *value })
}

func (h *host) eachPlace(rows, values, places device.Pointer, outer, n, inner int, f func(row, value *float32)) error {
	r, v := h.at(rows, outer*n*inner), h.at(values, outer*inner)
	for i, p := range h.at(places, outer*inner) {
		f(&r[(i/inner*n+int(math.Float32bits(p)))*inner+i%inner], &v[i])
	}
	return h.broken
}

func (h *host) Uniform(to device.Pointer, n int, seed, next uint64) error {
	state := snn.RandomState()
	before := *state
	state.Seeded, state.Seed, state.Next = true, seed, next
	copy(h.at(to, n), snn.Rand(n).Data())
	*state = before
	return h.broken
}

func (h *host) Source(*dynamics.Program, snn.PlacedRun) (string, error) { return "", nil }

func (h *host) Program(p *dynamics.Program, r snn.PlacedRun) error {
	d := dynamics.Run{T: r.T, N: r.N, Reverse: r.Reverse}
	for _, x := range r.Inputs {
		d.Inputs = append(d.Inputs, h.at(x.At, map[bool]int{true: r.T, false: r.T * r.N}[x.Shared]))
	}
	for _, x := range r.Params {
		d.Params = append(d.Params, h.at(x.At, map[bool]int{true: 1, false: r.N}[x.Shared]))
	}
	for _, x := range r.Outputs {
		if x == 0 {
			d.Outputs = append(d.Outputs, nil)
		} else {
			d.Outputs = append(d.Outputs, h.at(x, r.T*r.N))
		}
	}
	var summed [][]float32
	for _, x := range r.States {
		if x == 0 {
			summed = append(summed, make([]float32, r.N))
			d.States = append(d.States, summed[len(summed)-1])
		} else {
			d.States = append(d.States, h.at(x, r.N))
		}
	}
	h.stats.Launches++
	p.Run(d)
	for i, values := range summed {
		var sum float64
		for _, v := range values {
			sum += float64(v)
		}
		h.at(r.Sums, len(summed))[i] = float32(sum)
	}
	return h.broken
}

// Each operation, and its gradients, give on a device what they give on the CPU.
func TestOperationsOnDevice(t *testing.T) {
	newHost("test")
	for _, op := range operations {
		t.Run(op.name, rapid.MakeCheck(func(t *rapid.T) {
			shapes := op.drawShapes(t)
			value := rapid.Float32Range(0.25, 2)
			var values [][]float32
			for _, shape := range shapes {
				n := snn.Zeros(shape...).Size()
				values = append(values, rapid.SliceOfN(value, n, n).Draw(t, "values"))
			}
			results := map[string][]float32{}
			for _, backend := range []string{"cpu", "test"} {
				var leaves, x []*snn.Tensor
				for i, shape := range shapes {
					leaf := snn.FromSlice(values[i]).Reshape(shape...).RequireGrad()
					leaves, x = append(leaves, leaf), append(x, leaf.To(backend))
				}
				y := op.f(x...)
				results[backend] = append(results[backend], y.Data()...)
				y.BackwardFrom(snn.FromSlice(numbers(y.Size())).Reshape(y.Shape()...))
				for _, leaf := range leaves {
					results[backend] = append(results[backend], leaf.Grad().Data()...)
				}
			}
			for i, want := range results["cpu"] {
				if got := results["test"][i]; math.Abs(float64(got-want)) > 1e-6*math.Max(1, math.Abs(float64(want))) {
					t.Fatalf("number %d is %v on the device, %v on the CPU", i, got, want)
				}
			}
		}))
	}
}

// The gradient of a parameter is that of the CPU, whether all neurons share it, which
// the device adds up, or each has its own, and for a single neuron or none.
func TestParametersOnDevice(t *testing.T) {
	newHost("test")
	v := dynamics.State("v").Mul(dynamics.Param("p")).Add(dynamics.Input("x").Mul(dynamics.Param("q")))
	k, err := snn.NewKernel(dynamics.Definition{Inputs: []string{"x"}, Outputs: []dynamics.Expr{v}, States: []dynamics.StateEquation{{Name: "v", Next: v}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 3} {
		for _, sizes := range [][2]int{{1, 1}, {1, n}, {n, 1}, {n, n}} {
			gradients := func(backend string) (all []float32) {
				params := []*snn.Tensor{snn.Full(0.5, sizes[0]).RequireGrad(), snn.Full(2, sizes[1]).RequireGrad()}
				outputs, _ := k.Run(snn.Call{
					Steps: 4, Shape: []int{4, n}, Params: params, States: []*snn.Tensor{snn.Ones(n)},
					Inputs: []*snn.Tensor{snn.FromSlice(numbers(4*n), 4, n).To(backend)},
				})
				outputs[0].Sum().Backward()
				for _, p := range params {
					all = append(all, p.Grad().Data()...)
				}
				return all
			}
			if got, want := gradients("test"), gradients("cpu"); len(want) != sizes[0]+sizes[1] || !slices.Equal(got, want) {
				t.Errorf("%d neurons, parameters of %v values: gradients %v on the device, %v on the CPU", n, sizes, got, want)
			}
		}
	}
}

// Between operations on a device nothing is copied, and the numbers that a
// network uses again and again are there.
func TestStaysOnDevice(t *testing.T) {
	h := newHost("test")
	w := snn.FromSlice(numbers(12), 4, 3).To("test")
	x := snn.FromSlice(numbers(6), 2, 3).To("test")
	step := func() *snn.Tensor {
		return x.MatMulTransposed(w).Scale(0.5).Add(x.Sum(1).Reshape(2, 1)).Transpose(0, 1).Tanh().Index(1)
	}
	step()
	before := h.stats
	y := step()
	if after := h.stats; after.Uploads != before.Uploads || after.Downloads != before.Downloads {
		t.Errorf("%d uploads and %d downloads in the middle of a computation", after.Uploads-before.Uploads, after.Downloads-before.Downloads)
	}
	if y.Backend() != "test" || !slices.Equal(y.Shape(), []int{2}) {
		t.Errorf("the result is on %s, of shape %v", y.Backend(), y.Shape())
	}
	y.Data()
	y.At(0)
	_ = y.String()
	if after := h.stats; after.Downloads != before.Downloads+1 {
		t.Errorf("%d downloads of one tensor", after.Downloads-before.Downloads)
	}
}

// What fails on a device is one readable line, and so is a backend that is not
// there.
func TestDeviceErrors(t *testing.T) {
	h := newHost("test")
	x := snn.Ones(3).To("test")
	h.broken = &device.Error{Op: "Launch", Kernel: "lif", Reason: "an illegal address"}
	var mistake *snn.DeviceError
	if err := snn.Maybe(func() { x.Exp() }); !errors.As(err, &mistake) || !strings.Contains(err.Error(), "Launch of kernel lif: an illegal address") {
		t.Errorf("got %v", err)
	}
	if err := snn.Maybe(func() { x.To("none") }); !errors.As(err, &mistake) || !strings.HasPrefix(err.Error(), `there is no backend "none"; this program has ["cpu" `) {
		t.Errorf("got %v", err)
	}
}
