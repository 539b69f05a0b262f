package ptxsim

import (
	"slices"
	"strconv"
	"strings"
)

// body is what the parser knows of the kernel it is in.
type body struct {
	k         *kernel
	scopes    []*scope // the outer ones first
	constants map[uint64]int
	roles     map[role]int // rows of special registers
	behind    int          // the row for where the memory begins whose size a launch says, or none
	labels    map[string]int
	branches  []branch
}

// scope is what was declared between braces.
type scope struct {
	kinds  map[string]kind // of single registers
	ranges map[string]registerRange
	rows   map[string]int // of the registers that occurred
}

// registerRange is .reg .b32 %r<count>, which is registers %r0 and so on.
type registerRange struct {
	kind  kind
	count int
}

// branch is one whose label is not known yet.
type branch struct {
	instruction int
	label       string
	line        int
}

func newBody(k *kernel) *body {
	b := &body{k: k, constants: map[uint64]int{}, roles: map[role]int{}, behind: none, labels: map[string]int{}}
	b.constant(0) // row 0, for operands that an instruction has not
	return b
}

func (b *body) newRow(r row) int {
	b.k.rows = append(b.k.rows, r)
	return len(b.k.rows) - 1
}

func (b *body) constant(value uint64) int {
	n, known := b.constants[value]
	if !known {
		n = b.newRow(row{role: constant, value: value})
		b.constants[value] = n
	}
	return n
}

func (b *body) special(r role) int {
	n, known := b.roles[r]
	if !known {
		n = b.newRow(row{role: r, kind: u32})
		b.roles[r] = n
	}
	return n
}

// register returns the row of a register that was declared.
func (b *body) register(name string) (int, bool) {
	for _, s := range slices.Backward(b.scopes) {
		if n, known := s.rows[name]; known {
			return n, true
		}
		k, declared := s.kinds[name]
		if !declared {
			prefix := strings.TrimRight(name, "0123456789")
			digits := name[len(prefix):]
			number, err := strconv.Atoi(digits)
			if err != nil || number >= s.ranges[prefix].count || digits != strconv.Itoa(number) {
				continue
			}
			k = s.ranges[prefix].kind
		}
		n := b.newRow(row{role: register, name: name, kind: k})
		s.rows[name] = n
		return n, true
	}
	return 0, false
}

// statements is for what is between the braces of a kernel.
func (p *parser) statements() {
	p.expect("{")
	p.open()
	for len(p.scopes) > 0 && p.err == nil {
		switch text := p.peek(); text {
		case "":
			p.fail("kernel %s has no end, expected }", p.k.name)
		case "{":
			p.next()
			p.open()
		case "}":
			p.next()
			p.scopes = p.scopes[:len(p.scopes)-1]
		case ".reg":
			p.next()
			p.declareRegisters()
		case ".shared":
			p.next()
			p.declareShared(false)
		case ".pragma":
			for p.peek() != ";" && p.peek() != "" {
				p.next()
			}
			p.expect(";")
		default:
			p.statement()
		}
	}
	p.k.code = append(p.k.code, instruction{action: doExit, line: p.line(), guard: none, result: none})
	for _, branch := range p.branches {
		target, known := p.labels[branch.label]
		if !known {
			p.failAt(branch.line, "there is no label %s", branch.label)
		}
		p.k.code[branch.instruction].target = target
	}
	if p.behind != none {
		p.k.rows[p.behind].value = uint64(dynamicOffset(p.size))
	}
}

// dynamicOffset is where the shared memory begins whose size a launch says.
func dynamicOffset(declared int) int { return (declared + 15) &^ 15 }

func (p *parser) open() {
	p.scopes = append(p.scopes, &scope{map[string]kind{}, map[string]registerRange{}, map[string]int{}})
}

// declareRegisters is for .reg .b32 %r<7>, %value;
func (p *parser) declareRegisters() {
	k, s := p.kind(), p.scopes[len(p.scopes)-1]
	for p.err == nil {
		line, name := p.line(), p.word()
		_, single := s.kinds[name]
		_, many := s.ranges[name]
		if single || many {
			p.failAt(line, "register %s is declared twice", name)
		}
		if p.skip("<") {
			s.ranges[name] = registerRange{k, p.integer(1, 1<<30)}
			p.expect(">")
		} else {
			s.kinds[name] = k
		}
		if !p.skip(",") {
			break
		}
	}
	p.expect(";")
}

// statement is for a label or an instruction: @%p1 add.s32 %r1, %r2, 3;
func (p *parser) statement() {
	d := decoder{parser: p, line: p.line()}
	d.in = instruction{line: d.line, guard: none, result: none, second: none}
	if p.skip("@") {
		d.in.negate = p.skip("!")
		d.in.guard = d.row(operand{name: p.word()}, predicate.accepts, predicate)
	}
	name := p.word()
	if d.in.guard == none && p.skip(":") {
		if _, twice := p.labels[name]; twice {
			p.failAt(d.line, "label %s is defined twice", name)
		}
		p.labels[name] = len(p.k.code)
		return
	}
	d.modifiers = strings.Split(name, ".")
	d.opcode, d.modifiers = d.modifiers[0], d.modifiers[1:]
	for p.peek() != ";" && p.err == nil {
		d.operands = append(d.operands, p.operand())
		if !p.skip(",") {
			break
		}
	}
	p.expect(";")
	if p.err == nil {
		d.decode()
	}
	p.k.code = append(p.k.code, d.in)
}

// operand is one of an instruction, as it is written.
type operand struct {
	name     string // of a register, variable or parameter; or a number
	inverted bool   // !%p1
	second   string // %p1 of %r1|%p1
	address  bool   // in brackets, with an offset
	offset   string
	many     []operand // in braces
}

func (p *parser) operand() operand {
	var o operand
	switch {
	case p.skip("{"):
		for p.err == nil {
			o.many = append(o.many, operand{name: p.word()})
			if !p.skip(",") {
				break
			}
		}
		p.expect("}")
	case p.skip("["):
		o.address, o.offset = true, "0"
		o.name = p.word()
		switch {
		case p.skip("+"):
			o.offset = p.number()
		case p.peek() == "-":
			o.offset = p.number()
		}
		p.expect("]")
	case p.skip("!"):
		o.inverted = true
		o.name = p.word()
	default:
		o.name = p.number()
		if p.skip("|") {
			o.second = p.word()
		}
	}
	return o
}

// number is a word that may have a minus.
func (p *parser) number() string {
	if p.skip("-") {
		return "-" + p.word()
	}
	return p.word()
}
