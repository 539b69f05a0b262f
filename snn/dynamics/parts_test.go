package dynamics

import (
	"testing"

	"spikebook/snn/vector"
)

// Programs that have the same code, but differ in what a loop is told, have loops
// of their own: which registers hold one value, what is read behind the step, and
// what is written past the caches.
func TestPartsOfTheirOwn(t *testing.T) {
	code := []vector.Instruction{
		{Op: vector.Mul, Dst: 3, Dst2: -1, Args: [3]int{0, 2}},
		{Op: vector.Add, Dst: 1, Dst2: -1, Args: [3]int{1, 3}},
	}
	base := Program{registers: 4, code: code, params: []int{2}, states: []int{1}, next: []int{1}}
	keys := map[string]string{}
	add := func(name string, p Program, loaded, stream bool) {
		key := string(p.key(code, []bool{loaded}, stream))
		if other, ok := keys[key]; ok {
			t.Errorf("%s is taken for %s", name, other)
		}
		keys[key] = name
	}
	add("a parameter of one value", base, true, false)
	add("a parameter with a value for each neuron", base, false, false)
	add("outputs past the caches", base, true, true)
	p := base
	p.constants = []constant{{register: 2, value: 5}}
	add("a constant", p, false, false)
	p = base
	p.divisions = []division{{reciprocal: 2}}
	add("a reciprocal", p, false, false)
	p = base
	p.next = []int{3}
	add("another next state", p, false, false)
	p = base
	p.outputs = []output{{register: 3}}
	add("an output", p, false, false)
	p.outputs = []output{{register: 3, own: true}}
	add("an output of its own", p, false, false)
}
