// Package wire is what a cell's program and the kernel say to each other, byte
// for byte, and how the program reaches the kernel.
//
// Every cell links this package, so it imports little: no net, no encoding/json,
// no encoding/gob. It knows neither what a variable is (kernel/session) nor
// when a cell runs (kernel/program).
//
// A frame is one byte that says the kind, the length of the payload as a
// big-endian uint32, and the payload: varints, and strings preceded by their
// length.
package wire

// Variable is the environment variable that holds the path of the unix socket
// at which the kernel takes the programs of cells.
const Variable = "SPIKEBOOK_PROGRAM"

// Version is the version of the protocol. A program and a kernel of different
// versions do not work together.
const Version = 2

// A Message is one of the types of this package that are sent as a frame.
type Message interface {
	kind() byte
	// payload appends the payload to b.
	payload(b []byte) []byte
}

// Hello is the first frame of a program.
type Hello struct {
	Version uint64
	PID     int
}

// Request is the kernel's answer to [Hello]: what the program needs to run. The
// writing ends of the pipes for standard output and standard error come along
// with it as descriptors, unless KeepStdio is set.
type Request struct {
	Dir        string // where the values of variables are kept; empty for nowhere
	Literals   []byte // the literals of the cell, as package cell encodes them
	AllowInput bool   // the front end can be asked for input
	KeepStdio  bool   // the program keeps the descriptors 0, 1 and 2 that it was started with
}

// Refusal is the kernel's answer to a [Hello] that nobody waits for.
type Refusal struct{ Reason string }

// Input asks for a line that the user types. The answer is a [Line].
type Input struct {
	Prompt   string
	Password bool
}

// Line is what the user typed, without an end of line.
type Line struct {
	Text string
	EOF  bool // there is no line, and there will be none
}

// Sync asks the kernel to take what was put out so far, that of standard output
// before that of standard error. The answer, when it has it, is a Sync.
type Sync struct{}

// Failure says that the cell failed, for another reason than a panic.
type Failure struct {
	Message string
	Frames  []string // the calls that led there, innermost first
}

// Done says that the cell came to its end and what it leaves.
type Done struct {
	Generation uint64            // of the stored variables
	Notes      []string          // what the user should know
	Result     map[string]string // the value of the last expression, by MIME type
}

func (Hello) kind() byte   { return 'H' }
func (Request) kind() byte { return 'R' }
func (Refusal) kind() byte { return 'X' }
func (Input) kind() byte   { return 'I' }
func (Line) kind() byte    { return 'L' }
func (Sync) kind() byte    { return 'S' }
func (Failure) kind() byte { return 'E' }
func (Done) kind() byte    { return 'D' }
