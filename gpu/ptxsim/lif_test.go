package ptxsim

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"spikebook/gpu/device"
)

// lif is a neuron that takes T steps: h = decay*v + x, s = h >= 1, v = s ? 0 : h.
const lif = `
.version 6.3
.target sm_70
.address_size 64

.visible .entry lif(
	.param .u64 x, .param .u64 s, .param .u64 v,
	.param .u32 neurons, .param .u32 steps, .param .f32 decay
)
.maxntid 256, 1, 1
{
	.reg .pred %p<4>;
	.reg .b32 %r<8>;
	.reg .f32 %f<8>;
	.reg .b64 %d<8>;

	mov.u32 %r1, %ctaid.x;
	mov.u32 %r2, %ntid.x;
	mov.u32 %r3, %tid.x;
	mad.lo.u32 %r1, %r1, %r2, %r3;
	ld.param.u32 %r2, [neurons];
	setp.ge.u32 %p1, %r1, %r2;
	@%p1 bra $none;
	mul.wide.u32 %d1, %r1, 4;
	ld.param.u64 %d2, [x];
	cvta.to.global.u64 %d2, %d2;
	add.s64 %d2, %d2, %d1;
	ld.param.u64 %d3, [s];
	add.s64 %d3, %d3, %d1;
	ld.param.u64 %d4, [v];
	add.s64 %d4, %d4, %d1;
	mul.wide.u32 %d5, %r2, 4;
	ld.global.f32 %f1, [%d4];
	ld.param.f32 %f2, [decay];
	ld.param.u32 %r4, [steps];
$step:
	ld.global.f32 %f3, [%d2];
	mul.rn.f32 %f4, %f1, %f2;
	add.rn.f32 %f4, %f4, %f3;
	setp.ge.f32 %p2, %f4, 0f3F800000;
	selp.f32 %f5, 0f3F800000, 0f00000000, %p2;
	st.global.f32 [%d3], %f5;
	selp.f32 %f1, 0f00000000, %f4, %p2;
	add.s64 %d2, %d2, %d5;
	add.s64 %d3, %d3, %d5;
	sub.u32 %r4, %r4, 1;
	setp.ne.u32 %p3, %r4, 0;
	@%p3 bra $step;
	st.global.f32 [%d4], %f1;
$none:
	ret;
}
`

// floats are values in memory, and where that is.
type floats struct {
	at     device.Pointer
	values []float32
}

func upload(t testing.TB, d *Device, label string, values []float32) floats {
	t.Helper()
	p := alloc(t, d, 4*len(values), label)
	data, _ := binary.Append(nil, binary.LittleEndian, values)
	if err := d.Upload(p, data); err != nil {
		t.Fatal(err)
	}
	return floats{p, values}
}

func alloc(t testing.TB, d *Device, bytes int, label string) device.Pointer {
	t.Helper()
	p, err := d.Alloc(int64(bytes), label)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (f floats) download(t testing.TB, d *Device) []float32 {
	t.Helper()
	data := make([]byte, 4*len(f.values))
	if err := d.Download(data, f.at); err != nil {
		t.Fatal(err)
	}
	values := make([]float32, len(f.values))
	if _, err := binary.Decode(data, binary.LittleEndian, values); err != nil {
		t.Fatal(err)
	}
	return values
}

// lifRun has all for a launch of lif.
func lifRun(t testing.TB, d *Device, neurons, steps int) (x, s, v floats, l device.Launch) {
	random := rand.New(rand.NewPCG(1, 2))
	input := make([]float32, neurons*steps)
	for i := range input {
		input[i] = random.Float32()
	}
	x = upload(t, d, "input", input)
	s = floats{alloc(t, d, 4*neurons*steps, "spikes"), make([]float32, neurons*steps)}
	v = upload(t, d, "membrane", make([]float32, neurons))
	return x, s, v, device.Launch{
		Module: lif, Kernel: "lif", Grid: [3]int{(neurons + 127) / 128, 1, 1}, Block: [3]int{128, 1, 1},
		Args: []any{x.at, s.at, v.at, uint32(neurons), uint32(steps), float32(0.9)},
	}
}

func TestLIF(t *testing.T) {
	for _, neurons := range []int{1, 127, 128, 1000} {
		const steps = 25
		d := Open(Options{})
		x, s, v, l := lifRun(t, d, neurons, steps)
		if err := errors.Join(d.Launch(l), d.Sync()); err != nil {
			t.Fatal(err)
		}
		spikes, membrane := s.download(t, d), v.download(t, d)
		for i := range neurons {
			var u float32
			for step := range steps {
				h := float32(u*0.9) + x.values[step*neurons+i]
				fired := float32(0)
				if u = h; h >= 1 {
					fired, u = 1, 0
				}
				if got := spikes[step*neurons+i]; got != fired {
					t.Fatalf("neuron %d of %d, step %d: spike %v, expected %v", i, neurons, step, got, fired)
				}
			}
			if math.Float32bits(membrane[i]) != math.Float32bits(u) {
				t.Errorf("neuron %d: membrane %v, expected %v", i, membrane[i], u)
			}
		}
		read, written := d.Traffic()
		if want := int64(4 * neurons * (steps + 1)); read != want || written != want {
			t.Errorf("%d bytes read and %d written, expected %d of both", read, written, want)
		}
	}
}

// TestOrderOfLaunches has other threads access the same memory in a second launch,
// which is no race.
func TestOrderOfLaunches(t *testing.T) {
	d := Open(Options{})
	_, _, _, l := lifRun(t, d, 1000, 2)
	for _, threads := range []int{128, 64, 256} {
		l.Grid[0], l.Block[0] = (1000+threads-1)/threads, threads
		if err := d.Launch(l); err != nil {
			t.Errorf("with blocks of %d threads: %v", threads, err)
		}
	}
}

func BenchmarkLIF(b *testing.B) {
	for name, o := range map[string]Options{"races": {}, "fast": {NoRaces: true}} {
		b.Run(name, func(b *testing.B) {
			d := Open(o)
			_, _, _, l := lifRun(b, d, 32768, 25)
			for b.Loop() {
				if err := d.Launch(l); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
