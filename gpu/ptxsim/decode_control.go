package ptxsim

// decodeBranch is for bra.uni $label;
func decodeBranch(d *decoder) {
	d.take("uni")
	d.expectOperands(1)
	d.in.action = doBranch
	d.branches = append(d.branches, branch{len(d.k.code), d.operands[0].name, d.line})
}

func decodeExit(d *decoder) {
	d.take("uni")
	d.expectOperands(0)
	d.in.action = doExit
}

// decodeBarrier is for bar.sync 0; with all threads of the block.
func decodeBarrier(d *decoder) {
	if len(d.operands) > 1 {
		d.fail("bar.sync with a number of threads is not supported, expected one operand")
	}
	d.expectOperands(1)
	if n, ok := number(d.operands[0].name, u32); !d.take("sync") || !ok || n >= barrierLimit {
		d.fail("expected bar.sync and a number below %d", barrierLimit)
	}
	d.in.action = doBarrier
}

// decodeFence is for membar.gl and fence.acq_rel.gpu. All accesses are in order here.
func decodeFence(d *decoder) {
	d.takeOne("sc", "acq_rel")
	if d.takeOne("cta", "gl", "gpu", "sys") == "" {
		d.fail("%s does not say for whom, expected %s.cta, .gl or .sys", d.opcode, d.opcode)
	}
	d.expectOperands(0)
	d.in.action = doNothing
}

// decodeShuffle is for shfl.sync.down.b32 %r1|%p1, %r2, 16, 31, 0xFFFFFFFF;
func decodeShuffle(d *decoder) {
	if d.takeKind() != b32 || !d.take("sync") {
		d.fail("shfl is supported with .sync and .b32 only")
	}
	mode := d.takeOne("up", "down", "bfly", "idx")
	if mode == "" {
		d.fail("shfl.sync does not say which thread to read from, expected .up, .down, .bfly or .idx")
	}
	d.expectOperands(5)
	d.in.action, d.in.shuffle = doShuffle, shuffles[mode]
	if second := d.operands[0].second; second != "" {
		d.operands[0].second = ""
		d.in.second = d.row(operand{name: second}, predicate.accepts, predicate)
	}
	d.setResult(0, b32)
	d.in.sources[0] = d.source(1, b32)
	for i := range 3 {
		d.in.sources[1+i] = d.source(2+i, u32)
	}
}
