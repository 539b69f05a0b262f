package main

import (
	"fmt"
	"math"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/surrogate"
)

// arguments are the arguments of a constructor, by the peer's names. Those that
// were asked for are taken out.
type arguments map[string]any

// number returns an argument, or what the peer has for a default.
func (a arguments) number(name string, otherwise float64) float64 {
	v, ok := a[name].(float64)
	if !ok {
		return otherwise
	}
	delete(a, name)
	return v
}

// flag returns an argument that is true or false.
func (a arguments) flag(name string, otherwise bool) bool {
	v, ok := a[name].(bool)
	if !ok {
		return otherwise
	}
	delete(a, name)
	return v
}

// surrogates make those of the peer.
var surrogates = map[string]func(a arguments) surrogate.Function{
	"Sigmoid":            func(a arguments) surrogate.Function { return surrogate.Sigmoid(a.number("alpha", 4)) },
	"ATan":               func(a arguments) surrogate.Function { return surrogate.ATan(a.number("alpha", 2)) },
	"PiecewiseQuadratic": func(a arguments) surrogate.Function { return surrogate.PiecewiseQuadratic(a.number("alpha", 1)) },
	"PiecewiseExp":       func(a arguments) surrogate.Function { return surrogate.PiecewiseExp(a.number("alpha", 1)) },
	"SoftSign":           func(a arguments) surrogate.Function { return surrogate.SoftSign(a.number("alpha", 2)) },
	"SuperSpike":         func(a arguments) surrogate.Function { return surrogate.SuperSpike(a.number("alpha", 1)) },
	"Erf":                func(a arguments) surrogate.Function { return surrogate.Erf(a.number("alpha", 2)) },
	"NonzeroSignLogAbs":  func(a arguments) surrogate.Function { return surrogate.NonzeroSignLogAbs(a.number("alpha", 1)) },
	"Rect":               func(a arguments) surrogate.Function { return surrogate.Rect(a.number("alpha", 1)) },
	"QPseudoSpike":       func(a arguments) surrogate.Function { return surrogate.QPseudoSpike(a.number("alpha", 2)) },
	"FakeNumericalGradient": func(a arguments) surrogate.Function {
		return surrogate.FakeNumericalGradient(a.number("alpha", 0.3))
	},
	"LogTailedReLU": func(a arguments) surrogate.Function { return surrogate.LogTailedReLU(a.number("alpha", 0)) },
	"S2NN":          func(a arguments) surrogate.Function { return surrogate.S2NN(a.number("alpha", 4), a.number("beta", 1)) },
	"LeakyKReLU": func(a arguments) surrogate.Function {
		return surrogate.LeakyKReLU(a.number("leak", 0), a.number("k", 1))
	},
	"PiecewiseLeakyReLU": func(a arguments) surrogate.Function {
		return surrogate.PiecewiseLeakyReLU(a.number("w", 1), a.number("c", 0.01))
	},
	"SquarewaveFourierSeries": func(a arguments) surrogate.Function {
		return surrogate.SquarewaveFourierSeries(int(a.number("n", 2)), a.number("T_period", 8))
	},
	"DeterministicPass": func(arguments) surrogate.Function { return surrogate.DeterministicPass() },
	"PoissonPass":       func(arguments) surrogate.Function { return surrogate.PoissonPass() },
	"MultiLevelSpikeCount": func(a arguments) surrogate.Function {
		top := a.number("max_spike_count", 4)
		if w, ok := a["grad_window"].([]any); ok && len(w) == 2 {
			lo, _ := w[0].(float64)
			hi, _ := w[1].(float64)
			delete(a, "grad_window")
			return surrogate.MultiLevelSpikeCountWindow(int(top), lo, hi)
		}
		return surrogate.MultiLevelSpikeCount(int(top))
	},
}

