package ptxsim

import "fmt"

// warpSize is how many threads exchange values.
const warpSize = 32

// shuffle returns the lane that one reads from, and whether that is within the
// part of the warp which a clamp (c of PTX) is for.
type shuffle func(lane, distance, clamp int) (from int, within bool)

var shuffles = map[string]shuffle{
	"up": func(lane, distance, clamp int) (int, bool) {
		_, last := part(lane, clamp)
		return lane - distance, lane-distance >= last
	},
	"down": func(lane, distance, clamp int) (int, bool) {
		_, last := part(lane, clamp)
		return lane + distance, lane+distance <= last
	},
	"bfly": func(lane, distance, clamp int) (int, bool) {
		_, last := part(lane, clamp)
		return lane ^ distance, lane^distance <= last
	},
	"idx": func(lane, number, clamp int) (int, bool) {
		first, last := part(lane, clamp)
		from := first | number&^(clamp>>8)
		return from, from <= last
	},
}

// part returns the first lane of the part of the warp that a lane is in, and the
// last one that may be read from; for up it is the first one.
func part(lane, clamp int) (first, last int) {
	segment := clamp >> 8 & 31
	first = lane & segment
	return first, first | clamp&31&^segment
}

// exchange shuffles between those threads of a warp that wait at an instruction, if
// all wait for which they are masked, and says whether that was so.
func (b *block) exchange(in *instruction, pc int32, warp []int32) (done bool, f *fault) {
	var waiting uint32
	var at []int32
	for _, i := range warp {
		if b.state[i] == waits && b.pc[i] == pc {
			waiting |= 1 << (i % warpSize)
			at = append(at, i)
		}
	}
	exist := uint32(1<<len(warp) - 1)
	values := make([]uint64, len(at))
	for k, i := range at {
		mask := uint32(b.rows[in.sources[3]][i])
		if mask>>(i%warpSize)&1 == 0 {
			return false, b.fault(in, i, fmt.Sprintf("the mask %#x does not have this thread, lane %d", mask, i%warpSize))
		}
		if mask&exist&^waiting != 0 {
			return false, nil
		}
		lane := int(i % warpSize)
		from, within := in.shuffle(lane, int(b.rows[in.sources[1]][i]&31), int(b.rows[in.sources[2]][i]))
		if !within {
			from = lane
		}
		if (mask&exist)>>from&1 == 0 {
			return false, b.fault(in, i, fmt.Sprintf("it reads from lane %d, which the mask %#x does not have or the block has no thread for", from, mask))
		}
		values[k] = b.rows[in.sources[0]][int(i)-lane+from]
		if in.second != none {
			b.rows[in.second][i] = truth(within)
		}
	}
	for k, i := range at {
		b.rows[in.result][i] = values[k]
		b.state[i], b.pc[i] = runs, pc+1
	}
	b.define(in, at)
	return true, nil
}
