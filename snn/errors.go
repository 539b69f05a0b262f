package snn

import "fmt"

// ShapeError is the value that functions of this package and of those below it
// panic with when shapes do not fit. The kernel shows it as one line at the
// line of the cell; [Maybe] turns it into an error.
type ShapeError struct {
	Op   string // what was asked for, such as "Add" or "IF.Forward"
	Text string // what was wrong, what was expected, what to do
}

func (e *ShapeError) Error() string { return e.Op + ": " + e.Text }

// Shapef returns a ShapeError.
func Shapef(op, format string, args ...any) *ShapeError {
	return &ShapeError{op, fmt.Sprintf(format, args...)}
}

// Maybe calls f and returns the ShapeError that it panics with, or nil. Any
// other panic goes on.
func Maybe(f func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *ShapeError:
			err = p
		default:
			panic(p)
		}
	}()
	f()
	return nil
}
