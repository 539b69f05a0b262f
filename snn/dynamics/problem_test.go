package dynamics

import (
	"math"
	"math/rand/v2"
	"slices"
)

// problem is a definition with numbers, for one neuron, and how much its outputs
// and last states count in the loss.
type problem struct {
	d          Definition
	m          *meaning
	steps      int
	inputs     map[string][]float64 // one value for each step
	params     map[string]float64
	states     []float64
	weights    [][]float64 // of the outputs, by output and step
	lastWeight []float64   // of the states after the last step
	then       [][]float64 // the values of all steps as they are
}

// newProblem draws numbers. They are not those that rapid likes: ties and zeros
// have tests of their own.
func newProblem(d Definition, steps int, seed uint64) *problem {
	random := rand.New(rand.NewPCG(seed, 1))
	list := func(n int) (l []float64) {
		for range n {
			l = append(l, float64(float32(random.Float64()*2-1)))
		}
		return l
	}
	p := &problem{d: d, m: meaningOf(d.all()...), steps: steps}
	p.inputs = map[string][]float64{"x": list(steps), "y": list(steps), "u": list(steps)}
	p.params = map[string]float64{"p": list(1)[0], "q": list(1)[0]}
	p.states, p.lastWeight = list(len(d.States)), list(len(d.States))
	for range d.Outputs {
		p.weights = append(p.weights, list(steps))
	}
	p.run(func(_ int, x []float64) { p.then = append(p.then, x) })
	return p
}

// leavesAt are the leaves of a step, but for the states.
func (p *problem) leavesAt(t int) map[string]float64 {
	leaves := map[string]float64{}
	for name, v := range p.params {
		leaves[name] = v
	}
	for name, v := range p.inputs {
		leaves[name] = v[t]
	}
	return leaves
}

// run returns the loss, in float64. visit sees the values of each step.
func (p *problem) run(visit func(t int, x []float64)) (loss float64) {
	states := slices.Clone(p.states)
	for t := range p.steps {
		leaves := p.leavesAt(t)
		for k, s := range p.d.States {
			leaves[s.Name] = states[k]
		}
		var then []float64
		if len(p.then) == p.steps {
			then = p.then[t]
		}
		x := p.m.evaluate64(leaves, then)
		visit(t, x)
		for k := range p.d.Outputs {
			loss += p.weights[k][t] * x[p.m.roots[k]]
		}
		for k := range p.d.States {
			states[k] = x[p.m.roots[len(p.d.Outputs)+k]]
		}
	}
	for k, w := range p.lastWeight {
		loss += w * states[k]
	}
	return loss
}

// slope is the derivative of the loss by one of the numbers.
func (p *problem) slope(set func(x float64), at float64) float64 {
	defer set(at)
	return slope(at, func(x float64) float64 {
		set(x)
		return p.run(func(int, []float64) {})
	})
}

// gradients are those of the inputs by step, of the states and of the
// parameters.
type gradients struct {
	inputs         map[string][]float64
	states, params []float64
}

// adjoint64 goes through the definition of the backward pass in float64.
func (p *problem) adjoint64(back Definition) gradients {
	var before [][]float64 // the states before each step
	states := slices.Clone(p.states)
	p.run(func(_ int, x []float64) {
		before = append(before, slices.Clone(states))
		for k := range states {
			states[k] = x[p.m.roots[len(p.d.Outputs)+k]]
		}
	})
	m := meaningOf(back.all()...)
	g := gradients{map[string][]float64{}, slices.Concat(p.lastWeight, make([]float64, len(back.States)-len(p.states))), nil}
	for _, name := range p.d.Inputs {
		g.inputs[name] = make([]float64, p.steps)
	}
	for t := p.steps - 1; t >= 0; t-- {
		leaves := p.leavesAt(t)
		for k, s := range p.d.States {
			leaves[s.Name] = before[t][k]
		}
		for k, name := range back.Inputs {
			leaves[name] = p.weights[k][t]
		}
		for k, s := range back.States {
			leaves[s.Name] = g.states[k]
		}
		x := m.evaluate64(leaves, nil)
		for k, name := range p.d.Inputs {
			g.inputs[name][t] = x[m.roots[k]]
		}
		for k := range back.States {
			g.states[k] = x[m.roots[len(back.Outputs)+k]]
		}
	}
	g.states, g.params = g.states[:len(p.states)], g.states[len(p.states):]
	return g
}

// engine runs the two programs of the derivative.
func (p *problem) engine(der *Derivative, params []string) gradients {
	single := func(list []float64) (s []float32) {
		for _, v := range list {
			s = append(s, float32(v))
		}
		return s
	}
	double := func(list []float32) (s []float64) {
		for _, v := range list {
			s = append(s, float64(v))
		}
		return s
	}
	args := func(program *Program) (list [][]float32) {
		for _, name := range program.Params() {
			list = append(list, single([]float64{p.params[name]}))
		}
		return list
	}
	forward := Run{T: p.steps, N: 1, Params: args(der.Forward)}
	for _, name := range der.Forward.Inputs() {
		forward.Inputs = append(forward.Inputs, single(p.inputs[name]))
	}
	for range der.Forward.outputs {
		forward.Outputs = append(forward.Outputs, make([]float32, p.steps))
	}
	for _, s := range p.states {
		forward.States = append(forward.States, single([]float64{s}))
	}
	der.Forward.Run(forward)

	backward := Run{T: p.steps, N: 1, Reverse: true, Params: args(der.Backward)}
	for _, s := range der.Saved {
		if s.Input >= 0 {
			backward.Inputs = append(backward.Inputs, forward.Inputs[s.Input])
		} else {
			backward.Inputs = append(backward.Inputs, forward.Outputs[s.Output])
		}
	}
	for _, w := range p.weights {
		backward.Inputs = append(backward.Inputs, single(w))
	}
	for range p.d.Inputs {
		backward.Outputs = append(backward.Outputs, make([]float32, p.steps))
	}
	for _, w := range p.lastWeight {
		backward.States = append(backward.States, single([]float64{w}))
	}
	for range params {
		backward.States = append(backward.States, []float32{0})
	}
	der.Backward.Run(backward)
	g := gradients{inputs: map[string][]float64{}}
	for i, name := range p.d.Inputs {
		g.inputs[name] = double(backward.Outputs[i])
	}
	for i, s := range backward.States {
		if i < len(p.states) {
			g.states = append(g.states, double(s)...)
		} else {
			g.params = append(g.params, double(s)...)
		}
	}
	return g
}

// compare reports where gradients are not what is wanted. The numbers are added
// up to what the loss weighs them by, so small ones may be less exact.
func (p *problem) compare(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want gradients, tolerance float64) {
	t.Helper()
	scale := 1.0
	for _, list := range want.inputs {
		for _, v := range list {
			scale = max(scale, math.Abs(v))
		}
	}
	for _, v := range slices.Concat(want.states, want.params) {
		scale = max(scale, math.Abs(v))
	}
	check := func(name string, got, want []float64) {
		t.Helper()
		for i := range want {
			if !near(got[i], want[i], tolerance, scale) {
				t.Fatalf("%s: gradient %d of %s: got %v, want %v\noutputs: %v\nstates: %v", what, i, name, got, want, p.d.Outputs, p.d.States)
			}
		}
	}
	for name := range want.inputs {
		check(name, got.inputs[name], want.inputs[name])
	}
	check("states", got.states, want.states)
	check("parameters", got.params, want.params)
}
