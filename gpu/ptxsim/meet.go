package ptxsim

import "fmt"

// meet lets threads go on that wait for each other, and says whether there are any.
func (b *block) meet() (more bool, f *fault) {
	for i := 0; i < len(b.pc); i += warpSize {
		warp := b.all[i:min(i+warpSize, len(b.pc))]
		for _, lane := range warp {
			in := &b.kernel.code[b.pc[lane]]
			if b.state[lane] != waits || in.action != doShuffle {
				continue
			}
			done, f := b.exchange(in, b.pc[lane], warp)
			if f != nil {
				return false, f
			}
			more = more || done
		}
	}
	if more {
		return true, nil
	}
	return b.pass()
}

// pass lets all threads pass a barrier. If some cannot go on that is an error.
func (b *block) pass() (more bool, f *fault) {
	first := -1
	for i, s := range b.state {
		if s == waits {
			first = i
			break
		}
	}
	if first < 0 {
		return false, nil
	}
	pc := b.pc[first]
	in, others := &b.kernel.code[pc], b.all
	if in.action == doShuffle {
		warp := first / warpSize * warpSize
		others = others[warp:min(warp+warpSize, len(others))]
	}
	for _, i := range others {
		other := b.launch.thread(b.number, int(i))
		switch {
		case b.state[i] == ended:
			return false, b.fault(in, int32(first), fmt.Sprintf("it waits for %s, which has ended at line %d; expected all threads at the same instruction",
				other, b.kernel.code[b.pc[i]].line))
		case b.pc[i] != pc:
			return false, b.fault(in, int32(first), fmt.Sprintf("it waits for %s, which waits at line %d; expected all threads at the same instruction",
				other, b.kernel.code[b.pc[i]].line))
		}
	}
	b.place(b.all, pc+1, runs)
	b.barriers++
	return true, nil
}
