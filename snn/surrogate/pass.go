package surrogate

import "spikebook/snn/dynamics"

// pass has the gradient 1, and the primitive x.
type pass struct{ Base }

func (*pass) Primitive(x dynamics.Expr) dynamics.Expr { return x }

func (*pass) Gradient(dynamics.Expr) dynamics.Expr { return one() }

type deterministicPass struct{ pass }

// DeterministicPass returns the straight-through surrogate: the step, with
// gradient 1 and primitive x.
//
// Source: Y. Bengio et al., "Estimating or propagating gradients through
// stochastic neurons for conditional computation", 2013.
func DeterministicPass() Function { return &deterministicPass{} }

func (s *deterministicPass) String() string { return s.text("DeterministicPass") }

type poissonPass struct{ pass }

// PoissonPass returns the surrogate that fires at random: a spike with
// probability x, with gradient 1 and primitive x. The random numbers are those
// of snn.Seed.
func PoissonPass() Function { return &poissonPass{} }

// Forward returns 1 with probability x, else 0.
func (*poissonPass) Forward(x dynamics.Expr) dynamics.Expr {
	return dynamics.Uniform("random").Less(x)
}

func (s *poissonPass) String() string { return s.text("PoissonPass") }

type multiLevelSpikeCount struct {
	Base
	max    int
	lo, hi float64
}

// MultiLevelSpikeCount returns the surrogate that counts: forward, x rounded
// (to the even number of two) between 0 and max. Its primitive is x between 0
// and max, its gradient 1 from 0 to max, else 0. It panics with a
// *dynamics.Error unless max is from 1 to 2^20.
//
// Source: X. Luo et al., "Integer-valued training and spike-driven inference
// spiking neural network for high-performance and energy-efficient object
// detection", ECCV 2024.
func MultiLevelSpikeCount(max int) Function {
	return MultiLevelSpikeCountWindow(max, 0, float64(max))
}

// MultiLevelSpikeCountWindow is [MultiLevelSpikeCount] with the gradient 1 from
// lo to hi.
func MultiLevelSpikeCountWindow(max int, lo, hi float64) Function {
	const name = "MultiLevelSpikeCount"
	if max < 1 || max > 1<<20 {
		refuse(name, "max", float64(max), "a number from 1 to 1048576")
	}
	if finite(name, "lo", lo) > finite(name, "hi", hi) {
		refuse(name, "lo", lo, "at most hi, which is "+number(hi))
	}
	return &multiLevelSpikeCount{max: max, lo: lo, hi: hi}
}

// Forward returns the number of spikes.
func (s *multiLevelSpikeCount) Forward(x dynamics.Expr) dynamics.Expr { return s.Primitive(x).Round() }

func (s *multiLevelSpikeCount) Primitive(x dynamics.Expr) dynamics.Expr {
	return x.Clamp(zero(), constant(float64(s.max)))
}

func (s *multiLevelSpikeCount) Gradient(x dynamics.Expr) dynamics.Expr {
	return constant(s.lo).LessEqual(x).Mul(x.LessEqual(constant(s.hi)))
}

func (s *multiLevelSpikeCount) String() string {
	params := []parameter{{"max", float64(s.max)}}
	if s.lo != 0 || s.hi != float64(s.max) {
		params = append(params, parameter{"lo", s.lo}, parameter{"hi", s.hi})
	}
	return s.text("MultiLevelSpikeCount", params...)
}
