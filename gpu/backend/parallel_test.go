package backend_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"spikebook/gpu/backend"
	"spikebook/gpu/device"
	"spikebook/gpu/fakecuda"
	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
	"spikebook/snn/optim"
)

// journal notes what is called on several devices, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(backend, what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, backend+" "+what)
}

// noted is a device with an entry in the journal for each launch and download.
type noted struct {
	device.Device
	backend string
	journal *journal
}

func (d noted) Launch(l device.Launch) error {
	d.journal.note(d.backend, l.Kernel)
	return d.Device.Launch(l)
}

func (d noted) Download(to []byte, from device.Pointer) error {
	d.journal.note(d.backend, "download")
	return d.Device.Download(to, from)
}

// beginSeveral makes new devices the backends "cuda", "cuda:1" and so on.
func beginSeveral(t *testing.T, n int) *journal {
	t.Helper()
	t.Setenv(fakecuda.Devices, fmt.Sprint(n))
	j := &journal{}
	for i := range n {
		d, err := open(i)
		if err != nil {
			t.Fatalf("this test takes %d devices: %v", n, err)
		}
		name := device.BackendName(i)
		snn.AddBackend(name, func() (snn.Accelerator, error) { return backend.New(noted{d, name, j}), nil })
		t.Cleanup(func() { snn.RemoveBackend(name) })
	}
	return j
}

// onOne sets a network to one device, onAll to all.
func onOne(t *testing.T, build func() snn.Module) snn.Module {
	t.Helper()
	net := build()
	if err := snn.SetStepMode(net, snn.MultiStep); err != nil {
		t.Fatal(err)
	}
	if err := snn.SetBackend(net, "cuda"); err != nil {
		t.Fatal(err)
	}
	return net
}

func onAll(t *testing.T, build func() snn.Module) snn.Module {
	t.Helper()
	net, err := snn.NewDataParallel(build)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// gates is a network of neurons with many parameters that are learnt.
func gates() snn.Module {
	return snn.Sequential(layer.NewLinear(12, 4), neuron.NewGatedLIF(6), layer.NewLinear(4, 6), neuron.NewPSN(6, nil), layer.NewLinear(6, 3))
}

// A network on several devices is trained as on one: its parameters, learnt ones of
// neurons too, and the gradient of its input. Its states go on from sequence to
// sequence, and each loss may be differentiated on its own.
func TestDataParallelTraining(t *testing.T) {
	const steps, samples, epochs = 6, 5, 4
	sgd := func(p []*snn.Tensor) optim.Optimizer {
		o := optim.NewSGD(p, 0.5)
		o.Momentum = 0.9
		return o
	}
	adam := func(p []*snn.Tensor) optim.Optimizer { return optim.NewAdam(p, 0.02) }
	for _, test := range []struct {
		name      string
		devices   int
		build     func() snn.Module
		optimizer func([]*snn.Tensor) optim.Optimizer
	}{
		{"two devices, SGD", 2, network, sgd},
		{"two devices, Adam", 2, network, adam},
		{"three devices, SGD", 3, network, sgd},
		{"three devices, Adam", 3, network, adam},
		{"gates", 3, gates, adam},
	} {
		t.Run(test.name, func(t *testing.T) {
			beginSeveral(t, test.devices)
			train := func(place func(*testing.T, func() snn.Module) snn.Module) (losses, results []float32) {
				snn.Seed(8) // what is drawn for a network, and behind it, is the same
				net := place(t, test.build)
				params := snn.Parameters(net)
				o := test.optimizer(params)
				x := snn.Rand(steps, samples, 12).Scale(9).RequireGrad()
				target := snn.Rand(samples, 3).To("cuda")
				for range epochs {
					snn.ResetNet(net)
					o.ZeroGrad()
					x.ZeroGrad()
					one := snn.MSELoss(net.Forward(x).Mean(0), target)
					other := snn.MSELoss(net.Forward(x).Mean(0), target)
					one.Backward(snn.RetainGraph()) // whose states the other one goes on from
					other.Backward()
					losses = append(losses, one.Item()+other.Item())
					for _, p := range append(params, x) {
						results = append(results, p.Grad().Data()...)
					}
					o.Step()
					for _, p := range params {
						results = append(results, p.Data()...)
					}
				}
				return losses, results
			}
			wantLosses, want := train(onOne)
			before := launches(t, test.devices)
			gotLosses, got := train(onAll)
			near(t, "on several devices", gotLosses, wantLosses)
			near(t, "on several devices", got, want)
			for i, n := range launches(t, test.devices) {
				if n == before[i] {
					t.Errorf("%s had nothing to do", device.BackendName(i))
				}
			}
			if !(wantLosses[epochs-1] < wantLosses[0]) {
				t.Errorf("the losses are %v", wantLosses)
			}
		})
	}
}

// launches returns how many there were on each device.
func launches(t *testing.T, devices int) (list []int64) {
	t.Helper()
	for i := range devices {
		s, err := snn.BackendStats(device.BackendName(i))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s.Launches)
	}
	return list
}