// surrogateOf makes a surrogate from the peer's arguments.
func surrogateOf(class string, given map[string]any) (surrogate.Function, error) {
	make := surrogates[class]
	if make == nil {
		return nil, unsupported("surrogate " + class)
	}
	a := arguments{}
	for name, v := range given {
		if v != nil { // None is the default
			a[name] = v
		}
	}
	delete(a, "class")
	spiking := a.flag("spiking", true)
	s := make(a)
	for name := range a {
		return nil, unsupported("surrogate " + class + " with argument " + name)
	}
	if !spiking {
		s.SetSpiking(false)
	}
	return s, nil
}

func checkSurrogate(g *group, c *reference) (r result, err error) {
	s, err := surrogateOf(c.Class, c.Params)
	if err != nil {
		return r, err
	}
	special := g.Group == "special_values"
	x := c.Inputs["x"].To(backend)
	compare := func(what string, worst *float64, got, want *snn.Tensor) error {
		for i, v := range x.Data() {
			if v < -surrogateRange || v > surrogateRange || kink(c, what, v) {
				continue
			}
			d := difference(snn.FromSlice(got.Data()[i:i+1]), snn.FromSlice(want.Data()[i:i+1])) // each value by its own size
			*worst = max(*worst, d)
			if d > surrogateTolerance {
				return fmt.Errorf("%s at %v differs by %.2g, allowed %.2g", what, v, d, surrogateTolerance)
			}
		}
		return nil
	}
	spike := func(e dynamics.Expr) dynamics.Expr { return e.Spike(s) }
	for name, want := range c.Outputs {
		switch {
		case name == "spike":
			got := x.Map(spike)
			if c.Class == "PoissonPass" {
				settle(got, want.Tensor, x)
				r.partly = append(r.partly, "spikes of PoissonPass that are random")
			}
			if !same(got, want.Tensor) {
				return r, fmt.Errorf("spikes differ: got %v, want %v", got, want)
			}
		case special:
			r.partly = append(r.partly, name+" of special values (no demand)")
		case name == "primitive":
			if err := compare(name, &r.err, x.Map(s.Primitive), want.Tensor); err != nil {
				return r, err
			}
		default:
			r.partly = append(r.partly, name)
		}
	}
	for name, want := range c.Grads {
		switch {
		case special:
			r.partly = append(r.partly, "gradient "+name+" of special values (no demand)")
		case name == "x":
			if err := compare("gradient", &r.gradient, gradient(spike, x), want.Tensor); err != nil {
				return r, err
			}
		case name == "x_of_primitive":
			if err := compare("gradient of the primitive", &r.gradient, gradient(s.Primitive, x), want.Tensor); err != nil {
				return r, err
			}
		default:
			r.partly = append(r.partly, "gradient "+name)
		}
	}
	return r, nil
}

// settle takes over the spikes that are random: where the probability x is
// neither 0 nor 1.
func settle(got, want, x *snn.Tensor) {
	for i, p := range x.Data() {
		if p > 0 && p < 1 {
			got.Data()[i] = want.Data()[i]
		}
	}
}

// gradient is that of an expression, as the tape computes it.
func gradient(f func(dynamics.Expr) dynamics.Expr, x *snn.Tensor) *snn.Tensor {
	leaf := x.Clone().RequireGrad()
	leaf.Map(f).BackwardFrom(snn.Ones(x.Shape()...))
	return leaf.Grad()
}

// kink says where a value is not a demand, as the README of the data says.
func kink(c *reference, what string, x float32) bool {
	at := math.Abs(float64(x))
	is := func(v float64) bool { return at == float64(float32(v)) }
	switch {
	case c.Class == "FakeNumericalGradient":
		return x == 0 && math.Signbit(float64(x))
	case what != "gradient of the primitive":
		return false
	case c.Class == "PiecewiseLeakyReLU":
		return is(arguments(c.Params).peek("w", 1))
	case c.Class == "MultiLevelSpikeCount":
		return is(0) || is(arguments(c.Params).peek("max_spike_count", 4))
	}
	return false
}

// peek returns an argument and leaves it there.
func (a arguments) peek(name string, otherwise float64) float64 {
	if v, ok := a[name].(float64); ok {
		return v
	}
	return otherwise
}
