//go:build !(linux && amd64)

package native

import "spikebook/snn/vector"

// Loop is a loop of machine code.
type Loop struct{}

// Compile returns nil: there is no machine code for this system.
func Compile(code []vector.Instruction, use []Use) *Loop { return nil }

// Rows returns the rows that Run wants.
func (l *Loop) Rows() []int { return nil }

// Frame is what Run needs.
type Frame struct{}

// Row sets a row.
func (f *Frame) Row(i int, values []float32) {}

// Ahead sets where the rows of the next step are.
func (f *Frame) Ahead(n int) {}

// Done is called after the last loop.
func (f *Frame) Done() {}

// Run runs the loop.
func (l *Loop) Run(f *Frame, n int) {}
