package neuron_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// oracle runs the equations of a layer in float64, as they are printed.
type oracle struct {
	names     values
	output, v formula
	states    []string
	next      []formula
	initial   []formula
	noise     float64 // what the states are moved by after each step, relatively
	turns     int     // up and down by turns, of 1, 2 or 4 steps for 0, 1 or 2
}

func newOracle(l *neuron.Layer) *oracle {
	step, initial := l.Definitions()
	o := &oracle{names: values{}}
	o.output, o.v = readFormula(step.Outputs[0].String(), o.names), readFormula(step.Outputs[1].String(), o.names)
	for i, s := range step.States {
		o.states = append(o.states, s.Name)
		o.next = append(o.next, readFormula(s.Next.String(), o.names))
		o.initial = append(o.initial, readFormula(initial.Outputs[i].String(), o.names))
	}
	return o
}

// run returns what a sequence of n neurons gives: outputs and potentials of all
// steps, and the states after the last. leaves are the input x, [T, n], states
// before the first step, [n], and parameters, of one value or one for each step.
func (o *oracle) run(leaves map[string][]float64, n int) (results [][]float64) {
	steps := len(leaves["x"]) / n
	for range 2 + len(o.states) {
		results = append(results, make([]float64, steps*n))
	}
	set := func(t, k int) {
		for name, list := range leaves {
			switch at := o.names[name]; {
			case at == nil:
			case name == "x":
				*at = list[t*n+k]
			case len(list) == 1:
				*at = list[0]
			default:
				*at = list[t]
			}
		}
	}
	next := make([]float64, len(o.states))
	for k := range n {
		set(0, k)
		for i, s := range o.states {
			if given := leaves["state "+s]; given != nil {
				*o.names.of(s) = given[k]
			} else {
				*o.names.of(s) = o.initial[i]()
			}
		}
		for t := range steps {
			set(t, k)
			results[0][t*n+k], results[1][t*n+k] = o.output(), o.v()
			for i := range o.states {
				next[i] = o.next[i]() * (1 + o.noise*float64(1-2*((t>>o.turns+i)%2)))
			}
			for i, s := range o.states {
				*o.names[s], results[2+i][k] = next[i], next[i]
			}
		}
	}
	for i := range o.states {
		results[2+i] = results[2+i][:n]
	}
	return results
}

// loss is the weighted sum of all results.
func (o *oracle) loss(leaves map[string][]float64, n int) (sum float64) {
	for _, r := range o.run(leaves, n) {
		for i, x := range r {
			sum += x * (float64(float32(i%5))/4 - 0.5) // as weights has them
		}
	}
	return sum
}

// ranges are where the parameters are drawn from.
var ranges = map[string][2]float64{
	"v_threshold": {0.5, 1.5}, "v_reset": {-0.5, 0.2}, "tau": {1.1, 5}, "w": {-2, 2}, "a0": {0.2, 1.5}, "v_rest": {-0.2, 0.2}, "v_c": {0.5, 1},
	"delta_T": {0.3, 1.5}, "theta_rh": {0.5, 1}, "tau_w": {1.5, 20}, "a": {0, 0.5}, "b": {-0.5, 0.5}, "w_rest": {-0.2, 0.2}, "k": {0.5, 1.5},
	"c_decay": {0, 0.9}, "v_decay": {0, 0.9}, "v_offset": {-0.3, 0.3}, "omega": {0.2, 2}, "dt": {0.2, 1.2}, "share": {0.2, 1},
	"alpha": {-1, 1}, "beta": {-1, 1}, "gamma": {-1, 1}, "linear_decay": {-2, 1}, "v_subreset": {-1, 1},
}

// draw draws a number that is one in float32.
func draw(t *rapid.T, what string, lo, hi float64) float64 {
	return float64(float32(rapid.Float64Range(lo, hi).Draw(t, what)))
}

// drawOptions draws the parameters of a kind and its reset.
func drawOptions(t *rapid.T, name string) []neuron.Option {
	var options []neuron.Option
	hard := slices.Contains([]string{"ILIF", "HalfThresholdIF", "ComplementaryLIF", "GatedLIF"}, name) || rapid.Bool().Draw(t, "hard")
	if !hard {
		options = append(options, neuron.SoftReset())
	} else if resets(name)["hard"] != nil {
		options = append(options, neuron.VReset(draw(t, "v_reset", -0.5, 0.2)))
	}
	for _, p := range append([]string{"v_threshold"}, own[name]...) {
		if r, ok := ranges[p]; ok {
			options = append(options, neuron.Param(p, draw(t, p, r[0], r[1])))
		}
	}
	if name == "RefractoryLIF" {
		options = append(options, neuron.Param("refractory", float64(rapid.IntRange(0, 3).Draw(t, "refractory"))))
	}
	return options
}

