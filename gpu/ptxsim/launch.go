package ptxsim

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"spikebook/gpu/device"
)

// launch is a kernel that runs.
type launch struct {
	kernel      *kernel
	memory      *memory
	arguments   map[int]uint64 // by row
	grid, block [3]int
	threads     int // of a block
	shared      int // bytes
	races       bool
	steps       int64 // instructions that a block may take
	number      int64
	failed      atomic.Bool
}

// fault is what went wrong in a block.
type fault struct {
	block int
	text  string
}

func (b *block) fault(in *instruction, lane int32, problem string) *fault {
	line := strings.TrimSpace(b.kernel.module.lines[in.line-1])
	return &fault{b.number, fmt.Sprintf("line %d: %s: %s: %s", in.line, line, b.launch.thread(b.number, int(lane)), problem)}
}

// thread names a thread.
func (l *launch) thread(block, thread int) string {
	t, b := split(thread, l.block), split(block, l.grid)
	return fmt.Sprintf("thread (%d,%d,%d) of block (%d,%d,%d)", t[0], t[1], t[2], b[0], b[1], b[2])
}

// split returns the coordinates of a number; x goes first.
func split(number int, size [3]int) [3]int {
	return [3]int{number % size[0], number / size[0] % size[1], number / size[0] / size[1]}
}

// value is what a row has for a thread before a block begins.
func (l *launch) value(r row, number, thread int) uint64 {
	switch r.role {
	case constant:
		return r.value
	case argument:
		return l.arguments[number]
	case register:
		return 0
	case laneID:
		return uint64(thread % warpSize)
	case warpID:
		return uint64(thread / warpSize)
	}
	for _, axes := range []struct {
		first  role
		values [3]int
	}{{threadID, split(thread, l.block)}, {blockSize, l.block}, {gridSize, l.grid}} {
		if r.role >= axes.first && r.role < axes.first+3 {
			return uint64(axes.values[r.role-axes.first])
		}
	}
	return 0
}

// newLaunch checks what is to be launched.
func newLaunch(m *module, l device.Launch) (*launch, error) {
	k := m.kernel(l.Kernel)
	if k == nil {
		return nil, fmt.Errorf("there is no such kernel in the module, which has %s", m.names())
	}
	threads := l.Block[0] * l.Block[1] * l.Block[2]
	for axis, name := range []string{"x", "y", "z"} {
		grid, block := []int{1<<31 - 1, 65535, 65535}[axis], []int{threadLimit, threadLimit, 64}[axis]
		if n := l.Grid[axis]; n < 1 || n > grid {
			return nil, fmt.Errorf("a grid of %d blocks in %s, expected 1 to %d", n, name, grid)
		}
		if n := l.Block[axis]; n < 1 || n > block {
			return nil, fmt.Errorf("a block of %d threads in %s, expected 1 to %d", n, name, block)
		}
	}
	if threads > threadLimit {
		return nil, fmt.Errorf("%d threads in a block, expected %d at most", threads, threadLimit)
	}
	if limit := k.maximum[0] * k.maximum[1] * k.maximum[2]; limit > 0 && threads > limit {
		return nil, fmt.Errorf("%d threads in a block, expected %d at most, as its .maxntid says", threads, limit)
	}
	if k.required != [3]int{} && l.Block != k.required {
		return nil, fmt.Errorf("a block of %v threads, expected %v, as its .reqntid says", l.Block, k.required)
	}
	if blocks := float64(l.Grid[0]) * float64(l.Grid[1]) * float64(l.Grid[2]); blocks >= 1<<32-1 {
		return nil, fmt.Errorf("a grid of %.0f blocks, expected less than %d: the interpreter would take years", blocks, uint32(1<<32-1))
	}
	shared := k.shared
	if l.Shared > 0 {
		shared = dynamicOffset(shared) + l.Shared
	}
	if l.Shared < 0 || shared > sharedLimit {
		return nil, fmt.Errorf("%d bytes of shared memory beside the %d that it declares, expected %d at most together", l.Shared, k.shared, sharedLimit)
	}
	arguments, err := bind(k.parameters, l.Args)
	if err != nil {
		return nil, err
	}
	return &launch{kernel: k, arguments: arguments, grid: l.Grid, block: l.Block, threads: threads, shared: shared}, nil
}

// run runs all blocks, some at the same time, and returns the bytes that were read
// and written. Of several faults it returns that of the first block.
func (l *launch) run(workers int) (read, written int64, f *fault) {
	blocks := l.grid[0] * l.grid[1] * l.grid[2]
	var next atomic.Int64
	var mu sync.Mutex
	var group sync.WaitGroup
	for range min(workers, blocks) {
		group.Go(func() {
			b := newBlock(l)
			var mine *fault
			for number := int(next.Add(1)) - 1; number < blocks && mine == nil && !l.failed.Load(); number = int(next.Add(1)) - 1 {
				mine = b.run(number)
			}
			mu.Lock()
			defer mu.Unlock()
			read += b.traffic[load] + b.traffic[modify]
			written += b.traffic[store] + b.traffic[modify]
			if mine != nil && (f == nil || mine.block < f.block) {
				f = mine
			}
			if mine != nil {
				l.failed.Store(true)
			}
		})
	}
	group.Wait()
	return read, written, f
}
