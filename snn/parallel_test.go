package snn_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spikebook/gpu"
	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
	"spikebook/snn/optim"
)

// A network on two devices is trained as if it were on one: here devices that are
// emulated. With GPUs leave out EmulateDevices.
func ExampleDataParallel() {
	gpu.EmulateDevices(2)
	snn.Seed(1)
	net, err := snn.NewDataParallel(func() snn.Module {
		return snn.Sequential(layer.NewLinear(4, 3), neuron.NewLIF())
	}, "cuda", "cuda:1") // without names: all devices
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(net)
	adam := optim.NewAdam(snn.Parameters(net), 0.05)
	x, target := snn.Full(4, 5, 7, 4), snn.Full(0.5, 7, 3).To(net.Backend()) // a batch of 7: 4 and 3
	var first, last float32
	for range 20 {
		snn.ResetNet(net)
		loss := snn.MSELoss(net.Forward(x).Mean(0), target)
		adam.ZeroGrad()
		loss.Backward()
		adam.Step()
		if last = loss.Item(); first == 0 {
			first = last
		}
	}
	fmt.Println(last < first)
	// Output:
	// backend "cuda": device 0: PTX interpreter on the CPU, not a GPU
	// backend "cuda:1": device 1: PTX interpreter on the CPU, not a GPU
	// DataParallel(cuda, cuda:1)
	// true
}

// linear is y = x·w, with a seed that is drawn and not learnt.
type linear struct {
	double
	w, seed *snn.Tensor
}

func newLinear() snn.Module {
	return &linear{w: snn.Rand(2, 1).RequireGrad(), seed: snn.Rand(1)}
}

func (l *linear) Forward(x *snn.Tensor) *snn.Tensor { return x.MatMul(l.w) }
func (l *linear) Parameters() []*snn.Tensor         { return []*snn.Tensor{l.w} }

