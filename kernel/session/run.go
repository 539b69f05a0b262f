package session

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Main is the main function of a cell's program: restore vars, run the cell, commit them, report.
// Where the store is comes from the kernel, so that the same cell is the same program in every notebook.
// Without a kernel $SPIKEBOOK_SESSION names the store, and nothing is kept when it is not set.
func Main(body func(), vars ...Var) {
	attach()
	if linkErr != nil {
		fail(linkErr.Error())
	}
	dir := os.Getenv("SPIKEBOOK_SESSION")
	if program != nil {
		dir = program.request.Dir
	}
	s, err := open(dir, vars...)
	if err != nil {
		fail(err.Error())
	}
	before := runtime.NumGoroutine()
	run(body)
	running := othersRunning(before)
	if running > 0 {
		s.say("goroutines that the cell started were still running at its end (%d); they stop here", running)
	}
	if err := s.commit(running > 0); err != nil {
		fail(err.Error())
	}
	report(s.m.gen, s.notes, shown)
}

// fail ends a program whose variables cannot be read or written.
func fail(message string) {
	if program != nil {
		program.failure(message, nil)
	} else {
		fmt.Fprintln(os.Stderr, message)
	}
	os.Exit(3)
}

func report(generation uint64, notes []string, result map[string]string) {
	if program != nil {
		program.done(generation, notes, result)
		return
	}
	for _, n := range notes {
		fmt.Fprintln(os.Stderr, "note:", n)
	}
	if result != nil {
		fmt.Println(result["text/plain"])
	}
}

// othersRunning gives goroutines that are about to end the time to do so.
func othersRunning(before int) (n int) {
	for range 100 {
		if n = runtime.NumGoroutine() - before; n <= 0 {
			return 0
		}
		runtime.Gosched()
	}
	for range 20 { // one that is in a system call needs more than a turn
		if time.Sleep(100 * time.Microsecond); runtime.NumGoroutine() <= before {
			return 0
		}
	}
	return n
}

// failed is what Check panics with.
type failed struct {
	err    error
	frames []string
}

func (f *failed) Error() string { return f.err.Error() }
func (f *failed) Unwrap() error { return f.err }

// failing is the panic of Check under way. Other panics are not recovered: Go's own report of them is better than ours.
var failing *failed

// run runs the cell. An error that the cell dropped ends the program here, after the deferred functions of the cell have run
// and none of them recovered it.
func run(body func()) {
	defer func() {
		if failing == nil {
			return
		}
		switch r := recover(); r {
		case nil: // recovered by the cell
		case any(failing):
			if program != nil {
				program.failure(failing.Error(), failing.frames)
			} else {
				fmt.Fprintln(os.Stderr, "error:", failing.Error())
				for _, f := range failing.frames {
					fmt.Fprintln(os.Stderr, "\t"+f)
				}
			}
			os.Exit(1)
		default:
			panic(r)
		}
	}()
	body()
}

// Check fails the cell when a call at its top level returned an error and the cell dropped it. The cell's deferred functions run,
// and may recover it.
func Check(err error) { check(err) }

// Check1 is Check for a call with one more result.
func Check1[A any](_ A, err error) { check(err) }

// Check2 is Check for a call with two more results.
func Check2[A, B any](_ A, _ B, err error) { check(err) }

// Check3 is Check for a call with three more results.
func Check3[A, B, C any](_ A, _ B, _ C, err error) { check(err) }

func check(err error) {
	if err == nil {
		return
	}
	failing = &failed{err, userFrames()}
	panic(failing)
}

// userFrames lists the calls that led here, innermost first, as "main.train cell-1a2b3c4d5e.go:7"; the frames of Go's run time
// and of this package say nothing to the user.
func userFrames() (list []string) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function == "" || strings.HasPrefix(f.Function, "runtime.") || strings.HasPrefix(f.Function, "spikebook/kernel/session.") {
			continue
		}
		list = append(list, fmt.Sprintf("%s %s:%d", f.Function, filepath.Base(f.File), f.Line))
	}
	return list
}

// Zero sets a variable to zero: what `var x T` means when its cell runs again.
func Zero[T any](p *T) {
	var z T
	*p = z
}
