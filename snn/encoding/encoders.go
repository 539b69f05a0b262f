package encoding

import (
	"math"

	"spikebook/snn"
)

// NewPoisson returns an encoder into spikes at random: in each step a value of 0 to 1
// is the probability of a spike, drawn as snn.Rand draws. 0 never fires, 1 always. In
// single-step mode the values may change from step to step; see also [Poisson].
func NewPoisson(steps int) *Encoder {
	e := newEncoder("Poisson", steps, poisson{})
	e.stepwise = true
	return e
}

type poisson struct{}

func (poisson) encode(x *snn.Tensor, steps int) *snn.Tensor {
	return Poisson(x.BroadcastTo(over(steps, x)...))
}

func (poisson) about() string { return "" }

// Poisson returns a spike at each value with the probability that it is, for rates that
// change: p is of any shape, such as [T, N]. It panics with a *Misuse if a value is not
// between 0 and 1.
func Poisson(p *snn.Tensor) *snn.Tensor {
	if p == nil {
		panic(misuse("Poisson: the probabilities are nil, expected a tensor"))
	}
	inRange("Poisson", p, 1)
	out := snn.Zeros(p.Shape()...)
	random := snn.Rand(p.Shape()...).Data()
	for i, v := range p.Data() {
		if random[i] < v {
			out.Data()[i] = 1
		}
	}
	return out.To(p.Backend())
}

// Option sets a property of an encoder when it is made.
type Option func(*config)

type config struct{ function string }

// EncFunction chooses how the time of the spike of [NewLatency] depends on the value:
// "linear", the default, or "log".
func EncFunction(name string) Option { return func(c *config) { c.function = name } }

// NewLatency returns an encoder into one spike for each value x of 0 to 1: the larger
// it is, the earlier the spike. Counted from 0 it is in step
//
//	(T-1)·(1-x)                      "linear"
//	T-1 - ln((exp(T-1) - 1)·x + 1)   "log"
//
// rounded, halves to the even step. It panics with a *Misuse if steps is below 1 or the
// function has another name.
func NewLatency(steps int, options ...Option) *Encoder {
	c := config{function: "linear"}
	for i, o := range options {
		if o == nil {
			panic(misuse("Latency: option %d is nil, expected one such as EncFunction(\"log\")", i+1))
		}
		o(&c)
	}
	if c.function != "linear" && c.function != "log" {
		panic(misuse("Latency: the function is %q, expected \"linear\" or \"log\"", c.function))
	}
	return newEncoder("Latency", steps, latency(c))
}

type latency config

func (l latency) encode(x *snn.Tensor, steps int) *snn.Tensor {
	inRange("Latency", x, 1)
	out := snn.Zeros(over(steps, x)...)
	for i, v := range x.Data() {
		at := int(math.RoundToEven(min(float64(steps-1), l.time(float32(steps-1), v))))
		out.Data()[at*x.Size()+i] = 1
	}
	return out
}

// time returns when a value fires, at last if it is 0.
func (l latency) time(last, x float32) float64 {
	if l.function == "linear" {
		return float64(last * (1 - x))
	}
	v := float64(x) // the formula without a power that overflows
	return -math.Log(v + (1-v)*math.Exp(-float64(last)))
}

func (l latency) about() string { return ", enc_function=" + l.function }

// mostDigits is how many binary digits of a number below 1 a float32 may have.
const mostDigits = 24

// NewWeightedPhase returns an encoder into the first K binary digits of values from 0 to
// 1 - 2^-K: a spike in step k counts 2^-(k+1). It panics with a *Misuse if K is not
// between 1 and 24.
//
// Source: J. Kim et al., "Deep neural networks with weighted spikes", Neurocomputing
// 311, 2018.
func NewWeightedPhase(k int) *Encoder {
	if k > mostDigits {
		panic(misuse("WeightedPhase: K is %d, expected at most %d, the digits of a float32", k, mostDigits))
	}
	return newEncoder("WeightedPhase", k, weightedPhase{})
}

type weightedPhase struct{}

func (weightedPhase) encode(x *snn.Tensor, steps int) *snn.Tensor {
	inRange("WeightedPhase", x, float32(1-math.Pow(2, -float64(steps))))
	out := snn.Zeros(over(steps, x)...)
	for i, v := range x.Data() {
		digit := float32(0.5)
		for t := range steps {
			if v >= digit {
				out.Data()[t*x.Size()+i] = 1
				v -= digit
			}
			digit /= 2
		}
	}
	return out
}

func (weightedPhase) about() string { return "" }

// NewPeriodic returns an encoder that repeats the given spikes, [T, ...], whatever its
// input, which may be nil. It panics with a *Misuse if there are none.
func NewPeriodic(spikes *snn.Tensor) *Encoder {
	if spikes == nil || len(spikes.Shape()) == 0 || spikes.Shape()[0] == 0 {
		panic(misuse("Periodic: there are no spikes, expected a tensor [T, ...] with T >= 1"))
	}
	e := newEncoder("Periodic", spikes.Shape()[0], periodic{spikes.Detach().Clone()})
	e.fixed = true
	return e
}

type periodic struct{ spikes *snn.Tensor }

func (p periodic) encode(*snn.Tensor, int) *snn.Tensor { return p.spikes.Clone() }

func (periodic) about() string { return "" }
