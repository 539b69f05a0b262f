// Package assist answers what a front end asks about a half-typed cell: how a
// word may go on, and what the thing under the cursor is. It works from the
// types that go/types finds, so it answers from the first second on and while
// a cell runs. It does not know how a cell is compiled, where values are
// stored, or the messages that carry its answers.
package assist

import "spikebook/kernel/cell"

// Env is where questions are answered.
type Env struct {
	View      func(src string) *cell.View // type-checks a cell, whatever is in it; Memory.View does
	Variables map[string]Variable         // what is known of the values of session variables; may be nil
	Dir       string                      // folder of file names in magics, "" for the current one
}

// Variable describes the value of a session variable.
type Variable struct {
	Size    int64 // bytes
	Preview string
}
