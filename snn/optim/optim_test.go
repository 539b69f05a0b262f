package optim_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"spikebook/snn"
	"spikebook/snn/optim"
)

// three takes three steps with the loss Σ p·g, so that the gradients are those
// given, and returns the parameter after each.
func three(p *snn.Tensor, o optim.Optimizer, gradients ...float32) (values []float32) {
	for _, g := range gradients {
		o.ZeroGrad()
		p.Scale(g).Sum().Backward()
		o.Step()
		values = append(values, p.Data()[0])
	}
	return values
}

func TestSteps(t *testing.T) {
	params := func(p *snn.Tensor) []*snn.Tensor { return []*snn.Tensor{p} }
	for _, test := range []struct {
		name string
		make func(p *snn.Tensor) optim.Optimizer
		want []float64
	}{
		// 1 - 0.5·1 = 0.5, + 0.5·2 = 1.5, - 0.5·0.5 = 1.25
		{"SGD", func(p *snn.Tensor) optim.Optimizer { return optim.NewSGD(params(p), 0.5) }, []float64{0.5, 1.5, 1.25}},
		// velocities 1, 0.5 - 2 = -1.5, -0.75 + 0.5 = -0.25
		{"SGD with momentum", func(p *snn.Tensor) optim.Optimizer {
			o := optim.NewSGD(params(p), 0.5)
			o.Momentum = 0.5
			return o
		}, []float64{0.5, 1.25, 1.375}},
		// the same velocities: 1 + 0.5·1 = 1.5, -2 + 0.5·-1.5 = -2.75, 0.5 + 0.5·-0.25 = 0.375
		{"SGD with Nesterov's momentum", func(p *snn.Tensor) optim.Optimizer {
			o := optim.NewSGD(params(p), 0.5)
			o.Momentum, o.Nesterov = 0.5, true
			return o
		}, []float64{0.25, 1.625, 1.4375}},
		// gradients 1 + 0.5·1 = 1.5, -2 + 0.5·0.25 = -1.875, 0.5 + 0.5·1.1875 = 1.09375
		{"SGD with weight decay", func(p *snn.Tensor) optim.Optimizer {
			o := optim.NewSGD(params(p), 0.5)
			o.WeightDecay = 0.5
			return o
		}, []float64{0.25, 1.1875, 0.640625}},
		// In each step m = 0.9m + 0.1g, v = 0.999v + 0.001g², with the corrections
		// 1-0.9ⁿ and 1-0.999ⁿ:
		// m 0.1, v 0.001: 1 - 0.1·(0.1/0.1)/√(0.001/0.001) = 0.9
		// m -0.11, v 0.004999: 0.9 + 0.1·(0.11/0.19)/√(0.004999/0.001999)
		// m -0.049, v 0.005244001: + 0.1·(0.049/0.271)/√(0.005244001/0.002997001)
		{"Adam", func(p *snn.Tensor) optim.Optimizer { return optim.NewAdam(params(p), 0.1) }, []float64{
			0.9,
			0.9 + 0.011/0.19/math.Sqrt(0.004999/0.001999),
			0.9 + 0.011/0.19/math.Sqrt(0.004999/0.001999) + 0.0049/0.271/math.Sqrt(0.005244001/0.002997001),
		}},
		// Each step multiplies by 1 - 0.1·0.01 = 0.999 first.
		{"AdamW", func(p *snn.Tensor) optim.Optimizer { return optim.NewAdamW(params(p), 0.1) }, []float64{
			0.899,
			0.899*0.999 + 0.011/0.19/math.Sqrt(0.004999/0.001999),
			(0.899*0.999+0.011/0.19/math.Sqrt(0.004999/0.001999))*0.999 + 0.0049/0.271/math.Sqrt(0.005244001/0.002997001),
		}},
		// The decay is part of the gradient: 1 + 0.5·1 = 1.5, and its size does not
		// matter in the first step: 0.9. Then -2 + 0.45 = -1.55: m 0.135 - 0.155 =
		// -0.02, v 0.999·0.00225 + 0.00240250 = 0.00465025.
		{"Adam with weight decay", func(p *snn.Tensor) optim.Optimizer {
			o := optim.NewAdam(params(p), 0.1)
			o.WeightDecay = 0.5
			return o
		}, []float64{0.9, 0.9 + 0.002/0.19/math.Sqrt(0.00465025/0.001999)}},
		{"Adam with large epsilon", func(p *snn.Tensor) optim.Optimizer {
			o := optim.NewAdam(params(p), 0.1)
			o.Epsilon = 1
			return o
		}, []float64{0.95}},
	} {
		p := snn.Ones(1).RequireGrad()
		gradients := []float32{1, -2, 0.5}[:len(test.want)]
		for i, got := range three(p, test.make(p), gradients...) {
			if math.Abs(float64(got)-test.want[i]) > 3e-7 {
				t.Errorf("%s: after step %d the parameter is %v, want %v", test.name, i+1, got, test.want[i])
			}
		}
	}
}

