package ptxsim

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// decoders make the instructions of an opcode.
var decoders = map[string]func(*decoder){
	"mov": decodeMov, "cvta": decodeCvta, "cvt": decodeCvt,
	"add": decodeArithmetic(2), "sub": decodeArithmetic(2), "mul": decodeArithmetic(2), "div": decodeArithmetic(2),
	"rem": decodeArithmetic(2), "min": decodeArithmetic(2), "max": decodeArithmetic(2), "copysign": decodeArithmetic(2),
	"mad": decodeArithmetic(3), "fma": decodeArithmetic(3),
	"neg": decodeArithmetic(1), "abs": decodeArithmetic(1), "sqrt": decodeArithmetic(1), "rcp": decodeArithmetic(1),
	"setp": decodeSetp, "set": decodeSet, "selp": decodeSelp,
	"and": decodeLogic, "or": decodeLogic, "xor": decodeLogic, "not": decodeNot,
	"shl": decodeShift, "shr": decodeShift, "popc": decodeCount, "clz": decodeCount, "brev": decodeBrev,
	"bfe": decodeBfe, "bfi": decodeBfi, "prmt": decodePrmt,
	"ld": decodeLoad, "st": decodeStore, "atom": decodeAtomic, "red": decodeAtomic,
	"bra": decodeBranch, "ret": decodeExit, "exit": decodeExit,
	"bar": decodeBarrier, "membar": decodeFence, "fence": decodeFence, "shfl": decodeShuffle,
}

// decoder makes an instruction of its text. It takes the modifiers that it knows
// out of the list; one that is left is not supported.
type decoder struct {
	*parser
	line      int
	opcode    string
	modifiers []string
	operands  []operand
	in        instruction
}

func (d *decoder) fail(format string, args ...any) { d.failAt(d.line, format, args...) }

// take says whether there is a modifier, and takes it.
func (d *decoder) take(modifier string) bool {
	i := slices.Index(d.modifiers, modifier)
	if i >= 0 {
		d.modifiers = slices.Delete(d.modifiers, i, i+1)
	}
	return i >= 0
}

// takeOne takes one of several modifiers, or "".
func (d *decoder) takeOne(modifiers ...string) string {
	for _, m := range modifiers {
		if d.take(m) {
			return m
		}
	}
	return ""
}

// takeKind takes the last modifier, which is a type.
func (d *decoder) takeKind() kind {
	last := len(d.modifiers) - 1
	if last >= 0 {
		if k, known := kinds[d.modifiers[last]]; known {
			d.modifiers = d.modifiers[:last]
			return k
		}
	}
	d.fail("%s has no type, expected one such as %s.u32", d.opcode, d.opcode)
	return u32
}

// expectOperands says how many operands there must be.
func (d *decoder) expectOperands(n int) {
	if len(d.operands) != n {
		d.fail("%s has %d operands, expected %d", d.opcode, len(d.operands), n)
		d.operands = append(d.operands, make([]operand, n)...)
	}
}

// row returns the row of a register that an operand is, of a kind that is accepted.
func (d *decoder) row(o operand, accepts func(kind) bool, k kind) int {
	if o.address || o.inverted || o.second != "" || len(o.many) > 0 {
		d.fail("an operand of %s is not a register, expected one of type .%v", d.opcode, k)
		return 0
	}
	n, declared := d.register(o.name)
	switch {
	case declared && accepts(d.k.rows[n].kind):
		return n
	case declared:
		d.fail("register %s is of type .%v, expected .%v for %s", o.name, d.k.rows[n].kind, k, d.opcode)
	case strings.HasPrefix(o.name, "%"):
		d.fail("register %s is not declared", o.name)
	default:
		d.fail("%q is not a register, expected one of type .%v", o.name, k)
	}
	return 0
}

func (d *decoder) setResult(i int, k kind) { d.in.result = d.row(d.operands[i], k.accepts, k) }

// source returns the row of operand i, a register or a number.
func (d *decoder) source(i int, k kind) int {
	o := d.operands[i]
	if o.name == "" || strings.IndexByte("-0123456789", o.name[0]) < 0 || o.address || o.second != "" || o.inverted {
		return d.row(o, k.accepts, k)
	}
	v, ok := number(o.name, k)
	if !ok {
		d.fail("number %s does not fit type .%v", o.name, k)
	}
	return d.constant(v)
}

// number returns the bits of a number that is written in PTX.
func number(text string, k kind) (uint64, bool) {
	for _, f := range []struct {
		prefix string
		bits   int
	}{{"0f", 32}, {"0F", 32}, {"0d", 64}, {"0D", 64}} {
		if digits, found := strings.CutPrefix(text, f.prefix); found {
			v, err := strconv.ParseUint(digits, 16, f.bits)
			return v, err == nil && len(digits) == f.bits/4 && k.bits == f.bits && !k.integer()
		}
	}
	digits, negative := strings.CutPrefix(strings.TrimSuffix(text, "U"), "-")
	v, err := strconv.ParseUint(digits, 0, 64)
	if err != nil || strings.Contains(digits, "_") || k.float() || k == predicate {
		return 0, false
	}
	if negative {
		return -v & k.mask(), v <= 1<<(k.bits-1)
	}
	return v, v <= k.mask()
}

// offset returns the number of bytes that is added to an address.
func (d *decoder) offset(o operand) uint64 {
	v, ok := number(o.offset, s64)
	if n := int64(v); !ok || n < math.MinInt32 || n > math.MaxInt32 {
		d.fail("offset %s does not fit 32 bits", o.offset)
	}
	return v
}

// variable returns the row with the address of a variable in shared memory.
func (d *decoder) variable(name string) (int, bool) {
	v, known := d.shared[name]
	if !v.dynamic {
		return d.constant(uint64(v.offset)), known
	}
	if d.behind == none {
		d.behind = d.newRow(row{role: constant})
	}
	return d.behind, known
}

// computes sets what an instruction does for each thread, with all operands but the
// first as its sources.
func (d *decoder) computes(f function, result kind, sources ...kind) {
	d.expectOperands(1 + len(sources))
	if f == nil {
		d.fail("%s.%v is not supported", d.opcode, result)
	}
	d.setResult(0, result)
	for i, k := range sources {
		d.in.sources[i] = d.source(1+i, k)
	}
	d.in.compute = f
}

// decode makes the instruction of what is known of its text.
func (d *decoder) decode() {
	full := strings.Join(append([]string{d.opcode}, d.modifiers...), ".")
	decode, known := decoders[d.opcode]
	if !known {
		d.fail("instruction %s is not supported", full)
		return
	}
	decode(d)
	if d.err == nil && len(d.modifiers) > 0 {
		d.fail("%s: modifier .%s is not supported or stands in the wrong place", full, d.modifiers[0])
	}
	d.note()
}

// note lists the registers that the instruction reads and writes.
func (d *decoder) note() {
	note := func(list *[]int, rows ...int) {
		for _, n := range rows {
			if n != none && d.k.rows[n].role == register && !slices.Contains(*list, n) {
				*list = append(*list, n)
			}
		}
	}
	note(&d.in.reads, d.in.sources[:]...)
	note(&d.in.writes, d.in.result, d.in.second)
	if a := d.in.access; a != nil && a.operation == load {
		note(&d.in.writes, a.values...)
	} else if a != nil {
		note(&d.in.reads, a.values...)
	}
}
