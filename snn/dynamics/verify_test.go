package dynamics

import (
	"fmt"
	"testing"

	"spikebook/snn/vector"
)

// The verifier finds each register that a pass could get wrong.
func TestVerify(t *testing.T) {
	v, w, x, q := State("v"), State("w"), Input("x"), Param("q")
	h := v.Add(x.Sub(w).Mul(q)).Max(Const(0.25))
	d := Definition{Inputs: []string{"x"}, Outputs: []Expr{h.Sub(Const(1)).Heaviside()}, States: []StateEquation{{"v", h.Mul(x)}, {"w", v}}}
	all := newValues()
	r, err := all.roots(d)
	if err != nil {
		t.Fatal(err)
	}
	virtual := all.instructions(r, nil)
	virtual.fuse()
	tried := 0
	expect := func(what string, change func(p *Program) *int) {
		for register := range allocate(virtual).registers {
			p := allocate(virtual)
			field := change(p)
			if *field == register {
				continue
			}
			*field = register
			tried++
			if err := verify(virtual, p); err == nil && !harmless(d, p) {
				t.Errorf("%s: register %d passes", what, register)
			}
		}
	}
	for i := range virtual.code {
		for k := range virtual.code[i].Operands() {
			expect(fmt.Sprintf("operand %d of %d", k, i), func(p *Program) *int { return &p.code[i].Args[k] })
		}
		expect(fmt.Sprintf("destination of %d", i), func(p *Program) *int { return &p.code[i].Dst })
	}
	for i := range d.States {
		expect(fmt.Sprintf("next of state %d", i), func(p *Program) *int { return &p.next[i] })
	}
	expect("output", func(p *Program) *int { return &p.outputs[0].register })
	for i := range virtual.code { // a result in another place, where all look for it
		for register := range allocate(virtual).registers {
			p := allocate(virtual)
			old := p.code[i].Dst
			move := func(r *int) {
				if *r == old {
					*r = register
				}
			}
			overwritten := false
			for k := i + 1; k < len(p.code) && !overwritten; k++ {
				for a := range p.code[k].Operands() {
					move(&p.code[k].Args[a])
				}
				overwritten = p.code[k].Dst == old
			}
			if !overwritten {
				move(&p.outputs[0].register)
				move(&p.next[0])
				move(&p.next[1])
			}
			p.code[i].Dst = register
			tried++
			if err := verify(virtual, p); err == nil && !harmless(d, p) {
				t.Errorf("the result of %d in register %d passes", i, register)
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d changes were tried", tried)
	}
	swap := newValues()
	if r, err = swap.roots(Definition{States: []StateEquation{{"v", w}, {"w", v}}}); err != nil {
		t.Fatal(err)
	}
	swapped := swap.instructions(r, nil)
	if err := verify(swapped, allocate(swapped)); err != nil {
		t.Error(err)
	}
	swapped.code, swapped.next = nil, []int{swapped.states[1], swapped.states[0]}
	if err := verify(swapped, allocate(swapped)); err == nil {
		t.Error("states that are swapped without a copy pass")
	}
	p := allocate(virtual)
	p.code = p.code[1:]
	if err := verify(virtual, p); err == nil {
		t.Error("a lost instruction passes")
	}
	p = allocate(virtual)
	p.code[0].Op = vector.Div
	if err := verify(virtual, p); err == nil {
		t.Error("another operation passes")
	}
}

// harmless reports whether a program still computes its definition.
func harmless(d Definition, p *Program) bool {
	r := runOf(len(d.Outputs), p, 3, 2, []float32{0.3, 0.9, -0.4, 1.7, 2.2, 0.6, 0.8})
	want := cloneRun(r)
	simulate(d, p, want)
	p.Run(r)
	return differ(r, want) == ""
}
