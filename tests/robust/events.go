package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// kind is a kind of events.
type kind struct {
	name   string
	weight int
	small  bool // needs a small disk
	do     func(*life, context.Context) error
}

// events are all kinds. A question mark says that the values may be those before
// the cell or those after it.
var events = []kind{
	{"cell", 24, false, (*life).ordinary},
	{"interrupt", 8, false, (*life).interruptRunning},
	{"interrupt?", 18, false, (*life).interruptAny},
	{"kill cell", 8, false, (*life).killRunning},
	{"kill cell?", 14, false, (*life).killAny},
	{"kill self?", 12, false, (*life).killAtCommit},
	{"kill tool", 4, false, (*life).killTool},
	{"ends itself", 12, false, (*life).endItself},
	{"no Go", 4, false, (*life).miscompile},
	{"kill GoNB", 6, false, (*life).killGoNB},
	{"damage", 14, false, (*life).damage},
	{"disk full", 10, true, (*life).diskFull},
	{"save", 3, false, (*life).saveAndRestore},
}

// ordinary is a cell to which nothing happens.
func (l *life) ordinary(ctx context.Context) error {
	c := l.change()
	if l.chance(10) {
		c.code = l.fresh(c.code)
	}
	a, err := l.k.execute(ctx, c.code, disturbance{})
	l.say("%s: %v", brief(c.code), a)
	if err != nil || !a.ok() {
		return fmt.Errorf("an ordinary cell fails: %v\n%s", err, a.failed)
	}
	return l.settle(ctx, c.after, kept)
}

// interruptRunning interrupts a cell that does not end.
func (l *life) interruptRunning(ctx context.Context) error {
	c := l.change()
	code, after, bySignal := l.slow(c), l.between(0, 100*time.Millisecond), l.chance(50)
	var at time.Time
	a, err := l.k.execute(ctx, code, disturbance{false, func(over context.Context, interrupt func()) {
		pause(over, after)
		at = time.Now()
		if bySignal {
			interrupt = l.k.signal
		}
		interrupt()
	}})
	took := time.Since(at)
	l.say("%s: after %v, in %v: %v", brief(code), after, took, a)
	if err != nil || !a.interrupted() {
		return fmt.Errorf("an interrupted cell: %v, %v\n%s", a, err, a.failed)
	}
	l.tally.stopping = append(l.tally.stopping, took)
	return l.settle(ctx, c.after, lost)
}

// interruptAny interrupts at any moment, also while the cell is analysed,
// compiled or committed, once or more often.
func (l *life) interruptAny(ctx context.Context) error {
	c := l.change()
	within := 60 * time.Millisecond
	if l.chance(50) {
		c.code, within = l.fresh(c.code), 800*time.Millisecond
	}
	after, again, bySignal := l.between(0, within), l.between(0, within), l.chance(50)
	a, err := l.k.execute(ctx, c.code, disturbance{true, func(over context.Context, interrupt func()) {
		pause(over, after)
		if over.Err() != nil {
			return
		}
		if !bySignal {
			interrupt()
			return
		}
		l.k.signal()
		if pause(over, again); over.Err() == nil {
			l.k.signal()
		}
	}})
	l.say("%s: after %v and %v: %v", brief(c.code), after, again, a)
	switch {
	case err == nil && a.ok():
		return l.settle(ctx, c.after, kept)
	case err == nil && a.interrupted():
		return l.settle(ctx, c.after, either)
	}
	return fmt.Errorf("a cell that may be interrupted: %v, %v\n%s", a, err, a.failed)
}

// died checks what a cell says of which the program was killed.
func died(a answer) error {
	if a.status == "error" && strings.Contains(a.failed, "killed") {
		return nil
	}
	return fmt.Errorf("a cell that was killed says: %v\n%s", a, a.failed)
}

// killRunning kills the program of a cell that does not end.
func (l *life) killRunning(ctx context.Context) error {
	c := l.change()
	code, after := l.slow(c), l.between(0, 50*time.Millisecond)
	a, err := l.k.execute(ctx, code, disturbance{false, func(over context.Context, _ func()) {
		pause(over, after)
		if p, ok := l.k.victim(over, process.isCell); ok {
			p.kill()
		}
	}})
	l.say("%s: after %v: %v", brief(code), after, a)
	if err = errors.Join(err, died(a)); err != nil {
		return err
	}
	return l.settle(ctx, c.after, lost)
}

// killAny kills the program of a cell as soon as it is there, or later.
func (l *life) killAny(ctx context.Context) error {
	c := l.change()
	c.code = "time.Sleep(20 * time.Millisecond)\n" + c.code // else it is over before it is found
	after := l.between(0, 30*time.Millisecond)
	a, err := l.k.execute(ctx, c.code, disturbance{true, func(over context.Context, _ func()) {
		if p, ok := l.k.victim(over, process.isCell); ok {
			pause(over, after)
			p.kill()
		}
	}})
	l.say("%s: after %v: %v", brief(c.code), after, a)
	if err != nil {
		return err
	}
	if a.ok() {
		return l.settle(ctx, c.after, kept)
	}
	if err := died(a); err != nil {
		return err
	}
	return l.settle(ctx, c.after, either)
}

