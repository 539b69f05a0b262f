package dynamics

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Run is what a program is run on. N is the number of neurons, T of steps.
type Run struct {
	T, N   int
	Params []float32   // in the order of Program.Params
	X      []float32   // input, [T, N]
	Out    []float32   // output, [T, N]
	States [][]float32 // in the order of Program.States, [N] each: before, and then after the run
	Trace  [][]float32 // nil, or for each state nil or [T, N]: its value after each step
}

// blockSize is how many neurons go through all steps together. The registers
// of a typical neuron for that many fit into the first-level cache.
const blockSize = 512

// parallelWork is how many neuron-steps are worth a second goroutine.
const parallelWork = 1 << 15

// Run runs T steps for N neurons. Blocks of neurons are spread over the
// processors; the results do not depend on how. It panics with an *Error if a
// slice has another length than it should: that is a mistake of the caller, who
// knows the shapes.
func (p *Program) Run(r Run) { p.run(r, blockSize, runtime.GOMAXPROCS(0)) }

func (p *Program) run(r Run, block, workers int) {
	p.check(r)
	if r.N == 0 {
		return
	}
	block = min(block, r.N)
	blocks := (r.N + block - 1) / block
	workers = min(workers, blocks, 1+r.T*r.N/parallelWork)
	if workers <= 1 {
		m := p.machine(block)
		m.load(r.Params)
		for lo := 0; lo < r.N; lo += block {
			m.run(&r, lo, min(lo+block, r.N))
		}
		m.free()
		return
	}
	p.spread(r, block, workers)
}

// spread gives each worker the next block until there is none.
func (p *Program) spread(r Run, block, workers int) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			m := p.machine(block)
			m.load(r.Params)
			for {
				lo := int(next.Add(1)-1) * block
				if lo >= r.N {
					break
				}
				m.run(&r, lo, min(lo+block, r.N))
			}
			m.free()
		})
	}
	wg.Wait()
}

func (p *Program) check(r Run) {
	bad := len(r.Params) != len(p.params) || len(r.States) != len(p.states) ||
		len(r.X) != r.T*r.N || len(r.Out) != r.T*r.N || r.Trace != nil && len(r.Trace) != len(p.states)
	for i, s := range r.States {
		bad = bad || len(s) != r.N || r.Trace != nil && r.Trace[i] != nil && len(r.Trace[i]) != r.T*r.N
	}
	if bad {
		panic(errorf("slices do not fit a run of %d steps, %d neurons, %d parameters and %d states",
			r.T, r.N, len(p.params), len(p.states)))
	}
}

// machine holds the registers of one block of neurons.
type machine struct {
	*Program
	memory    []float32
	registers [][]float32 // views of memory; those of input, output and states are views of the run
	own       [][]float32 // the views of memory
}

// machines are used again: a layer is often run for one step.
var machines sync.Pool

func (p *Program) machine(block int) *machine {
	m, _ := machines.Get().(*machine)
	if m == nil {
		m = new(machine)
	}
	m.Program = p
	if n := p.registers * block; cap(m.memory) < n {
		m.memory = make([]float32, n)
	} else {
		m.memory = m.memory[:n]
	}
	m.registers, m.own = m.registers[:0], m.own[:0]
	for i := range p.registers {
		m.own = append(m.own, m.memory[i*block:(i+1)*block])
	}
	m.registers = append(m.registers, m.own...)
	return m
}

func (m *machine) free() {
	m.Program = nil
	clear(m.registers) // no view of a run's slices may keep them alive
	machines.Put(m)
}

// load fills the registers that are the same for all neurons and steps.
func (m *machine) load(params []float32) {
	for i, r := range m.params {
		fill(m.own[r], params[i])
	}
	for _, c := range m.constants {
		fill(m.own[c.register], c.value)
	}
}

func fill(dst []float32, v float32) {
	for i := range dst {
		dst[i] = v
	}
}

// run takes the neurons from lo to hi through all steps.
func (m *machine) run(r *Run, lo, hi int) {
	n := hi - lo
	for i, own := range m.own {
		m.registers[i] = own[:n]
	}
	for i, s := range m.states {
		m.registers[s] = r.States[i][lo:hi]
	}
	for t := range r.T {
		at := t * r.N
		if m.input >= 0 {
			m.registers[m.input] = r.X[at+lo : at+hi]
		}
		if out := r.Out[at+lo : at+hi]; m.ownOutput {
			m.registers[m.output] = out
			m.step()
		} else {
			m.step()
			copy(out, m.registers[m.output])
		}
		m.commit()
		for i := range m.states {
			if r.Trace != nil && r.Trace[i] != nil {
				copy(r.Trace[i][at+lo:at+hi], m.registers[m.states[i]])
			}
		}
	}
}

// step evaluates the instructions.
func (m *machine) step() {
	for _, in := range m.code {
		operations[in.op].run(m.registers[in.dst], m.registers[in.a], m.registers[in.b], m.registers[in.c])
	}
}

// commit gives the states their new values, after all of them are computed.
func (m *machine) commit() {
	for i, next := range m.next {
		if state := m.states[i]; next != state {
			copy(m.registers[state], m.registers[next])
		}
	}
}
