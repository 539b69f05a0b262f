package headless

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"spikebook/kernel/notebook"
)

// Tags of cells that are executed in another way, as nbclient has them.
const (
	tagSkip   = "skip-execution"
	tagRaises = "raises-exception" // an error of the cell is expected
)

// Options say how to run a notebook. The zero value runs it without limits and
// stops at the first error.
type Options struct {
	// Timeout is how long one cell may run; 0 is without limit.
	Timeout time.Duration

	// AllowErrors goes on after a cell that fails.
	AllowErrors bool

	// Begin and End, if not nil, are called around the execution of each cell.
	// number counts from 1 to total, the number of cells that are executed; err
	// is nil or what will be in the [CellError].
	Begin func(number, total int, cell *notebook.Cell)
	End   func(number, total int, cell *notebook.Cell, err error)
}

// Executor executes one cell; it is a [Kernel], but for tests.
type Executor interface {
	Execute(ctx context.Context, code string, stopOnError bool, publish func(msgType string, content json.RawMessage)) (Reply, error)
}

// CellError says which cell failed, and how.
type CellError struct {
	Number, Total int
	Cell          *notebook.Cell
	Err           error
}

func (e *CellError) Error() string {
	return fmt.Sprintf("cell %d of %d: %v", e.Number, e.Total, e.Err)
}

// Unwrap returns Err.
func (e *CellError) Unwrap() error { return e.Err }

// Failure is the error of a cell that the kernel ran and that failed.
type Failure struct{ EName, EValue string }

func (f *Failure) Error() string {
	if f.EValue == "" {
		return f.EName
	}
	return f.EName + ": " + f.EValue
}

// ErrAborted is the failure of a cell that the kernel did not run.
var ErrAborted = errors.New("the kernel did not run the cell")

// TimeoutError says that a cell was interrupted because it took too long.
type TimeoutError struct{ Limit time.Duration }

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("interrupted: it took longer than %v", e.Limit)
}

// Executed returns the cells that a run executes: code cells that are not empty
// and not tagged skip-execution.
func Executed(nb *notebook.Notebook) []*notebook.Cell {
	var cells []*notebook.Cell
	for _, c := range nb.Cells {
		if c.Type == notebook.Code && strings.TrimSpace(c.Source) != "" && !c.Tagged(tagSkip) {
			cells = append(cells, c)
		}
	}
	return cells
}

// Run executes the cells of nb and replaces their outputs. Outputs of an
// earlier run are removed first, so that after a failure the notebook shows
// this run only. The error is a [*CellError]: of the first cell that fails, or,
// with AllowErrors, of one that could not be executed to its end. When ctx ends,
// the current cell is interrupted.
func Run(ctx context.Context, k Executor, nb *notebook.Notebook, options Options) error {
	cells := Executed(nb)
	for _, c := range cells {
		c.Outputs, c.ExecutionCount = nil, 0
	}
	collector := notebook.NewCollector()
	for i, cell := range cells {
		if options.Begin != nil {
			options.Begin(i+1, len(cells), cell)
		}
		failed, err := runCell(ctx, k, collector, cell, options)
		if options.End != nil {
			options.End(i+1, len(cells), cell, errors.Join(failed, err))
		}
		var own *Failure
		expected := cell.Tagged(tagRaises) && errors.As(failed, &own)
		if err == nil && !expected && !options.AllowErrors {
			err = failed
		}
		if err != nil {
			return &CellError{i + 1, len(cells), cell, err}
		}
	}
	return nil
}

// runCell executes one cell. failed is an error of the cell's own, after which
// the kernel can go on; err says that it cannot.
func runCell(ctx context.Context, k Executor, collector *notebook.Collector, cell *notebook.Cell, options Options) (failed, err error) {
	if options.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, options.Timeout, &TimeoutError{options.Timeout})
		defer cancel()
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	collector.Begin(cell)
	var malformed error
	stopOnError := !options.AllowErrors && !cell.Tagged(tagRaises)
	reply, err := k.Execute(ctx, cell.Source, stopOnError, func(msgType string, content json.RawMessage) {
		malformed = errors.Join(malformed, collector.Message(msgType, content))
	})
	collector.End()
	if reply.ExecutionCount > 0 {
		cell.ExecutionCount = reply.ExecutionCount
	}
	var timeout *TimeoutError
	if reply.Status != "" && errors.As(err, &timeout) {
		return timeout, malformed // the kernel has obeyed and can go on
	}
	if err = errors.Join(err, malformed); err != nil {
		return nil, err
	}
	switch reply.Status {
	case "ok":
		return nil, nil
	case "error":
		return &Failure{reply.EName, reply.EValue}, nil
	}
	return ErrAborted, nil
}