// killAtCommit has a cell kill itself while it commits.
func (l *life) killAtCommit(ctx context.Context) error {
	c := l.change()
	after := l.between(0, 2*time.Millisecond).Microseconds()
	if l.chance(50) {
		after /= 8 // a small commit is as fast
	}
	c.code += fmt.Sprintf("\ngo func() {\n\tfor began := time.Now(); time.Since(began) < %d*time.Microsecond; {\n\t}\n\tsyscall.Kill(os.Getpid(), syscall.SIGKILL)\n}()", after)
	a, err := l.k.execute(ctx, c.code, disturbance{})
	l.say("%s: %v", brief(c.code), a)
	if err != nil {
		return err
	}
	if a.ok() {
		return l.settle(ctx, c.after, kept)
	}
	if err := died(a); err != nil {
		return err
	}
	return l.settle(ctx, c.after, either)
}

// killTool kills a compiler or linker.
func (l *life) killTool(ctx context.Context) error {
	c := l.change()
	c.code = l.fresh(c.code)
	after, killed := l.between(0, 100*time.Millisecond), ""
	a, err := l.k.execute(ctx, c.code, disturbance{true, func(over context.Context, _ func()) {
		pause(over, after)
		if p, ok := l.k.victim(over, process.isTool); ok && p.kill() {
			killed = p.name
		}
	}})
	l.say("%s: %s: %v", brief(c.code), killed, a)
	switch {
	case err != nil:
		return err
	case a.ok():
		return l.settle(ctx, c.after, kept)
	case killed == "":
		return fmt.Errorf("no tool was killed, but the cell fails: %s", a.failed)
	case strings.Contains(a.failed, "CompileError"):
		return fmt.Errorf("a %s that was killed is said to be the user's mistake: %s", killed, a.failed)
	}
	return l.settle(ctx, c.after, lost)
}

// endItself is a cell that does not come to its end.
func (l *life) endItself(ctx context.Context) error {
	ends := []struct {
		code, failed string // "" for a cell that does not fail
	}{
		{"panic(\"boom\")", "panic: boom"},
		{"var nothing map[string]int\nnothing[\"a\"] = 1", "assignment to entry in nil map"},
		{"go panic(\"aside\")\nselect {}", "panic: aside"},
		{"os.Exit(0)", ""},
		{"os.Exit(3)", "exit status 3"},
		{"log.Fatal(\"fatal\")", "exit status 1"},
		{"runtime.Goexit()", "deadlock"},
		{"errors.New(\"dropped\")\nfmt.Print()", "Error: dropped"},
		{"os.Remove(\"/nonexistent\")", "no such file"},
		{"defer func() { panic(\"late\") }()", "panic: late"},
		{"var deep func(int) int\ndeep = func(n int) int { return deep(n+1) + 1 }\ndeep(0)", "stack"},
	}
	end := ends[l.random.IntN(len(ends))]
	c := l.change()
	c.code += "\n" + end.code
	a, err := l.k.execute(ctx, c.code, disturbance{})
	l.say("%s: %v", brief(c.code), a)
	if err != nil || a.ok() != (end.failed == "") || !strings.Contains(a.failed, end.failed) {
		return fmt.Errorf("the cell says %v, %v, want %q:\n%s", a, err, end.failed, a.failed)
	}
	return l.settle(ctx, c.after, lost)
}

// miscompile is a cell with mistakes.
func (l *life) miscompile(ctx context.Context) error {
	mistakes := []string{"nosuch()", "var n int = \"text\"", "first = (", "func {", "list.Sort()", "shape := 7, 8", "import \"no/such/package\"\npackage.F()"}
	c := l.change()
	c.code += "\n" + mistakes[l.random.IntN(len(mistakes))]
	a, err := l.k.execute(ctx, c.code, disturbance{})
	l.say("%s: %v", brief(c.code), a)
	if err != nil || a.status != "error" || !strings.Contains(a.failed, "Error") {
		return fmt.Errorf("a cell with a mistake: %v, %v\n%s", a, err, a.failed)
	}
	return l.settle(ctx, c.after, lost)
}

// killGoNB kills GoNB or its supervisor, while a cell runs or while none does.
func (l *life) killGoNB(ctx context.Context) error {
	name := []string{"gonb", "gonb", "spikebook"}[l.random.IntN(3)]
	wanted := func(p process) bool { return p.name == name }
	c := l.change()
	idle, after := l.chance(50), l.between(0, 60*time.Millisecond)
	kill := func(over context.Context, _ func()) {
		pause(over, after)
		if p, ok := l.k.victim(over, wanted); ok {
			p.kill()
		}
	}
	d := disturbance{true, kill}
	if idle {
		over, end := context.WithTimeout(ctx, time.Second)
		kill(over, nil)
		end()
		d = disturbance{}
	}
	a, err := l.k.execute(ctx, c.code, d)
	l.say("%s, idle %t, after %v: %s: %v", name, idle, after, brief(c.code), a)
	if err != nil {
		return err
	}
	// It may have died so late that the next cell has to suffer.
	if _, err := l.k.execute(ctx, "fmt.Print()", disturbance{}); err != nil {
		return err
	}
	switch {
	case a.ok():
		return l.settle(ctx, c.after, kept)
	case !strings.Contains(a.failed, "GoNB") && !strings.Contains(a.failed, "killed"):
		return fmt.Errorf("%s was killed, and the cell says: %s", name, a.failed)
	}
	return l.settle(ctx, c.after, either)
}

// saveAndRestore goes back to values that were saved.
func (l *life) saveAndRestore(ctx context.Context) error {
	for i, code := range []string{"%session save robust.session", l.change().code, "%session restore robust.session"} {
		a, err := l.k.execute(ctx, code, disturbance{})
		l.say("%s: %v", brief(code), a)
		if err != nil || !a.ok() {
			return fmt.Errorf("step %d: %v\n%s", i+1, err, a.failed)
		}
	}
	return l.settle(ctx, l.now, lost)
}