// A parameter without a gradient stays, and its first step is its own.
func TestWithoutGradient(t *testing.T) {
	for name, make := range map[string]func(ps []*snn.Tensor) optim.Optimizer{
		"SGD": func(ps []*snn.Tensor) optim.Optimizer {
			o := optim.NewSGD(ps, 0.5)
			o.Momentum = 0.5
			return o
		},
		"Adam":  func(ps []*snn.Tensor) optim.Optimizer { return optim.NewAdam(ps, 0.1) },
		"AdamW": func(ps []*snn.Tensor) optim.Optimizer { return optim.NewAdamW(ps, 0.1) },
	} {
		p, q, r := snn.Ones(1).RequireGrad(), snn.Ones(1).RequireGrad(), snn.Ones(1).RequireGrad()
		both, alone := make([]*snn.Tensor{p, q}), make([]*snn.Tensor{r})
		three(p, both, 1, 1, 1)
		if q.Item() != 1 {
			t.Errorf("%s: a parameter without a gradient is %v, was 1", name, q.Item())
		}
		if got, want := three(q, both, 2, -1, 3), three(r, alone, 2, -1, 3); !slices.Equal(got, want) {
			t.Errorf("%s: after it %v, alone %v", name, got, want)
		}
		if both.ZeroGrad(); p.Grad() != nil || q.Grad() != nil {
			t.Errorf("%s: ZeroGrad leaves a gradient", name)
		}
	}
}

// The steps change values in place: the tensor stays what it is, and the
// gradient as it was.
func TestInPlace(t *testing.T) {
	p := snn.FromSlice([]float32{1, 2, 3}).RequireGrad()
	data := p.Data()
	o := optim.NewSGD([]*snn.Tensor{p}, 1)
	p.Square().Sum().Backward()
	o.Step()
	if !slices.Equal(data, []float32{-1, -2, -3}) || !slices.Equal(p.Grad().Data(), []float32{2, 4, 6}) || !p.RequiresGrad() {
		t.Errorf("the parameter is %v, its gradient %v", p, p.Grad())
	}
}

// Each finds the lowest place of a bowl.
func TestDescent(t *testing.T) {
	for name, make := range map[string]func(ps []*snn.Tensor) optim.Optimizer{
		"SGD":  func(ps []*snn.Tensor) optim.Optimizer { return optim.NewSGD(ps, 0.1) },
		"Adam": func(ps []*snn.Tensor) optim.Optimizer { return optim.NewAdam(ps, 0.1) },
	} {
		p := snn.FromSlice([]float32{5, -3}).RequireGrad()
		o := make([]*snn.Tensor{p})
		for range 300 {
			o.ZeroGrad()
			snn.MSELoss(p, snn.FromSlice([]float32{1, 2})).Backward()
			o.Step()
		}
		if loss := snn.MSELoss(p.Detach(), snn.FromSlice([]float32{1, 2})).Item(); loss > 1e-4 {
			t.Errorf("%s: the loss is %v", name, loss)
		}
	}
}

func TestMistakes(t *testing.T) {
	one := []*snn.Tensor{snn.Ones(1).RequireGrad()}
	sgd := func(set func(*optim.SGD)) func() {
		return func() { o := optim.NewSGD(one, 1); set(o); o.Step() }
	}
	adam := func(set func(*optim.Adam)) func() {
		return func() { o := optim.NewAdam(one, 1); set(o); o.Step() }
	}
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { optim.NewSGD(nil, 1) }, "optim: there are no parameters, expected at least one; snn.Parameters(net) returns those of a network"},
		{func() { optim.NewAdam([]*snn.Tensor{one[0], nil}, 1) }, "optim: parameter 1 is nil, expected a tensor"},
		{func() { optim.NewAdamW(append(one, one...), 1) }, "optim: parameters 0 and 1 are the same tensor, which would take two steps at once; give it once"},
		{func() { optim.NewSGD(one, 0) }, "optim: the learning rate is 0, expected a positive number"},
		{func() { optim.NewAdam(one, -0.5) }, "optim: the learning rate is -0.5, expected a positive number"},
		{func() { optim.NewAdamW(one, math.NaN()) }, "optim: the learning rate is NaN, expected a positive number"},
		{func() { optim.NewSGD(one, math.Inf(1)) }, "optim: the learning rate is +Inf, expected a positive number"},
		{func() { optim.NewSGD(one, 1e300) }, "optim: the learning rate is 1e+300, expected a positive number"}, // as a float32 it is infinite
		{func() { optim.NewSGD(one, 1e-50) }, "optim: the learning rate is 1e-50, expected a positive number"},  // and this is 0
		{func() { optim.NewSGD([]*snn.Tensor{one[0], one[0].Scale(2)}, 1) }, "optim: parameter 1, of shape [1], is the result of a computation, which has no gradient to step by; give the tensors that it is computed from, or Detach().RequireGrad() of it"},
		{sgd(func(o *optim.SGD) { o.LearningRate = -1 }), "optim: LearningRate is -1, expected a number of at least 0"},
		{sgd(func(o *optim.SGD) { o.Momentum = float32(math.Inf(1)) }), "optim: Momentum is +Inf, expected a number of at least 0"},
		{sgd(func(o *optim.SGD) { o.WeightDecay = float32(math.NaN()) }), "optim: WeightDecay is NaN, expected a number of at least 0"},
		{adam(func(o *optim.Adam) { o.Beta1 = 1 }), "optim: Beta1 is 1, expected a number of at least 0 and below 1"},
		{adam(func(o *optim.Adam) { o.Beta2 = -0.5 }), "optim: Beta2 is -0.5, expected a number of at least 0 and below 1"},
		{adam(func(o *optim.Adam) { o.Epsilon = -1 }), "optim: Epsilon is -1, expected a number of at least 0"},
	} {
		err := snn.Maybe(test.f)
		var mistake *optim.Misuse
		if !errors.As(err, &mistake) || err.Error() != test.want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
	// A schedule may begin with 0, and what is never to change may be among the parameters.
	o := optim.NewAdam(append(one, snn.Ones(2)), 1)
	o.LearningRate = 0
	one[0].Square().Sum().Backward()
	o.Step()
	if v := one[0].Item(); v != 1 {
		t.Errorf("a step of rate 0 ends at %v, want 1", v)
	}
}