func parallel(t *testing.T, build func() snn.Module, backends ...string) *snn.DataParallel {
	t.Helper()
	for _, name := range backends {
		newHost(name)
		t.Cleanup(func() { snn.RemoveBackend(name) })
	}
	d, err := snn.NewDataParallel(build, backends...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The first replica is what one network would be, the others are like it; what is
// drawn next does not depend on how many there are.
func TestDataParallelSeed(t *testing.T) {
	snn.Seed(3)
	one := newLinear().(*linear)
	next := snn.Rand(1).Item()
	snn.Seed(3)
	d := parallel(t, newLinear, "one", "other")
	for i, net := range d.Replicas() {
		l := net.(*linear)
		if !slices.Equal(l.w.Data(), one.w.Data()) || l.seed.Item() != one.seed.Item() || l.w.Backend() != d.Backends()[i] {
			t.Errorf("replica %d has weights %v and drew %v, expected %v and %v", i, l.w, l.seed, one.w, one.seed)
		}
	}
	if got := snn.Rand(1).Item(); got != next {
		t.Errorf("%v is drawn next, expected %v", got, next)
	}
}

// The network has one set of parameters, whose gradients are those of all replicas
// until they are forgotten.
func TestDataParallelGradients(t *testing.T) {
	d := parallel(t, newLinear, "one", "other")
	params := snn.Parameters(d)
	if len(params) != 1 || params[0] != d.Replicas()[0].(*linear).w || params[0].Backend() != "one" {
		t.Fatalf("%d parameters", len(params))
	}
	w := params[0]
	x := snn.FromSlice([]float32{1, 10, 2, 20, 4, 40}, 1, 3, 2)
	d.Forward(x).Sum().Backward()
	snn.ZeroGrad(d)
	for i, want := range [][]float32{{7, 70}, {14, 140}} {
		d.Forward(x).Sum().Backward()
		if g := w.Grad(); !slices.Equal(g.Data(), want) || g.Backend() != "one" {
			t.Errorf("after %d times the gradient is %v on %s, want %v", i+1, g, g.Backend(), want)
		}
	}
	snn.ZeroGrad(d)
	if w.Grad() != nil {
		t.Errorf("the gradient is %v, expected none", w.Grad())
	}
	d.Forward(x.Slice(0, 1)).Mean().Backward(snn.RetainGraph())
	if got := w.Grad().Shape(); !slices.Equal(got, []int{2, 1}) {
		t.Errorf("the gradient has shape %v", got)
	}

	// A change counts for all replicas, also one in which the tensor is another.
	w.Fill(2)
	equal(t, d.Forward(x), []int{1, 3, 1}, 22, 44, 88)
	first := d.Replicas()[0].(*linear)
	first.w = snn.Ones(2, 1).RequireGrad()
	y := d.Forward(x)
	equal(t, y, []int{1, 3, 1}, 11, 22, 44)
	y.Sum().Backward()
	if g := first.w.Grad(); !slices.Equal(g.Data(), []float32{7, 70}) {
		t.Errorf("the gradient of other weights is %v", g)
	}
	snn.NoGrad(func() {
		if y := d.Forward(x); y.RequiresGrad() {
			t.Error("it is recorded within NoGrad")
		}
	})
	first.w = snn.Ones(2, 2).RequireGrad()
	if got, want := misuse(t, func() { d.Forward(x) }), `DataParallel.Forward: parameter 0 has shape [2 2] on "one" and [2 1] on "other"; expected equal shapes`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDataParallelCalls(t *testing.T) {
	var made []*counter
	d := parallel(t, func() snn.Module {
		c := &counter{mode: "s"}
		made = append(made, c)
		return snn.Sequential(double{}, c)
	}, "one", "other")
	for i, c := range made {
		if c.mode != "m" || c.backend != d.Backends()[i] {
			t.Errorf("replica %d has step mode %q and backend %q", i, c.mode, c.backend)
		}
	}
	d.Forward(snn.Ones(1, 3, 1))
	if made[0].sum != 4 || made[1].sum != 2 {
		t.Errorf("the replicas were given %v and %v", made[0].sum, made[1].sum)
	}
	if got, want := misuse(t, func() { d.Forward(snn.Ones(1, 4, 1)) }), "DataParallel.Forward: the input of shape [1 4 1] is a batch of 4, but earlier inputs had 3, whose states the devices have; call Reset() before a batch of another size"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	snn.ResetNet(snn.Sequential(d))
	if made[0].sum != 0 || made[1].sum != 0 {
		t.Error("Reset leaves states")
	}
	if got := d.Forward(snn.Ones(2, 1, 1)); !slices.Equal(got.Shape(), []int{2, 1, 1}) || got.Backend() != "one" || made[1].sum != 0 {
		t.Errorf("one sample gives %v on %s", got, got.Backend())
	}
	if err := snn.SetStepMode(d, "m"); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{snn.SetStepMode(d, "s"), `DataParallel: step mode "s" is not possible: devices take whole sequences; use step mode "m"`},
		{snn.SetStepMode(d, "x"), `step mode "x" is unknown`},
		{snn.SetBackend(snn.Sequential(d), "one"), `DataParallel: backend "one" cannot be set: it is on ["one" "other"]; use NewDataParallel for others`},
	} {
		if test.err == nil || !strings.HasPrefix(test.err.Error(), test.want) {
			t.Errorf("got %v, want %s", test.err, test.want)
		}
	}
	if made[0].backend != "one" {
		t.Errorf("the backend that is refused was set in a replica: %q", made[0].backend)
	}
	for _, test := range []struct {
		x    *snn.Tensor
		want string
	}{
		{nil, "DataParallel.Forward: the input is nil; expected a tensor"},
		{snn.Ones(3), "DataParallel.Forward: the input has shape [3], expected a sequence [T, N, ...], of which each device gets a part of N"},
	} {
		var mistake *snn.ShapeError
		if err := snn.Maybe(func() { d.Forward(test.x) }); !errors.As(err, &mistake) || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	mean := parallel(t, func() snn.Module { return rate{} }, "one", "other")
	if got, want := misuse(t, func() { mean.Forward(snn.Ones(2, 4, 5)) }), "DataParallel.Forward: a replica gives out shape [2 5] for an input of shape [2 2 5], expected a sequence"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// rate is the mean over the steps.
type rate struct{ double }

func (rate) Forward(x *snn.Tensor) *snn.Tensor { return x.Mean(0) }

func TestDataParallelMistakes(t *testing.T) {
	for _, name := range []string{"one", "other"} {
		newHost(name)
		defer snn.RemoveBackend(name)
	}
	shared, w, n := newLinear(), snn.Ones(2, 1).RequireGrad(), 0
	for _, test := range []struct {
		build    func() snn.Module
		backends []string
		want     string
	}{
		{nil, []string{"one"}, "DataParallel: build is nil, expected a function that returns a network"},
		{func() snn.Module { return nil }, []string{"one"}, "DataParallel: build returned nil, expected a network"},
		{newLinear, []string{"one", "none"}, `DataParallel: there is no backend "none"; this program has ["cpu" `},
		{newLinear, []string{"one", "one"}, `DataParallel: backend "one" is named twice, expected each once`},
		{func() snn.Module { return snn.Sequential(shared, double{}) }, []string{"one", "other"}, "DataParallel: a *snn_test.linear belongs to two replicas; build must make it anew at each call"},
		{func() snn.Module { return &linear{w: w} }, []string{"one", "other"}, "DataParallel: a parameter of shape [2 1] belongs to two replicas; build must make it anew at each call"},
		{func() snn.Module { n++; return &linear{w: snn.Ones(n).RequireGrad()} }, []string{"one", "other"}, `DataParallel: parameter 0 has shape [1] on "one" and [2] on "other"; expected equal shapes`},
		{func() snn.Module {
			if n++; n%2 == 0 {
				return double{}
			}
			return newLinear()
		}, []string{"one", "other"}, `DataParallel: the replica on "one" has 1 parameters, that on "other" has 0; expected as many`},
		{func() snn.Module { return &counter{only: "s"} }, []string{"one"}, `DataParallel: only "s"`},
		{func() snn.Module { return &counter{only: "m"} }, []string{"one"}, "DataParallel: no backends here"},
		{func() snn.Module { return &linear{w: snn.Ones(2, 1).RequireGrad().Exp()} }, []string{"one"}, "DataParallel: Move: the tensor of shape [2 1] is the result of a computation, expected a leaf"},
	} {
		if d, err := snn.NewDataParallel(test.build, test.backends...); d != nil || err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	net := snn.Sequential(shared, shared) // a network may use a layer twice
	if _, err := snn.NewDataParallel(func() snn.Module { return net }, "one"); err != nil {
		t.Error(err)
	}
}

// The error of a device that is not there says which are.
func TestCheckBackend(t *testing.T) {
	for _, name := range snn.Backends()[1:] { // of other tests
		snn.RemoveBackend(name)
	}
	for n, want := range []string{
		`there is no backend "cuda:7": no NVIDIA GPU is in use`,
		`there is no backend "cuda:7"; this program has 1 for devices: ["cuda"]`,
		`there is no backend "cuda:7"; this program has 2 for devices: ["cuda" "cuda:1"]`,
	} {
		for _, name := range []string{"cuda", "cuda:1"}[:n] {
			newHost(name)
		}
		if err := snn.CheckBackend("cuda:7"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if d, err := snn.NewDataParallel(newLinear); err != nil || !slices.Equal(d.Backends(), []string{"cuda", "cuda:1"}) {
		t.Errorf("without names it is on %v, %v", d, err)
	}
	snn.RemoveBackend("cuda:1")
	snn.RemoveBackend("cuda")
	if _, err := snn.NewDataParallel(newLinear); err == nil || !strings.HasPrefix(err.Error(), `DataParallel: there is no backend "cuda": no NVIDIA GPU is in use`) {
		t.Errorf("without devices: %v", err)
	}
}
