package ptxsim

import "strings"

// module is a text that was parsed.
type module struct {
	kernels []*kernel
	lines   []string // of the text
}

func (m *module) kernel(name string) *kernel {
	for _, k := range m.kernels {
		if k.name == name {
			return k
		}
	}
	return nil
}

// names are those of the kernels.
func (m *module) names() string {
	var names []string
	for _, k := range m.kernels {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

// kernel is an entry of a module, in a form that runs fast: what an instruction
// reads or writes are rows of a table, which have a value for each thread of a
// block.
type kernel struct {
	module     *module
	name       string
	parameters []parameter
	rows       []row
	code       []instruction
	shared     int    // bytes that are declared
	maximum    [3]int // threads of a block by .maxntid, or 0
	required   [3]int // by .reqntid
}

type parameter struct {
	name string
	kind kind
	row  int
}

// row is what a row of the table is for.
type row struct {
	role  role
	name  string // of a register
	kind  kind
	value uint64 // of a constant
}

type role int

const (
	constant role = iota
	register
	argument
	threadID       // the three of the axes x, y and z
	blockID        = threadID + 3
	blockSize      = blockID + 3
	gridSize       = blockSize + 3
	laneID         = gridSize + 3
	warpID         = laneID + 1
	noSpecial role = -1
)

// special returns the role of a special register.
func special(name string) role {
	switch name {
	case "%laneid":
		return laneID
	case "%warpid":
		return warpID
	}
	base, axis, found := strings.Cut(name, ".")
	first, known := map[string]role{"%tid": threadID, "%ctaid": blockID, "%ntid": blockSize, "%nctaid": gridSize}[base]
	number := strings.Index("xyz", axis)
	if !found || !known || len(axis) != 1 || number < 0 {
		return noSpecial
	}
	return first + role(number)
}

// instruction is one of a kernel. What it needs depends on its action.
type instruction struct {
	action action
	line   int
	guard  int  // the row that says which threads it is for, or none
	negate bool // for those for which it is false

	compute function
	loop    loop   // the same for all threads, or nil
	result  int    // a row, or none
	second  int    // the predicate of a shuffle, or none
	sources [4]int // rows; 0, a constant, where there is none
	reads   []int  // rows of registers, but for the guard
	writes  []int

	target  int // of a branch
	access  *access
	shuffle shuffle
}

// none is no row.
const none = -1

type action int

const (
	doCompute action = iota
	doAccess
	doShuffle
	doBranch
	doExit
	doBarrier
	doNothing
)

// function is what an instruction computes of one thread. Values have no bits set
// beyond their size.
type function func(a, b, c uint64) uint64
