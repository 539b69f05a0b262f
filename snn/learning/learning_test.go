package learning_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/learning"
	"spikebook/snn/neuron"
	"spikebook/snn/optim"
)

// functions of the weights, on tensors and on a value.
var functions = []struct {
	option func(w *snn.Tensor) *snn.Tensor
	value  func(w float64) float64
}{
	{nil, func(w float64) float64 { return w }},
	{(*snn.Tensor).Square, func(w float64) float64 { return w * w }},
	{func(w *snn.Tensor) *snn.Tensor { return snn.Ones(w.Shape()...) }, func(float64) float64 { return 1 }},
}

// change is how a weight is to change, and how large what it is the sum of is together:
// rounding of float32 is a part of that.
type change struct{ by, size float64 }

func (c *change) add(factor float64, d change) {
	c.by += factor * d.by
	c.size += math.Abs(factor) * d.size
}

func near(t rapid.TB, what string, got *snn.Tensor, want []change) {
	t.Helper()
	if got.Size() != len(want) {
		t.Fatalf("%s: shape %v, want %d values", what, got.Shape(), len(want))
	}
	for i, w := range want {
		if math.Abs(float64(got.Data()[i])-w.by) > 1e-6*w.size {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got.Data()[i], w.by)
		}
	}
}

// trial is a random synapse with neurons and inputs [T, N, In].
type trial struct {
	steps, n, in, out int
	x                 *snn.Tensor
	weights           []float32
	up, down          int // functions
	tauPre, tauPost   float64
}

func drawTrial(t *rapid.T) trial {
	snn.Seed(rapid.IntRange(0, 1000).Draw(t, "seed"))
	d := func(name string, most int) int { return rapid.IntRange(1, most).Draw(t, name) }
	r := trial{steps: d("steps", 6), n: d("N", 3), in: d("in", 4), out: d("out", 3), up: d("FPost", 3) - 1, down: d("FPre", 3) - 1}
	r.x = snn.Zeros(r.steps, r.n, r.in)
	for i := range r.x.Data() {
		r.x.Data()[i] = float32(rapid.IntRange(0, 1).Draw(t, "spike"))
	}
	r.weights = snn.Rand(r.out, r.in).Data()
	r.tauPre, r.tauPost = rapid.Float64Range(1, 9).Draw(t, "tauPre"), rapid.Float64Range(1, 9).Draw(t, "tauPost")
	return r
}

func (r trial) synapse() *layer.Linear {
	fc := layer.NewLinear(r.in, r.out, layer.Bias(false))
	copy(fc.Weight.Data(), r.weights)
	return fc
}

func (r trial) options() []learning.Option {
	return []learning.Option{learning.FPre(functions[r.down].option), learning.FPost(functions[r.up].option)}
}

// changes returns what the spikes of each step and sample change, [T][N][Out·In], by the
// formulas in float64.
func (r trial) changes(y *snn.Tensor, keepPre, keepPost float64) [][][]change {
	pre, post := make([]float64, r.n*r.in), make([]float64, r.n*r.out)
	all := make([][][]change, r.steps)
	for t := range all {
		all[t] = make([][]change, r.n)
		for s := range r.n {
			before, behind := r.x.Index(t).Index(s).Data(), y.Index(t).Index(s).Data()
			for i, v := range before {
				pre[s*r.in+i] = pre[s*r.in+i]*keepPre + float64(v)
			}
			for o, v := range behind {
				post[s*r.out+o] = post[s*r.out+o]*keepPost + float64(v)
			}
			for o := range r.out {
				for i := range r.in {
					w := float64(r.weights[o*r.in+i])
					up := functions[r.up].value(w) * pre[s*r.in+i] * float64(behind[o])
					down := functions[r.down].value(w) * post[s*r.out+o] * float64(before[i])
					all[t][s] = append(all[t][s], change{up - down, up + down})
				}
			}
		}
	}
	return all
}

func add(to []change, factor float64, changes []change) {
	for i, c := range changes {
		to[i].add(factor, c)
	}
}