// A batch may be smaller than the number of devices, or be no multiple of it; what
// comes out is what one device gives, bit by bit, sequence after sequence.
func TestDataParallelBatches(t *testing.T) {
	beginSeveral(t, 3)
	build := func() snn.Module { return neuron.NewLIF(neuron.StoreVSeq(true)) }
	one, all := onOne(t, build), onAll(t, build)
	for samples := range 8 {
		snn.ResetNet(one, all)
		for range 2 {
			x := snn.Rand(4, samples, 2, 3).Scale(2)
			want, got := one.Forward(x), all.Forward(x)
			if !slices.Equal(got.Shape(), want.Shape()) || !slices.Equal(got.Data(), want.Data()) || got.Backend() != "cuda" {
				t.Fatalf("%d samples: %v on %s, want %v", samples, got, got.Backend(), want)
			}
		}
		var v []float32
		for _, net := range all.(*snn.DataParallel).Replicas() {
			if l := net.(*neuron.Layer); l.VSeq() != nil {
				v = append(v, l.V().Data()...)
			}
		}
		if want := one.(*neuron.Layer).V().Data(); !slices.Equal(v, want) {
			t.Errorf("%d samples: the replicas have the states %v, want %v", samples, v, want)
		}
	}
}

// Nothing is waited for until all devices have what they are to do, neither forward
// nor backward, also where neurons learn.
func TestDataParallelOverlap(t *testing.T) {
	const devices = 3
	j := beginSeveral(t, devices)
	net := onAll(t, func() snn.Module {
		return snn.Sequential(layer.NewLinear(4, 5), neuron.NewParametricLIF(), layer.NewLinear(5, 5), neuron.NewParametricLIF(), layer.NewLinear(5, 2))
	})
	o := optim.NewSGD(snn.Parameters(net), 0.1)
	x, target := snn.Rand(3, 7, 4), snn.Rand(7, 2).To("cuda")
	snn.MSELoss(net.Forward(x).Mean(0), target).Backward()
	o.Step()
	var loss *snn.Tensor
	for _, pass := range []struct {
		name, kernel string
		run          func()
	}{
		{"forward", "steps_ParametricLIF", func() { loss = snn.MSELoss(net.Forward(x).Mean(0), target) }},
		{"backward", "steps_ParametricLIF_backward", func() { loss.Backward() }},
	} {
		j.lines = nil
		pass.run()
		of := func(line string) bool { _, kernel, _ := strings.Cut(line, " "); return kernel == pass.kernel }
		first := slices.IndexFunc(j.lines, of)
		n, last := 0, 0
		for i, line := range j.lines {
			if of(line) {
				n, last = n+1, i
			}
		}
		if n != 2*devices {
			t.Fatalf("%s: %d launches of %s, expected %d:\n%s", pass.name, n, pass.kernel, 2*devices, strings.Join(j.lines, "\n"))
		}
		for _, line := range j.lines[first:last] {
			if strings.HasSuffix(line, "download") {
				t.Errorf("%s: %s while a device has nothing to do yet:\n%s", pass.name, line, strings.Join(j.lines, "\n"))
			}
		}
	}
}

// Parameters go to the other devices when they have changed, not with each input.
func TestDataParallelSends(t *testing.T) {
	beginSeveral(t, 2)
	net := onAll(t, func() snn.Module { return layer.NewLinear(100, 100) })
	x := snn.Rand(1, 2, 100)
	uploaded := func() int64 {
		before, err := snn.BackendStats("cuda:1")
		if err != nil {
			t.Fatal(err)
		}
		net.Forward(x)
		after, err := snn.BackendStats("cuda:1")
		if err != nil {
			t.Fatal(err)
		}
		return after.UploadBytes - before.UploadBytes
	}
	const input, parameters = 4 * 100, 4 * (100*100 + 100)
	for i, want := range []int64{input + parameters, input, input} {
		if got := uploaded(); got != want {
			t.Errorf("input %d: %d bytes to the second device, expected %d", i, got, want)
		}
	}
	net.Forward(x).Sum().Backward()
	optim.NewSGD(snn.Parameters(net), 0.1).Step()
	if got, want := uploaded(), int64(input+parameters); got != want {
		t.Errorf("after a step: %d bytes to the second device, expected %d", got, want)
	}
}
