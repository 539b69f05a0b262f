package dynamics

import (
	"iter"
	"math"
	"slices"
	"sync"
	"unsafe"

	"spikebook/snn/native"
	"spikebook/snn/parallel"
	"spikebook/snn/vector"
)

// Run is what a program is run on. N is the number of neurons, T of steps.
type Run struct {
	T, N int

	// Inputs, in the order of Program.Inputs: [T, N] each, or [T], which all
	// neurons share.
	Inputs [][]float32
	// Params, in the order of Program.Params: one value, or one for each neuron,
	// [N].
	Params [][]float32
	// Outputs, in the order of the definition: [T, N] each, or nil for one that
	// is not wanted.
	Outputs [][]float32
	// States, in the order of Program.States, [N] each: before, and then after
	// the run. If there is Before, they are only written, and one that is not
	// wanted may be nil.
	States [][]float32
	// Before, in the order of Program.States: the states before the run, [N] each
	// or one value; none if they are in States.
	Before [][]float32

	Reverse bool // from the last step to the first
}

// Blocks of neurons go through all steps together. What is in memory of their
// registers fills half of a first-level cache of 32 KiB, which leaves room for
// inputs and outputs; or all of it where those do not fit into the second level:
// long rows of them are read ahead better.
const (
	blockBytes = 16 << 10
	cacheBytes = 512 << 10
	minBlock   = 64
	maxBlock   = 16 << 10
)

// What is about the second-level cache comes in time without being asked for, if rows
// are long: the processor sees where they go. To ask takes longer then.
const (
	longRow    = 2048
	aloneBytes = 4 << 20
)

// parallelWork is how much work is worth a second goroutine, as [Program.work]
// counts it: 50 microseconds of it. To wake another processor takes ten. What one
// processor has in its own cache takes time to get to another: as much as some work
// for each byte.
const (
	parallelWork = 1 << 21
	ownCache     = 2 << 20
	moving       = 5
)

// Run runs T steps for N neurons. Blocks of neurons are spread over the
// processors; the results do not depend on how. It panics with an *Error if a
// slice has another length than it should: that is a mistake of the caller, who
// knows the shapes.
func (p *Program) Run(r Run) {
	if r.N == 1 {
		p.RunSingle(&r)
		return
	}
	work := r.T * r.N * p.work
	if bytes := p.bytes(&r); bytes <= ownCache {
		work = max(0, work-moving*bytes)
	}
	workers := parallel.Workers(work, parallelWork)
	p.run(r, p.blockSize(&r, workers), workers)
}

// bytes is about how large the inputs and outputs are.
func (p *Program) bytes(r *Run) int { return 4 * r.T * r.N * (len(p.inputs) + len(p.outputs)) }

func (p *Program) blockSize(r *Run, workers int) int {
	bytes := blockBytes
	if p.bytes(r) > cacheBytes {
		bytes *= 2
	}
	rows := p.registers
	if lanes >= native.Lanes {
		rows = p.inMemory
	}
	most := max(min(bytes/4/max(1, rows), maxBlock)&^(minBlock-1), minBlock)
	if workers == 1 {
		return most
	}
	each := (r.N + workers - 1) / workers // as many blocks of one size for each
	blocks := (each + most - 1) / most
	return ((each+blocks-1)/max(1, blocks) + minBlock - 1) &^ (minBlock - 1)
}

func (p *Program) run(r Run, block, workers int) {
	p.checkRun(&r)
	if r.N == 0 {
		return
	}
	block = (min(block, r.N) + lanes - 1) &^ (lanes - 1)
	blocks := (r.N + block - 1) / block
	if workers = min(workers, blocks); workers > 1 {
		p.spread(r, block, blocks, workers)
		return
	}
	m := p.machine(block)
	m.load(&r)
	for b := range blocks {
		m.runBlock(&r, b*block, min((b+1)*block, r.N))
	}
	m.free()
}

func (p *Program) spread(r Run, block, blocks, workers int) {
	parallel.Do(workers, blocks, func(blocks iter.Seq[int]) {
		m := p.machine(block)
		m.load(&r)
		for b := range blocks {
			m.runBlock(&r, b*block, min((b+1)*block, r.N))
		}
		m.free()
	})
}