// A sequence, its steps, and steps that are learnt from together change the weights as the
// formulas say.
func TestSTDP(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawTrial(t)
		fc := r.synapse()
		rule := learning.NewSTDP(fc, neuron.NewIF(), r.tauPre, r.tauPost, r.options()...)
		_ = snn.SetStepMode(rule, "m")
		y := rule.Forward(r.x)
		all := r.changes(y, 1-1/r.tauPre, 1-1/r.tauPost)
		want := make([]change, r.out*r.in)
		for _, samples := range all {
			for _, change := range samples {
				add(want, 1, change)
			}
		}
		near(t, "of the sequence", rule.DeltaW(), want)

		_ = snn.SetStepMode(rule, "s")
		snn.ResetNet(rule)
		for s := range r.steps {
			if got := rule.Forward(r.x.Index(s)); !slices.Equal(got.Data(), y.Index(s).Data()) {
				t.Fatalf("spikes of step %d: %v, want %v", s, got, y.Index(s))
			}
		}
		near(t, "of its steps", rule.DeltaW(), want)

		snn.ResetNet(rule)
		for s := range r.steps {
			rule.Forward(r.x.Index(s))
			want := make([]change, r.out*r.in)
			for _, change := range all[s] {
				add(want, 1, change)
			}
			near(t, "of a step", rule.DeltaW(), want)
			rule.Step()
		}
		if rule.DeltaW() != nil {
			t.Fatal("something is left to learn after Step")
		}
		for i := range want {
			want[i].by = -want[i].by
		}
		near(t, "gradient", fc.Weight.Grad(), want)
	})
}

// Rewards, one for all or one for each sample, count for what was before the step.
func TestRewardSTDP(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawTrial(t)
		traced, each := rapid.Bool().Draw(t, "trace"), rapid.Bool().Draw(t, "a reward for each")
		const tauTrace = 5.
		rule := learning.NewMSTDP(r.synapse(), neuron.NewIF(), r.tauPre, r.tauPost, r.options()...)
		if traced {
			rule = learning.NewMSTDPET(r.synapse(), neuron.NewIF(), r.tauPre, r.tauPost, tauTrace, r.options()...)
		}
		rewards := snn.Randn(r.steps, r.n)
		var spikes, changes []*snn.Tensor
		for s := range r.steps {
			spikes = append(spikes, rule.Forward(r.x.Index(s)))
			reward := rewards.Index(s)
			if !each {
				reward = reward.Index(0)
			}
			changes = append(changes, rule.DeltaW(reward))
		}
		all := r.changes(snn.Stack(spikes...), math.Exp(-1/r.tauPre), math.Exp(-1/r.tauPost))
		size := r.out * r.in
		eligible := make([]change, r.n*size)
		for s := range r.steps {
			want := make([]change, size)
			for k := range r.n {
				e := eligible[k*size:][:size]
				if traced {
					for i, c := range e {
						e[i] = change{}
						e[i].add(math.Exp(-1/tauTrace), c)
					}
				} else {
					clear(e)
				}
				if s > 0 {
					factor := 1.
					if traced {
						factor = 1 / tauTrace
					}
					add(e, factor, all[s-1][k])
				}
				reward := rewards.At(s, 0)
				if each {
					reward = rewards.At(s, k)
				}
				add(want, float64(reward), e)
			}
			near(t, "by a reward", changes[s], want)
		}
	})
}

