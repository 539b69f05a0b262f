package library

import "spikebook/gpu/device"

// Axis is a dimension of a tensor: it has N values, for each of Outer indices of the
// dimensions before it together and Inner indices of those behind it. Reduced along
// it, the tensor is [Outer, Inner]. For a result over all values, Outer and Inner
// are 1; for one over dimensions that are apart, bring them together with [Strided].
type Axis struct{ Outer, N, Inner int }

// count returns the numbers of values and of results.
func (a Axis) count(op string) (values, results int, err error) {
	if values, err = volume(op, a.Outer, a.N, a.Inner); err != nil {
		return 0, 0, err
	}
	results, err = volume(op, a.Outer, a.Inner)
	return values, results, err
}

// passes returns into how many parts the rows are reduced by each pass, the last
// time into one. Each thread has one part, and one pass is enough where threads are
// many or rows are short.
func (a Axis) passes() []int {
	const (
		run     = 128     // values of a part: less is not worth another launch
		threads = 1 << 16 // enough to keep a GPU busy
	)
	most := max(1, threads/max(1, a.Outer*a.Inner))
	var list []int
	for parts := a.N; ; {
		parts = max(1, min((parts+run-1)/run, most))
		list = append(list, parts)
		if parts == 1 {
			return list
		}
	}
}

// scratch returns how many bytes the passes need for what each leaves to the next.
func (a Axis) scratch(passes []int) int64 {
	bytes := int64(0)
	for _, parts := range passes {
		bytes += 8 * int64(a.Outer) * int64(a.Inner) * int64(parts)
	}
	return bytes
}

// eachPass returns one launch for each pass. From the second on, operands are what
// the pass before has left in the scratch memory, 8 bytes each.
func (a Axis) eachPass(from, scratch device.Pointer, launch func(pass, n int, to, from device.Pointer, row, step uint32) device.Launch) []device.Launch {
	var launches []device.Launch
	row := a.N * a.Inner
	for k, parts := range a.passes() {
		step := parts * a.Inner
		launches = append(launches, launch(k, a.Outer*step, scratch, from, uint32(row), uint32(step)))
		from, row = scratch, step
		scratch += device.Pointer(8 * a.Outer * step)
	}
	return launches
}