// What a smooth neuron computes is what its equations say in float64, and its
// gradients are the differences of that: for every kind with any parameters, and
// for the input, the states before the first step and every parameter.
func TestOracle(t *testing.T) {
	for name, f := range all {
		if slices.Contains(online, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			compared, skipped := 0, 0
			rapid.Check(t, func(t *rapid.T) {
				s := []surrogate.Function{surrogate.Sigmoid(4), surrogate.ATan(2), surrogate.SoftSign(2)}[rapid.IntRange(0, 2).Draw(t, "surrogate")]
				s.SetSpiking(false)
				options := append(drawOptions(t, name), neuron.SurrogateFunction(s), neuron.StepMode("m"), neuron.StoreVSeq(true))
				learn := append([]string{"v_threshold"}, own[name]...)
				const n = 2
				snn.Seed(5)
				l := f(append(options, neuron.Learn(learn...))...)
				x := snn.Zeros(testSteps, n)
				for i := range x.Data() {
					x.Data()[i] = float32(draw(t, "x", -0.8, 1.6))
				}
				tensors := map[string]*snn.Tensor{"x": x.RequireGrad()}
				for _, state := range l.States() {
					if slices.Contains(onlyMulti, name) || state == "r" || rapid.Bool().Draw(t, "begins") {
						continue
					}
					start := snn.FromSlice([]float32{float32(draw(t, state, -0.4, 0.4)), float32(draw(t, state, -0.4, 0.4))})
					tensors["state "+state] = start.RequireGrad()
				}
				for _, p := range append(learn, "v_reset", "refractory") {
					if q := l.ParamTensor(p); q != nil {
						tensors[p] = q
					}
				}
				compareOracle(t, l, tensors, n, &compared, &skipped)
			})
			if compared < 100 || skipped*4 > compared {
				t.Errorf("%d gradients compared, %d beside a kink", compared, skipped)
			}
		})
	}
}

// How far one rounding of each state alone may move a case that is compared: a
// neuron with an exponential upstroke or a steep reset can multiply it at each
// step, and several roundings make a state.
const (
	rounding      = 1.0 / (1 << 23)
	conditionedTo = 0.1 // of the tolerance
)

const (
	resultTolerance   = 2e-6
	gradientTolerance = 1e-5
)

func compareOracle(t *rapid.T, l *neuron.Layer, tensors map[string]*snn.Tensor, n int, compared, skipped *int) {
	leaves := map[string][]float64{}
	for name, x := range tensors {
		for _, v := range x.Data() {
			leaves[name] = append(leaves[name], float64(v))
		}
		if state, ok := strings.CutPrefix(name, "state "); ok {
			l.SetState(state, x)
		}
	}
	o := newOracle(l)
	wanted := o.run(leaves, n)
	for o.turns = range 3 { // one of them may move back what it moved
		o.noise = rounding
		moved := o.run(leaves, n)
		o.noise = 0
		for i, want := range wanted {
			if !(distance(moved[i], want) <= conditionedTo*resultTolerance) { // or is NaN
				t.Skip("rounding is multiplied too often")
			}
		}
	}
	results := []*snn.Tensor{l.Forward(tensors["x"]), l.VSeq()}
	for _, state := range l.States() {
		results = append(results, l.State(state))
	}
	loss := snn.Scalar(0)
	for i, want := range wanted {
		if d := distance(float64s(results[i]), want); !(d <= resultTolerance) {
			t.Fatalf("result %d differs by %.2g: %v, in float64 %v", i, d, results[i], want)
		}
		loss = loss.Add(results[i].Mul(weights(results[i])).Sum())
	}
	loss.Backward()
	for name, x := range tensors {
		if !x.RequiresGrad() {
			continue
		}
		got := make([]float64, x.Size())
		if x.Grad() != nil {
			got = float64s(x.Grad())
		}
		want, sure := o.slopes(leaves, name, n)
		steady := true
		for o.turns = range 3 {
			o.noise = rounding
			moved, _ := o.slopes(leaves, name, n)
			o.noise = 0
			steady = steady && distance(moved, want) <= conditionedTo*gradientTolerance
		}
		if !steady {
			*skipped += len(want)
			continue
		}
		for i := range want {
			if *compared++; !sure[i] {
				*skipped++
				got[i] = want[i]
			}
		}
		if d := distance(got, want); !(d <= gradientTolerance) {
			t.Fatalf("the gradient of %s differs by %.2g: %v, in float64 %v", name, d, got, want)
		}
	}
}

// slopes returns the differences of the loss, and which are sure: not beside a
// kink, where both sides differ.
func (o *oracle) slopes(leaves map[string][]float64, name string, n int) (want []float64, sure []bool) {
	const h = 1.0 / (1 << 24)
	middle := o.loss(leaves, n)
	for i, at := range leaves[name] {
		leaves[name][i] = at + h
		above := (o.loss(leaves, n) - middle) / h
		leaves[name][i] = at - h
		below := (middle - o.loss(leaves, n)) / h
		leaves[name][i] = at
		want = append(want, (above+below)/2)
		sure = append(sure, math.Abs(above-below) < 1.5e-5*max(1, math.Abs(above)))
	}
	return want, sure
}

func float64s(x *snn.Tensor) []float64 {
	list := make([]float64, x.Size())
	for i, v := range x.Data() {
		list[i] = float64(v)
	}
	return list
}

// distance is the largest difference over the largest value that is wanted, at
// least 1.
func distance(got, want []float64) float64 {
	d, scale := 0.0, 1.0
	for i, w := range want {
		d, scale = max(d, math.Abs(got[i]-w)), max(scale, math.Abs(w))
	}
	return d / scale
}