// An optimizer changes the weights by DeltaW. Nothing goes on the tape without gradients,
// and rows of one sample need no batch.
func TestStep(t *testing.T) {
	snn.Seed(1)
	fc := layer.NewLinear(3, 2, layer.Bias(false))
	x := snn.FromSlice([]float32{1, 0, 1})
	for name, rule := range map[string]interface {
		snn.Module
		Modules() []snn.Module
	}{"STDP": learning.NewSTDP(fc, neuron.NewIF(neuron.VThreshold(0.1)), 2, 3), "MSTDP": learning.NewMSTDP(fc, neuron.NewIF(neuron.VThreshold(0.1)), 2, 3)} {
		sgd := optim.NewSGD(snn.Parameters(rule), 0.5)
		snn.NoGrad(func() {
			for range 4 {
				before := fc.Weight.Detach().Clone()
				sgd.ZeroGrad()
				if y := rule.Forward(x); !slices.Equal(y.Shape(), []int{2}) || y.RequiresGrad() {
					t.Errorf("%s: spikes %v, with a gradient: %t", name, y, y.RequiresGrad())
				}
				var change *snn.Tensor
				switch rule := rule.(type) {
				case *learning.STDP:
					change = rule.DeltaW()
					rule.Step()
				case *learning.RewardSTDP:
					reward := snn.Scalar(-2)
					change = rule.DeltaW(reward)
					rule.Step(reward)
				}
				sgd.Step()
				if got, want := fc.Weight.Data(), before.Add(change.Scale(0.5)).Data(); !slices.Equal(got, want) {
					t.Errorf("%s: weights %v, want %v", name, got, want)
				}
			}
		})
	}
	rule := learning.NewSTDP(fc, neuron.NewIF(), 2, 2)
	rule.Step() // nothing came
	if rule.DeltaW() != nil || rule.TracePre() != nil || rule.TracePost() != nil {
		t.Error("there is something to learn from nothing")
	}
	if got, want := rule.String(), "STDP(Linear(in=3, out=2, bias=false), IF("; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What a rule remembers is as the formulas say, is nobody else's, is not on the tape, and
// is gone after Reset, with the state of the neurons.
func TestMemory(t *testing.T) {
	fc := layer.NewLinear(1, 1, layer.Bias(false))
	fc.Weight.Fill(0.6)
	one := snn.Ones(1).RequireGrad()
	value := func(what string, got *snn.Tensor, want float64) {
		t.Helper()
		if got == nil || got.RequiresGrad() || math.Abs(float64(got.Data()[0])-want) > 1e-6 {
			t.Errorf("%s is %v, want %v, not on the tape", what, got, want)
			return
		}
		got.Fill(9) // a copy
	}
	stdp := learning.NewSTDP(fc, neuron.NewIF(), 2, 4)
	rewarded := learning.NewMSTDPET(fc, neuron.NewIF(), 2, 4, 5)
	keep := func(tau float64) float64 { return math.Exp(-1 / tau) }
	for range 2 {
		for range 3 { // the neuron fires at the second step
			stdp.Forward(one)
			rewarded.Forward(one)
		}
		value("the trace before", stdp.TracePre(), 1+0.5+0.25)
		value("the trace behind", stdp.TracePost(), 0.75)
		value("the change", stdp.DeltaW(), 0.6*1.5-0.6*(1+0.75))
		value("the trace before, with rewards", rewarded.TracePre(), 1+keep(2)+keep(2)*keep(2))
		value("the trace behind, with rewards", rewarded.TracePost(), keep(4))
		value("the eligibility", rewarded.Eligibility(), -0.6*keep(4))
		z := 0.6 * (1 + keep(2) - 1) / 5 // of the spike at the step before
		value("the eligibility trace", rewarded.EligibilityTrace(), z)
		value("the change by a reward", rewarded.DeltaW(snn.Full(-3).RequireGrad()), -3*z)
		stdp.Reset()
		rewarded.Reset()
		if stdp.TracePre() != nil || stdp.TracePost() != nil || stdp.DeltaW() != nil {
			t.Error("something is left after Reset")
		}
		if rewarded.TracePre() != nil || rewarded.Eligibility() != nil || rewarded.EligibilityTrace() != nil || rewarded.DeltaW(snn.Scalar(1)) != nil {
			t.Error("something is left after Reset, with rewards")
		}
	}
	if learning.NewMSTDP(fc, neuron.NewIF(), 2, 2).EligibilityTrace() != nil {
		t.Error("a rule without eligibility trace has one")
	}
}

func TestMistakes(t *testing.T) {
	fc := layer.NewLinear(3, 2)
	one := snn.Ones(1)
	stdp := func() *learning.STDP { return learning.NewSTDP(fc, neuron.NewIF(), 2, 2) }
	mstdp := func() *learning.RewardSTDP { return learning.NewMSTDP(fc, neuron.NewIF(), 2, 2) }
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { learning.NewSTDP(nil, neuron.NewIF(), 2, 2) }, "NewSTDP: the synapse or the layer of neurons is nil; expected two such as layer.NewLinear(4, 2) and neuron.NewLIF()"},
		{func() { learning.NewMSTDP(fc, nil, 2, 2) }, "NewMSTDP: the synapse or the layer of neurons is nil; expected two such as layer.NewLinear(4, 2) and neuron.NewLIF()"},
		{func() { learning.NewSTDP(fc, neuron.NewIF(), 0.5, 2) }, "NewSTDP: tauPre is 0.5, expected a number of steps, at least 1"},
		{func() { learning.NewMSTDP(fc, neuron.NewIF(), 2, math.NaN()) }, "NewMSTDP: tauPost is NaN, expected a number of steps, at least 1"},
		{func() { learning.NewMSTDPET(fc, neuron.NewIF(), 2, 2, 0) }, "NewMSTDPET: tauTrace is 0, expected a number of steps, at least 1"},
		{func() { learning.NewSTDP(fc, neuron.NewIF(), 2, 2, nil) }, "NewSTDP: option 1 is nil; expected one such as FPre(f)"},
		{func() { new(learning.STDP).Forward(one) }, "Forward: the rule has no synapse or no neurons, expected one that a function such as NewSTDP made"},
		{func() { stdp().Forward(nil) }, "STDP.Forward: the input is nil; expected a tensor"},
		{func() { r := stdp(); r.Forward(snn.Ones(2, 3)); r.Forward(snn.Ones(3)) }, "STDP.Forward: the input of a step has shape [3], but earlier ones had shape [2 3]; call Reset() before an input of another shape"},
		{func() { stdp().Forward(one) }, "Linear.Forward: the input has shape [1], expected [..., 3]"},
		{func() { r := stdp(); _ = r.SetStepMode("m"); r.Forward(snn.Ones(4, 3)) }, `STDP.Forward: step mode "s" of IF(v_threshold=1, v_reset=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4)), expected "m"; call snn.SetStepMode(…, "m") on the whole`},
		{func() {
			learning.NewMSTDP(fc, snn.Sequential(layer.NewDelay(1), neuron.NewIF(neuron.StepMode("m"))), 2, 2).Forward(snn.Ones(3))
		}, `MSTDP.Forward: step mode "m" of IF(v_threshold=1, v_reset=0, detach_reset=false, step_mode=m, backend=cpu, surrogate=Sigmoid(alpha=4)), expected "s"; call snn.SetStepMode(…, "s") on the whole`},
		{func() {
			r := learning.NewSTDP(fc, neuron.NewIF(), 2, 2, learning.FPre(func(w *snn.Tensor) *snn.Tensor { return snn.Zeros(2) }))
			r.Forward(snn.Ones(3))
			r.DeltaW()
		}, "STDP: FPre made shape [2] of weights of shape [2 3], expected the same shape"},
		{func() {
			learning.NewMSTDP(fc, neuron.NewIF(), 2, 2, learning.FPost(func(*snn.Tensor) *snn.Tensor { return nil })).Forward(snn.Ones(3))
		}, "MSTDP: FPost made nil of weights of shape [2 3], expected the same shape"},
		{func() {
			r := learning.NewSTDP(&layer.Linear{Weight: snn.Ones(2, 3)}, neuron.NewIF(), 2, 2)
			r.Forward(snn.Ones(3))
			r.Step()
		}, "STDP.Step: the weights require no gradient, which an optimizer steps by; call RequireGrad() on them, or add DeltaW() to them"},
		{func() { learning.NewSTDP(fc, layer.NewLinear(2, 5), 2, 2).Forward(snn.Ones(3)) }, "STDP.Forward: the neurons made shape [5] of 2 inputs each, expected one spike or none of each"},
		{func() { mstdp().DeltaW(nil) }, "MSTDP.DeltaW: the reward is nil; expected one value, or one for each of a batch, [N]"},
		{func() { r := mstdp(); r.Forward(snn.Ones(2, 3)); r.DeltaW(snn.Ones(3)) }, "MSTDP.DeltaW: the reward has shape [3], expected one value, or one for each of the batch, [2]"},
	} {
		err := snn.Maybe(test.f)
		var mistake *snn.ShapeError
		if !errors.As(err, &mistake) || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	if got := mstdp().DeltaW(one); got != nil {
		t.Errorf("a change before the first step: %v", got)
	}
	if err := snn.SetStepMode(mstdp(), "m"); err == nil || !strings.Contains(err.Error(), `MSTDP: step mode "m" is not possible, as a reward comes after each step; give it single steps`) {
		t.Errorf("step mode m: %v", err)
	}
	if err := mstdp().SetStepMode("x"); err == nil || !strings.Contains(err.Error(), `step mode "x" is unknown`) {
		t.Errorf("step mode x: %v", err)
	}
}