func (p *Program) checkRun(r *Run) {
	bad := len(r.Inputs) != len(p.inputs) || len(r.Params) != len(p.params) || len(r.States) != len(p.states) || len(r.Outputs) != len(p.outputs)
	for _, x := range r.Inputs {
		bad = bad || len(x) != r.T*r.N && len(x) != r.T
	}
	for _, x := range r.Params {
		bad = bad || len(x) != r.N && len(x) != 1
	}
	for _, x := range r.Outputs {
		bad = bad || x != nil && len(x) != r.T*r.N
	}
	for _, x := range r.States {
		bad = bad || len(x) != r.N && (x != nil || len(r.Before) == 0)
	}
	bad = bad || len(r.Before) > 0 && len(r.Before) != len(p.states)
	for _, x := range r.Before {
		bad = bad || len(x) != r.N && len(x) != 1
	}
	if bad {
		panic(errorf("slices do not fit a run of %d steps and %d neurons with inputs %q, parameters %q, states %q and %d outputs",
			r.T, r.N, p.inputNames, p.paramNames, p.stateNames, len(p.outputs)))
	}
}

// machine holds the registers of one block of neurons.
type machine struct {
	*Program
	block     int
	code      []vector.Instruction // that of the program, with products for some divisions
	products  []vector.Instruction // the place for that
	memory    []float32
	registers [][]float32 // views of memory; those of inputs, outputs and states are views of the run
	own       [][]float32 // the views of memory
	loaded    []bool      // parameters whose register is full of one value

	parts  []part // what the code of a step runs as; nil if that is not known yet
	lanes  int    // that each part takes at a time
	stream bool
	frame  native.Frame
}

// machines are used again: a layer is often run for one step. A program finds them
// by where it is in memory, so that it mostly gets one that is ready for it, also
// where several layers, or the passes forward and back, take turns.
var machines [61]sync.Pool

func machinesOf(p *Program) *sync.Pool {
	return &machines[uintptr(unsafe.Pointer(p))>>6%uintptr(len(machines))]
}

// gap keeps registers from starting at the same place of a cache, as they would
// in blocks of 1024.
const gap = 80

// machine returns one whose registers hold the constants. Often it is the one
// that ran the program the last time.
func (p *Program) machine(block int) *machine {
	m, _ := machinesOf(p).Get().(*machine)
	switch {
	case m == nil:
		m = new(machine)
	case m.Program == p && m.block == block:
		return m
	}
	m.Program, m.block, m.code, m.parts = p, block, nil, nil
	stride := block + gap
	if n := p.registers * stride; cap(m.memory) < n {
		m.memory = make([]float32, n)
	} else {
		m.memory = m.memory[:n]
	}
	m.own = m.own[:0]
	for i := range p.registers {
		m.own = append(m.own, m.memory[i*stride:i*stride+block])
	}
	m.registers = append(m.registers[:0], m.own...)
	for _, c := range m.constants {
		fill(m.own[c.register], c.value)
	}
	m.loaded = slices.Grow(m.loaded[:0], len(p.params))[:len(p.params)]
	clear(m.loaded)
	return m
}

func (m *machine) free() {
	clear(m.registers) // no view of a run's slices may keep them alive
	m.frame.Done()
	machinesOf(m.Program).Put(m)
}

// load gets ready for a run.
func (m *machine) load(r *Run) {
	m.loadNumbers(r)
	if stream := m.streams(r); m.parts == nil || m.stream != stream {
		m.stream = stream
		m.parts = partsOf(m.Program, m.code, m.loaded, stream, r.T*r.N >= worthLoop)
		m.lanes = lanes
		if len(m.parts) > 0 && !slices.ContainsFunc(m.parts, func(p part) bool { return p.loop == nil }) {
			m.lanes = native.Lanes
		}
	}
}

// loadNumbers fills the registers that are the same for all neurons and steps.
func (m *machine) loadNumbers(r *Run) {
	same := m.code != nil
	for i, p := range m.params {
		own, values := m.own[p], r.Params[i]
		single := len(values) == 1
		if single && m.loaded[i] && math.Float32bits(own[0]) == math.Float32bits(values[0]) {
			continue
		}
		if m.loaded[i] != single {
			m.parts = nil
		}
		if m.loaded[i], same = single, false; single {
			fill(own, values[0])
		}
	}
	if same {
		return
	}
	m.code, m.parts = m.Program.code, nil
	for _, d := range m.divisions {
		by := m.code[d.code].Args[d.arg]
		if i := slices.Index(m.params, by); i >= 0 && !m.loaded[i] {
			continue
		}
		reciprocal, exact := reciprocal(m.own[by][0])
		if !exact {
			continue
		}
		if &m.code[0] == &m.Program.code[0] {
			m.products = append(m.products[:0], m.code...)
			m.code = m.products
		}
		fill(m.own[d.reciprocal], reciprocal)
		m.code[d.code].Op, m.code[d.code].Args[d.arg] = d.op, d.reciprocal
	}
}

