package snn

import "fmt"

// Misuse is what the functions of this package, and of those below it, panic
// with when they are used wrongly: with shapes that do not fit, an option out
// of range, a formula that is none. It is a mistake of the program, so it is
// not returned as an error; the kernel shows it as one line at the line of the
// cell, and [Maybe] turns it into an error.
type Misuse interface {
	error
	Misuse()
}

// ShapeError is the [Misuse] of shapes that do not fit.
type ShapeError struct {
	Op   string // what was asked for, such as "Add" or "IF.Forward"
	Text string // what was wrong, what was expected, what to do
}

func (e *ShapeError) Error() string { return e.Op + ": " + e.Text }

// Misuse marks the type as a [Misuse].
func (*ShapeError) Misuse() {}

// Shapef returns a ShapeError.
func Shapef(op, format string, args ...any) *ShapeError {
	return &ShapeError{op, fmt.Sprintf(format, args...)}
}

// refuseNil panics with a *ShapeError if an operand is nil.
func refuseNil(op string, operands ...*Tensor) {
	for _, t := range operands {
		if t == nil {
			panic(Shapef(op, "an operand is nil; expected a tensor"))
		}
	}
}

// Maybe calls f and returns the [Misuse] that it panics with, or nil. Any other
// panic goes on: it is a bug somewhere else.
func Maybe(f func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case Misuse:
			err = p
		default:
			panic(p)
		}
	}()
	f()
	return nil
}

// StepModeError is the [Misuse] of a module that has no single-step mode where
// one is needed.
type StepModeError struct{ Err error }

func (e *StepModeError) Error() string {
	return "MultiStepForward: a module cannot be given single steps: " + e.Err.Error()
}

// Unwrap returns the error of the module.
func (e *StepModeError) Unwrap() error { return e.Err }

// Misuse marks the type as a [Misuse].
func (*StepModeError) Misuse() {}

// GradError is the [Misuse] of gradients.
type GradError struct {
	Op   string // what was asked for, such as "Backward"
	Text string // what was wrong, what was expected, what to do
}

func (e *GradError) Error() string { return e.Op + ": " + e.Text }

// Misuse marks the type as a [Misuse].
func (*GradError) Misuse() {}

func gradf(op, format string, args ...any) *GradError {
	return &GradError{op, fmt.Sprintf(format, args...)}
}
