package ptx

import (
	"fmt"
	"math"
	"sync"

	"spikebook/gpu/device"
	"spikebook/snn/dynamics"
)

// Sums over all neurons are taken in two stages, for a GPU does its blocks in any
// order: a kernel leaves the sum of each block, and [Totals] adds those up. Both use
// float64 and an order that depends on the number of neurons alone.

// Blocks returns how many blocks of threads a kernel has for n neurons.
func Blocks(n int) int { return (n + BlockSize - 1) / BlockSize }

// Totals returns the launch that adds up what kernels leave in [Arguments].Sums: rows
// of float64, [rows, n], where n is the number of blocks. Results are float32: [rows].
// It has a block of threads for each row.
func Totals(to, from device.Pointer, rows, n int) (device.Launch, error) {
	if rows < 1 || n < 1 || rows > math.MaxInt32 || n > math.MaxInt32 {
		return device.Launch{}, fmt.Errorf("ptx: sums of %d rows of %d values; expected 1 or more, and at most %d of each", rows, n, math.MaxInt32)
	}
	if to == 0 || from == 0 {
		return device.Launch{}, missing("an array", "of sums")
	}
	return device.Launch{
		Module: totalsModule(), Kernel: "totals", Args: []any{to, from, uint32(n)},
		Grid: [3]int{rows, 1, 1}, Block: [3]int{totalsThreads, 1, 1},
	}, nil
}

const (
	// totalsThreads is how many threads add up a row: one value each for up to 32,768
	// neurons, and few warps to add up at the end.
	totalsThreads = 256
	warpSize      = 32
)

// TotalsModule returns the PTX of [Totals], for who wants to assemble it ahead of a
// launch.
func TotalsModule() string { return totalsModule() }

var totalsModule = sync.OnceValue(func() string {
	w := newWriter(&dynamics.Listing{})
	w.thread, w.block = w.special("tid.x"), w.special("ctaid.x")
	to, from := w.address("to", "[rows]"), w.address("from", "[rows, n]")
	n := w.parameter("u32", "n", "")
	at, value, sum, i, done := w.fresh("%d"), w.fresh("%d"), w.fresh("%d"), w.fresh("%r"), w.fresh("%p")
	w.line("mov.b64 %s, 0d0000000000000000;", sum)
	w.remark("the row of this block, and the first value of this thread")
	w.line("mul.wide.u32 %s, %s, %s;", at, w.block, n)
	w.line("shl.b64 %s, %s, 3;", at, at)
	w.line("add.s64 %s, %s, %s;", from, from, at)
	w.line("mad.wide.u32 %s, %s, 8, %s;", at, w.thread, from)
	w.line("mov.u32 %s, %s;", i, w.thread)
	w.label("$next")
	w.line("setp.ge.u32 %s, %s, %s;", done, i, n)
	w.line("@%s bra $all;", done)
	w.line("ld.global.f64 %s, [%s];", value, at)
	w.line("add.rn.f64 %s, %s, %s;", sum, sum, value)
	w.line("add.s64 %s, %s, %d;", at, at, 8*totalsThreads)
	w.line("add.u32 %s, %s, %d;", i, i, totalsThreads)
	w.line("bra $next;")
	w.label("$all")
	w.total([]string{sum}, totalsThreads)
	result := w.fresh("%r")
	w.line("cvt.rn.f32.f64 %s, %s;", result, sum)
	w.line("mad.wide.u32 %s, %s, 4, %s;", at, w.block, to)
	w.line("st.global.f32 [%s], %s;", at, result)
	w.label("$end")
	w.line("ret;")
	return w.module("totals", []string{"the sum of each row of [rows, n], a block of threads for each"})
})

// sums writes what comes after the last step of a kernel with states that are summed.
// Threads without a neuron have zeros.
func (w *writer) sums() {
	var values []string
	for i, summed := range w.summed {
		if summed {
			value := w.fresh("%d")
			w.line("cvt.f64.f32 %s, %s;", value, w.kept[i])
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return
	}
	w.total(values, BlockSize)
	at, row := w.address("sums", "[summed, blocks]"), w.fresh("%d")
	w.line("mad.wide.u32 %s, %s, 8, %s;", at, w.block, at)
	w.line("mul.wide.u32 %s, %s, 8;", row, w.special("nctaid.x"))
	for _, value := range values {
		w.line("st.global.f64 [%s], %s;", at, value)
		w.line("add.s64 %s, %s, %s;", at, at, row)
	}
	w.label("$end")
}

// total adds up each of the values, float64, over the threads of a block: those of a
// warp, and then the warps. All threads must come here. The first has the sums then,
// in the same registers, and goes on; the others go to $end.
func (w *writer) total(values []string, threads int) {
	warps := threads / warpSize
	const bytes = 8
	w.line(".shared .f64 warps[%d];", warps*len(values))
	distance, more := w.fresh("%r"), w.fresh("%p")
	w.remark("the sums of a warp, in its first lane")
	w.line("mov.u32 %s, %d;", distance, warpSize/2)
	w.label("$halve")
	for _, value := range values {
		w.addLane(value, distance)
	}
	w.line("shr.u32 %s, %s, 1;", distance, distance)
	w.line("setp.ne.u32 %s, %s, 0;", more, distance)
	w.line("@%s bra $halve;", more)

	lane, first, place, warp, other := w.fresh("%r"), w.fresh("%p"), w.fresh("%r"), w.fresh("%r"), w.fresh("%p")
	w.remark("the sums of all warps, in the first thread")
	w.line("and.b32 %s, %s, %d;", lane, w.thread, warpSize-1)
	w.line("setp.eq.u32 %s, %s, 0;", first, lane)
	w.line("shr.u32 %s, %s, 5;", warp, w.thread)
	w.line("mov.u32 %s, warps;", place)
	w.line("mad.lo.u32 %s, %s, %d, %s;", place, warp, bytes, place)
	for i, value := range values {
		w.line("@%s st.shared.f64 [%s+%d], %s;", first, place, bytes*warps*i, value)
	}
	w.line("bar.sync 0;")
	w.line("setp.ne.u32 %s, %s, 0;", other, w.thread)
	w.line("@%s bra $end;", other)
	for i, value := range values {
		for k := 1; k < warps; k++ {
			next := w.fresh("%d")
			w.line("ld.shared.f64 %s, [warps+%d];", next, bytes*(warps*i+k))
			w.line("add.rn.f64 %s, %s, %s;", value, value, next)
		}
	}
}

// addLane adds to a value that of the lane which is so far behind in the warp. Lanes
// exchange 32 bits at a time.
func (w *writer) addLane(value, distance string) {
	low, high, other, upper := w.fresh("%r"), w.fresh("%r"), w.fresh("%d"), w.fresh("%d")
	w.line("cvt.u32.u64 %s, %s;", low, value)
	w.line("shr.u64 %s, %s, 32;", upper, value)
	w.line("cvt.u32.u64 %s, %s;", high, upper)
	for _, half := range []string{low, high} {
		w.line("shfl.sync.down.b32 %s, %s, %s, %d, 0xFFFFFFFF;", half, half, distance, warpSize-1)
	}
	w.line("cvt.u64.u32 %s, %s;", other, low)
	w.line("cvt.u64.u32 %s, %s;", upper, high)
	w.line("shl.b64 %s, %s, 32;", upper, upper)
	w.line("or.b64 %s, %s, %s;", other, other, upper)
	w.line("add.rn.f64 %s, %s, %s;", value, value, other)
}
