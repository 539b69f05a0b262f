package ptxsim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Limits of a device of capability 7.0.
const (
	capability   = 70
	sharedLimit  = 48 << 10 // bytes
	threadLimit  = 1024
	barrierLimit = 16
	firstVersion = 6.0 // of PTX, with the shuffles that are known here
)

// parser reads a module. The first error ends it: from then on there is no token
// but the last, which is empty.
type parser struct {
	tokens []token
	err    error
	m      *module
	shared map[string]variable // those that are declared outside of kernels
	size   int                 // bytes of these
	*body
}

// variable is one in shared memory.
type variable struct {
	offset  int
	dynamic bool // behind all others, with a size that the launch says
}

// parse reads the text of a module.
func parse(text string) (*module, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, m: &module{lines: strings.Split(text, "\n")}, shared: map[string]variable{}}
	p.head()
	for p.peek() != "" {
		p.declaration()
	}
	if p.err == nil && len(p.m.kernels) == 0 {
		p.fail("there is no kernel, expected .entry")
	}
	return p.m, p.err
}

func (p *parser) line() int    { return p.tokens[0].line }
func (p *parser) peek() string { return p.tokens[0].text }

func (p *parser) next() string {
	text := p.peek()
	if text != "" {
		p.tokens = p.tokens[1:]
	}
	return text
}

// fail ends the parser with an error at the line it is at.
func (p *parser) fail(format string, args ...any) { p.failAt(p.line(), format, args...) }

func (p *parser) failAt(line int, format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...))
		p.tokens = p.tokens[len(p.tokens)-1:]
	}
}

// skip is for a token that may be there, and says whether it was.
func (p *parser) skip(text string) bool {
	found := p.peek() == text
	if found {
		p.next()
	}
	return found
}

// expect is for a token that must be there.
func (p *parser) expect(text string) {
	if !p.skip(text) {
		p.fail("expected %s, found %q", text, p.peek())
	}
}

// word is for a name or a number.
func (p *parser) word() string {
	if text := p.peek(); text == "" || !isWord(text[0]) {
		p.fail("expected a name or number, found %q", text)
		return ""
	}
	return p.next()
}

// integer is for a number from least to most.
func (p *parser) integer(least, most int) int {
	line, text := p.line(), p.word()
	n, err := strconv.Atoi(text)
	if p.err == nil && (err != nil || n < least || n > most) {
		p.failAt(line, "expected a number from %d to %d, found %q", least, most, text)
	}
	return n
}

// kind is for a type, with the dot before it.
func (p *parser) kind() kind {
	line, text := p.line(), p.word()
	k, ok := kinds[strings.TrimPrefix(text, ".")]
	if p.err == nil && (!ok || text[0] != '.') {
		p.failAt(line, "expected a type such as .u32, found %q", text)
	}
	return k
}

// head is what a module begins with.
func (p *parser) head() {
	p.expect(".version")
	line, text := p.line(), p.word()
	if version, err := strconv.ParseFloat(text, 64); p.err == nil && (err != nil || !(version >= firstVersion)) {
		p.failAt(line, "version %s of PTX, expected %.1f or later", text, firstVersion)
	}
	p.expect(".target")
	line, text = p.line(), p.word()
	number, found := strings.CutPrefix(text, "sm_")
	if target, err := strconv.Atoi(number); p.err == nil && (!found || err != nil || target > capability) {
		p.failAt(line, "target %s, expected sm_%d or older", text, capability)
	}
	p.expect(".address_size")
	p.integer(64, 64)
}

// declaration is what stands outside of kernels.
func (p *parser) declaration() {
	switch directive := p.peek(); directive {
	case ".visible", ".weak":
		p.next()
	case ".entry":
		p.next()
		p.entry()
	case ".shared":
		p.next()
		p.declareShared(false)
	case ".extern":
		p.next()
		if !p.skip(".shared") {
			p.fail(".extern %s: nothing is linked to a module, expected its definition in it", p.peek())
			return
		}
		p.declareShared(true)
	default:
		p.fail("%s is not supported, expected .entry or .shared", directive)
	}
}

// declareShared is for a variable in shared memory: .align 4 .b8 name[64]; inside of
// a kernel or before those that use it.
func (p *parser) declareShared(dynamic bool) {
	align := 1
	if p.skip(".align") {
		align = p.integer(1, 256)
	}
	k := p.kind()
	line, name := p.line(), p.word()
	if p.err == nil && k.bytes() == 0 {
		p.failAt(line, "%s is of type .%v, expected one that has bytes", name, k)
	}
	count := 1
	if p.skip("[") {
		if !dynamic {
			count = p.integer(1, sharedLimit)
		}
		p.expect("]")
	}
	p.expect(";")
	if _, twice := p.shared[name]; twice {
		p.failAt(line, "%s is declared twice", name)
	}
	align = max(align, k.bytes(), 1)
	if align&(align-1) != 0 {
		p.failAt(line, "alignment %d of %s, expected a power of 2", align, name)
	}
	if dynamic {
		p.shared[name] = variable{dynamic: true}
		return
	}
	offset := (p.size + align - 1) / align * align
	p.shared[name] = variable{offset: offset}
	if p.size = offset + count*k.bytes(); p.size > sharedLimit {
		p.failAt(line, "%d bytes of shared memory with %s, expected %d at most", p.size, name, sharedLimit)
	}
}

// entry is for a kernel.
func (p *parser) entry() {
	line, name := p.line(), p.word()
	if p.m.kernel(name) != nil {
		p.failAt(line, "kernel %s is defined twice", name)
	}
	k := &kernel{module: p.m, name: name}
	p.body = newBody(k)
	if p.skip("(") && !p.skip(")") {
		for {
			p.parameter()
			if !p.skip(",") {
				break
			}
		}
		p.expect(")")
	}
	for p.peek() != "{" && p.err == nil {
		switch directive := p.next(); directive {
		case ".maxntid":
			k.maximum = p.dimensions()
		case ".reqntid":
			k.required = p.dimensions()
		case ".minnctapersm", ".maxnreg":
			p.integer(1, threadLimit)
		default:
			p.fail("%s is not supported, expected { and the instructions of kernel %s", directive, name)
		}
	}
	shared, size := maps.Clone(p.shared), p.size
	p.statements()
	k.shared, p.shared, p.size = p.size, shared, size
	p.m.kernels = append(p.m.kernels, k)
}

// dimensions are numbers of threads in one to three axes.
func (p *parser) dimensions() [3]int {
	d := [3]int{1, 1, 1}
	for i := range d {
		d[i] = p.integer(1, threadLimit)
		if !p.skip(",") {
			break
		}
	}
	return d
}

// parameter is for one of a kernel: .param .u64 .ptr .global .align 4 name
func (p *parser) parameter() {
	p.expect(".param")
	line, k := p.line(), p.kind()
	if p.skip(".ptr") {
		p.skip(".global")
		if p.skip(".align") {
			p.integer(1, 1<<20)
		}
	}
	name := p.word()
	if p.err == nil && (k.bits < 32 || p.peek() == "[") {
		p.failAt(line, "parameter %s, expected one number of 32 or 64 bits", name)
	}
	if slices.ContainsFunc(p.k.parameters, func(q parameter) bool { return q.name == name }) {
		p.failAt(line, "parameter %s is declared twice", name)
	}
	p.k.parameters = append(p.k.parameters, parameter{name, k, p.newRow(row{role: argument, kind: k})})
}
