package neuron

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"spikebook/snn/dynamics"
)

// Names of the values in the program of a neuron.
const (
	inputName = "x"
	stateName = "v"
)

// equations are what a definition comes to.
type equations struct {
	step    dynamics.Definition // outputs: what is given out, and the potential after the step
	initial dynamics.Definition // outputs: the states before the first step
	latex   string
	spikes  bool // whether anything depends on the spike
}

// derive calls the methods of a definition, first with symbols for H[t] and
// S[t], to print the equations, and then with what these are. detach takes the
// spike of the reset out of the gradient.
func derive(def Definition, detach bool, inputs []string) (e equations, err error) {
	defer func() {
		if p := recover(); p != nil {
			mistake, ok := p.(*dynamics.Error)
			if !ok {
				panic(p)
			}
			err = mistake
		}
	}()
	if e.latex, e.spikes, err = latex(def, inputs); err != nil {
		return e, err
	}
	s := Step{V: dynamics.State(stateName), X: dynamics.Input(inputName)}
	if s.H, err = method("NeuronalCharge", def.NeuronalCharge(s.V, s.X)); err != nil {
		return e, err
	}
	if s.S, err = method("NeuronalFire", def.NeuronalFire(s.H)); err != nil {
		return e, err
	}
	spike := s.S
	if detach {
		spike = spike.Detach()
	}
	v, err := method("NeuronalReset", def.NeuronalReset(s.H, spike))
	if err != nil {
		return e, err
	}
	out := s.S
	if o, ok := def.(Outputter); ok {
		if out, err = method("NeuronalOutput", o.NeuronalOutput(s)); err != nil {
			return e, err
		}
	}
	e.step = dynamics.Definition{
		Inputs:  append([]string{inputName}, inputs...),
		Outputs: []dynamics.Expr{out, v},
		States:  []dynamics.StateEquation{{Name: stateName, Next: v}},
	}
	e.initial.Outputs = []dynamics.Expr{initial(def)}
	for _, state := range others(def, s) {
		if state.Next.IsZero() {
			return e, fmt.Errorf("state %q has no Next; give it the value after a step", state.Name)
		}
		if state.Initial.IsZero() {
			state.Initial = dynamics.Const(0)
		}
		e.step.States = append(e.step.States, dynamics.StateEquation{Name: state.Name, Next: state.Next})
		e.initial.Outputs = append(e.initial.Outputs, state.Initial)
	}
	return e, nil
}

// method refuses the zero Expr.
func method(name string, e dynamics.Expr) (dynamics.Expr, error) {
	if e.IsZero() {
		return e, zero(name)
	}
	return e, nil
}

func zero(method string) error {
	return fmt.Errorf("%s returns the zero Expr; return an expression of its arguments", method)
}

func initial(def Definition) dynamics.Expr {
	if i, ok := def.(Initializer); ok {
		return i.NeuronalInitial()
	}
	return def.base().VReset()
}

func others(def Definition, s Step) []State {
	if o, ok := def.(Stateful); ok {
		return o.NeuronalStates(s)
	}
	return nil
}

// equationLines are the equations of a definition as they are printed.
type equationLines struct {
	lines []equationLine
	err   error
}

type equationLine struct {
	left  string
	right dynamics.Expr
}

// add adds a line, but none that says that a value is itself.
func (p *equationLines) add(left, method string, right dynamics.Expr) {
	switch {
	case right.IsZero():
		p.err = errors.Join(p.err, zero(method))
	case right.LaTeX() != left:
		p.lines = append(p.lines, equationLine{left, right})
	}
}

// name adds a line, once, and returns a symbol for its value.
func (p *equationLines) name(left string, right dynamics.Expr) dynamics.Expr {
	if !slices.ContainsFunc(p.lines, func(l equationLine) bool { return l.left == left }) {
		p.add(left, "", right)
	}
	return dynamics.State(left)
}

// lines returns the equations, each on its own, for a reader of the code that they
// become.
func (e *equations) lines() (lines []string) {
	for line := range strings.SplitSeq(e.latex, "\n") {
		line = strings.TrimSpace(strings.TrimSuffix(strings.Replace(line, "&", "", 1), `\\`))
		if !strings.HasPrefix(line, `\begin`) && !strings.HasPrefix(line, `\end`) {
			lines = append(lines, line)
		}
	}
	return lines
}

// latex prints the equations of a definition, and says whether anything depends
// on the spike. It is done at once: later the definition may be part of another
// layer, too. inputs are those besides x.
func latex(def Definition, inputs []string) (text string, spikes bool, err error) {
	s := Step{V: dynamics.State("V[t-1]"), X: dynamics.Input("X[t]"), H: dynamics.State("H[t]"), S: dynamics.State("S[t]")}
	states := others(def, s) // for their names
	p := &equationLines{}
	def.base().printed = p
	defer func() { def.base().printed = nil }()
	p.add("H[t]", "NeuronalCharge", def.NeuronalCharge(s.V, s.X))
	p.add("S[t]", "NeuronalFire", def.NeuronalFire(s.H))
	p.add("V[t]", "NeuronalReset", def.NeuronalReset(s.H, s.S))
	for _, state := range others(def, s) {
		p.add(symbol(state.Name)+"[t]", "NeuronalStates", state.Next)
	}
	o, other := def.(Outputter)
	if other {
		p.add("Y[t]", "NeuronalOutput", o.NeuronalOutput(s))
	}
	spikes = !other
	var lines []string
	for _, l := range p.lines {
		for _, state := range states {
			l.right = l.right.Replace(state.Name, dynamics.State(symbol(state.Name)+"[t-1]"))
		}
		for _, input := range inputs {
			l.right = l.right.Replace(input, dynamics.State(symbol(input)+"[t]"))
		}
		right := l.right.LaTeX()
		spikes = spikes || strings.Contains(right, "S[t]")
		lines = append(lines, l.left+" &= "+right)
	}
	if !spikes {
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "S[t] ") })
	}
	return `\begin{aligned}` + "\n" + strings.Join(lines, ` \\`+"\n") + "\n" + `\end{aligned}`, spikes, p.err
}

// symbol is the name of another state as it is printed.
func symbol(name string) string { return dynamics.State(name).LaTeX() }