// reciprocal returns 1/x if multiplying by it rounds as dividing by x does:
// where x is a power of two, and 1/x is a normal number, too.
func reciprocal(x float32) (r float32, exact bool) {
	const mantissa, least, most = 1<<23 - 1, 1, 253 // the last exponent whose reciprocal is normal
	bits := math.Float32bits(x)
	exponent := bits >> 23 & 255
	return 1 / x, bits&mantissa == 0 && exponent >= least && exponent <= most
}

func fill(dst []float32, v float32) {
	if len(dst) == 0 {
		return
	}
	dst[0] = v
	for n := 1; n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}

// lanes is how many neurons go through an instruction at least: those of the
// widest vector, if there are any. Blocks whose size is no multiple are filled up;
// if there is nothing but loops of machine code, to a multiple of native.Lanes.
var lanes = func() int {
	if vector.Path() == "plain" {
		return 1
	}
	return 16
}()

// runBlock runs a block, the neurons that fill no vector on their own: only they
// are copied.
func (m *machine) runBlock(r *Run, lo, hi int) {
	if whole := (hi - lo) &^ (m.lanes - 1); 0 < whole && whole < hi-lo {
		m.run(r, lo, lo+whole)
		lo += whole
	}
	m.run(r, lo, hi)
}

// run takes the neurons from lo to hi through all steps. Inputs, outputs and
// states are used where they are, or if the block must be filled up, copied.
func (m *machine) run(r *Run, lo, hi int) {
	n := hi - lo
	filled := (n + m.lanes - 1) &^ (m.lanes - 1)
	use := func(register int, values []float32) {
		if m.registers[register] = values; filled > n {
			own := m.own[register][:filled]
			clear(own[copy(own, values):])
			m.registers[register] = own
		}
	}
	for i, own := range m.own {
		m.registers[i] = own[:filled]
	}
	for i, p := range m.params {
		if len(r.Params[i]) > 1 {
			use(p, r.Params[i][lo:hi])
		}
	}
	for i, s := range m.states {
		switch {
		case len(r.Before) == 0:
			use(s, r.States[i][lo:hi])
			continue
		case r.States[i] != nil && filled == n:
			m.registers[s] = r.States[i][lo:hi]
		}
		if before := r.Before[i]; len(before) == 1 {
			fill(m.registers[s], before[0])
		} else {
			clear(m.registers[s][copy(m.registers[s], before[lo:hi]):])
		}
	}
	m.evaluate(m.prologue)
	alone := n >= longRow && m.bytes(r) <= aloneBytes
	ahead := r.N
	if r.Reverse {
		ahead = -ahead
	}
	for k := range r.T {
		t := k
		if r.Reverse {
			t = r.T - 1 - k
		}
		at := t * r.N
		switch {
		case alone || k+1 == r.T && hi == r.N:
			m.frame.Ahead(0)
		case k+1 == r.T: // the first step of the next block
			m.frame.Ahead(n - k*ahead)
		default:
			m.frame.Ahead(ahead)
		}
		for i, in := range m.inputs {
			switch {
			case in < 0:
			case len(r.Inputs[i]) == r.T*r.N:
				use(in, r.Inputs[i][at+lo:at+hi])
			default:
				fill(m.registers[in], r.Inputs[i][t])
			}
		}
		for i, o := range m.outputs {
			if o.own && r.Outputs[i] != nil && filled == n {
				m.registers[o.register] = r.Outputs[i][at+lo : at+hi]
			}
		}
		m.step(filled)
		for i, o := range m.outputs {
			if r.Outputs[i] != nil && (!o.own || filled > n) {
				copy(r.Outputs[i][at+lo:at+hi], m.registers[o.register])
			}
		}
		m.commit()
	}
	if filled > n {
		for i, s := range m.states {
			if r.States[i] != nil {
				copy(r.States[i][lo:hi], m.registers[s])
			}
		}
	}
}

// step runs the code of a step for n neurons.
func (m *machine) step(n int) {
	if m.parts == nil {
		m.evaluate(m.code)
		return
	}
	for i := range m.parts {
		p := &m.parts[i]
		if p.loop == nil {
			m.evaluate(p.code)
			continue
		}
		for k, row := range p.rows {
			m.frame.Row(k, m.registers[row])
		}
		p.loop.Run(&m.frame, n)
	}
}

func (m *machine) evaluate(code []vector.Instruction) {
	for i := range code {
		in := &code[i]
		var dst2 []float32
		if in.Dst2 >= 0 {
			dst2 = m.registers[in.Dst2]
		}
		a, b, c := m.registers[in.Args[0]], m.registers[in.Args[1]], m.registers[in.Args[2]]
		in.Op.Run(m.registers[in.Dst], dst2, a, b, c)
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
