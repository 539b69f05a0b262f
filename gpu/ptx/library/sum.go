package library

import "spikebook/gpu/device"

// Sum adds up the values along an axis. Sums are taken in float64, in the same order
// each time, and then rounded: for up to 128 values, or if there are more than 2^15
// results, in the order of package snn, which gives the same bits. Longer sums are
// taken in parts. They are the same, too, where float64 holds them exactly, as it
// does a number of spikes; else they differ by rounding in float64 alone.
//
// It needs scratch memory of [SumScratch] bytes; if that is 0, scratch may be, too.
func Sum(to, from, scratch device.Pointer, a Axis) ([]device.Launch, error) {
	return sum("Sum", to, from, scratch, a, 1)
}

// Mean is Sum divided by the number of values, before it is rounded to float32; NaN
// for no values.
func Mean(to, from, scratch device.Pointer, a Axis) ([]device.Launch, error) {
	return sum("Mean", to, from, scratch, a, float64(a.N))
}

// SumScratch returns how many bytes Sum and Mean need besides operand and result.
func SumScratch(a Axis) int64 {
	passes := a.passes()
	return a.scratch(passes[:len(passes)-1])
}

func sum(op string, to, from, scratch device.Pointer, a Axis, divisor float64) ([]device.Launch, error) {
	values, results, err := a.count(op)
	if err != nil || results == 0 {
		return nil, err
	}
	last := len(a.passes()) - 1
	addresses := []address{{"the result", to, 4}}
	if values > 0 {
		addresses = append(addresses, address{"the operand", from, 4})
	}
	if last > 0 {
		addresses = append(addresses, address{"the scratch memory", scratch, 8})
	}
	if err := aligned(op, addresses...); err != nil {
		return nil, err
	}
	return a.eachPass(from, scratch, func(pass, n int, partial, from device.Pointer, row, step uint32) device.Launch {
		in, out, d := "f64", "f64", 1.
		if pass == 0 {
			in = "f32"
		}
		if pass == last {
			out, d, partial = "f32", divisor, to
		}
		return perThread("sum", "sum_"+in+"_"+out, n, partial, from, row, step, d)
	}), nil
}

// sums returns the kernels for each type of operand and of result.
func sums() string {
	kernels := ""
	for _, in := range [][]string{
		{"$input", "f32", "$inbytes", "4", "$widen", "cvt.f64.f32"},
		{"$input", "f64", "$inbytes", "8", "$widen", "mov.f64"},
	} {
		for _, out := range [][]string{
			{"$output", "f32", "$outbytes", "4", "$narrow", "cvt.rn.f32.f64"},
			{"$output", "f64", "$outbytes", "8", "$narrow", "mov.f64"},
		} {
			kernels += each(file("sum", append(in[:len(in):len(in)], out...)...), "k", numbers(4)...)
		}
	}
	return kernels
}
