package ptxsim

import "strings"

// vector takes how many values are loaded or stored.
func (d *decoder) vector() int {
	switch d.takeOne("v2", "v4") {
	case "v2":
		return 2
	case "v4":
		return 4
	}
	return 1
}

// address makes the access of an instruction to the memory that it names, at an
// operand in brackets.
func (d *decoder) address(o operand, operation operation, k kind, count int) {
	a := &access{operation: operation, kind: k, size: uint64(count * k.bytes()), shared: d.take("shared")}
	d.in.action, d.in.access = doAccess, a
	if !a.shared && !d.take("global") {
		d.fail("%s does not say in which memory, expected .global or .shared", d.opcode)
	}
	if k == predicate {
		d.fail("%s.%v is not supported", d.opcode, k)
	}
	if !o.address {
		d.fail("%s has no address, expected one such as [%%rd1+4]", d.opcode)
		return
	}
	a.offset = d.offset(o)
	if n, known := d.variable(o.name); known {
		d.in.sources[0] = n
		if !a.shared {
			d.fail("%s is in shared memory, expected %s.shared", o.name, d.opcode)
		}
		return
	}
	// Addresses in shared memory fit 32 bits.
	accepts := func(k kind) bool { return u64.accepts(k) || a.shared && u32.accepts(k) }
	d.in.sources[0] = d.row(operand{name: o.name}, accepts, u64)
}

// elements returns the operands of a vector, or the one that is none.
func (d *decoder) elements(o operand, count int) []operand {
	if count == 1 {
		return []operand{o}
	}
	if len(o.many) != count {
		d.fail("%s has %d values in braces, expected %d", d.opcode, len(o.many), count)
	}
	return o.many
}

// decodeLoad is for ld.global.v2.f32 {%f1, %f2}, [%rd1+8]; and for parameters.
func decodeLoad(d *decoder) {
	k := d.takeKind()
	d.expectOperands(2)
	if d.take("param") {
		d.loadParameter(k)
		return
	}
	count := d.vector()
	d.address(d.operands[1], load, k, count)
	d.takeOne("nc")
	d.takeOne("ca", "cg", "cs", "lu", "cv", "volatile")
	for _, o := range d.elements(d.operands[0], count) {
		d.in.access.values = append(d.in.access.values, d.row(o, k.acceptsWider, k))
	}
}

func (d *decoder) loadParameter(k kind) {
	o := d.operands[1]
	for _, p := range d.k.parameters {
		if p.name != o.name || !o.address {
			continue
		}
		if !k.accepts(p.kind) || d.offset(o) != 0 {
			d.fail("parameter %s is one value of type .%v, expected ld.param.%v of all of it", p.name, p.kind, p.kind)
		}
		d.setResult(0, k)
		d.in.sources[0] = p.row
		d.in.compute = func(a, _, _ uint64) uint64 { return a }
		return
	}
	d.fail("%q is no parameter of kernel %s, expected one in brackets", o.name, d.k.name)
}

// decodeStore is for st.global.v2.f32 [%rd1+8], {%f1, %f2};
func decodeStore(d *decoder) {
	k := d.takeKind()
	d.expectOperands(2)
	count := d.vector()
	d.address(d.operands[0], store, k, count)
	d.takeOne("wb", "cg", "cs", "wt", "volatile")
	for _, o := range d.elements(d.operands[1], count) {
		n := 0
		if strings.HasPrefix(o.name, "%") {
			n = d.row(o, k.acceptsWider, k)
		} else if v, ok := number(o.name, k); ok {
			n = d.constant(v)
		} else {
			d.fail("%q cannot be stored, expected a register or a number of type .%v", o.name, k)
		}
		d.in.access.values = append(d.in.access.values, n)
	}
}

// decodeAtomic is for atom.global.add.f32 %f1, [%rd1], %f2; and for red, which is
// the same without a result.
func decodeAtomic(d *decoder) {
	k := d.takeKind()
	d.takeOne("relaxed", "acquire", "release", "acq_rel")
	d.takeOne("cta", "gpu", "sys")
	operation := d.takeOne("add", "min", "max", "and", "or", "xor", "exch", "cas")
	combine := atomics(operation, k)
	if combine == nil {
		d.fail("%s.%s.%v is not supported", d.opcode, operation, k)
		return
	}
	sources := 1
	if operation == "cas" {
		sources = 2
	}
	if d.opcode == "atom" {
		d.expectOperands(2 + sources)
		d.setResult(0, k)
		d.operands = d.operands[1:]
	} else {
		d.expectOperands(1 + sources)
	}
	d.address(d.operands[0], modify, k, 1)
	d.in.access.combine = combine
	for i := range sources {
		d.in.sources[1+i] = d.source(1+i, k)
	}
}

// atomics returns what is stored for an old value and one or two others.
func atomics(operation string, k kind) function {
	if k.bits < 32 || k == predicate {
		return nil
	}
	switch operation {
	case "exch":
		if k.class == 'b' {
			return func(_, b, _ uint64) uint64 { return b }
		}
	case "cas":
		if k.class == 'b' {
			return func(old, compare, value uint64) uint64 {
				if old == compare {
					return value
				}
				return old
			}
		}
	case "and", "or", "xor":
		if k.class == 'b' {
			return combinations[operation]
		}
	case "add":
		switch k {
		case f32:
			return floats32[operation]
		case f64:
			return floats64[operation]
		case s64: // only .u64 in PTX
			return nil
		}
		return integers(operation, k)
	case "min", "max":
		return integers(operation, k)
	}
	return nil
}
