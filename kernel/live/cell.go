package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"spikebook/kernel/bridge"
	"spikebook/kernel/build"
	"spikebook/kernel/cell"
	"spikebook/kernel/program"
	"spikebook/kernel/session"
	"spikebook/kernel/session/wire"
)

// prepared is a cell that was compiled.
type prepared struct {
	n       *Notebook
	p       *cell.Program
	source  string
	binary  string // "" when there is nothing to run
	before  uint64 // generation of the values
	began   time.Time
	checked time.Duration
	built   time.Duration
	timed   bool
}

// Prepare compiles a cell. Of what has taken long, such as the download of a
// package, nothing is waited for when ctx ends.
func (n *Notebook) Prepare(ctx context.Context, source string) (bridge.Cell, error) {
	if err := n.wait(ctx); err != nil {
		return nil, err
	}
	if err := n.waitGPU(ctx); err != nil {
		return nil, err
	}
	type result struct {
		c   *prepared
		err error
	}
	done := make(chan result, 1)
	go func() {
		c, err := n.prepare(ctx, source)
		done <- result{c, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, r.err
		}
		return r.c, nil
	case <-ctx.Done():
		n.index.Interrupt()
		return nil, ctx.Err()
	}
}

func (n *Notebook) prepare(ctx context.Context, source string) (*prepared, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := &prepared{n: n, source: source, began: time.Now(), timed: n.timed}
	n.timed = false
	if err := n.index.Refresh(ctx); err != nil {
		return nil, err
	}
	info, err := n.inspect()
	if err != nil {
		return nil, err
	}
	c.before = info.Generation
	if c.p, err = n.memory.Compile(source, info); err != nil {
		return nil, err
	}
	c.checked = time.Since(c.began)
	if c.p.Files == nil {
		return c, nil
	}
	kind := build.Program
	if c.p.Kind == cell.Test {
		kind = build.Test
	}
	c.binary, err = n.build.Build(ctx, c.p.Files, kind)
	c.built = time.Since(c.began) - c.checked
	if mistakes, ok := errors.AsType[*build.CompileError](err); ok {
		return nil, translate(mistakes)
	}
	return c, err
}

// inspect lists the stored variables. A folder in which nothing was ever stored
// looks like one that has lost its manifest; what the cells have declared tells.
// The caller holds n.mu.
func (n *Notebook) inspect() (*session.Info, error) {
	info, err := session.Inspect(n.config.Store)
	if err == nil && info.Generation == 0 && len(n.memory.Variables()) > 0 {
		err = &session.Damaged{File: "manifest", What: "it is gone"}
	}
	return info, err
}

// translate turns what only the compiler finds into errors of cells.
func translate(e *build.CompileError) error {
	var errs cell.Errors
	for _, p := range e.Problems {
		hash, ok := strings.CutPrefix(strings.TrimSuffix(p.File, ".go"), "cell-")
		if !ok {
			hash = ""
		}
		errs = append(errs, &cell.Error{Cell: hash, Line: p.Line, Col: p.Col, Msg: p.Msg})
	}
	return errs
}

// Notes are sentences for the user.
func (c *prepared) Notes() []string { return c.p.Notes }

// Code is what GoNB is given: the magic lines that say how the program is run,
// and a main function of which only the name matters, since the program exists.
func (c *prepared) Code() string {
	if c.binary == "" {
		return ""
	}
	var code string
	for _, line := range c.p.Run {
		// GoNB would open a main function of its own.
		for _, opens := range []string{"%%", "%main"} {
			if args, ok := strings.CutPrefix(line, opens); ok {
				line = "%args" + args
			}
		}
		code += line + "\n"
	}
	if c.p.Kind == cell.Test {
		return code + c.p.TestStubs()
	}
	return code + "func main() {}\n"
}

// Start makes GoNB's next program this one.
func (c *prepared) Start(events program.Events, allowInput bool) (bridge.Program, error) {
	if err := build.Arm(c.n.runDir(), c.binary); err != nil {
		return nil, err
	}
	return c.n.host.Expect(wire.Request{
		Dir: c.n.config.Store, Literals: c.p.Literals, AllowInput: allowInput, KeepStdio: c.captured(),
	}, events), nil
}

// captured says whether GoNB itself wants what the program writes.
func (c *prepared) captured() bool {
	for _, line := range c.p.Run {
		if strings.HasPrefix(line, "%capture") {
			return true
		}
	}
	return false
}

// Done remembers what the cell declares. Whether the values were stored is
// seen from the store: a program may be killed after that and before it could
// say so.
func (c *prepared) Done(program.Result) (said string) {
	n := c.n
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := build.Disarm(n.runDir()); err != nil {
		n.config.Log.Warn("the program of a cell", "error", err)
	}
	stored := c.binary == ""
	if !stored {
		info, err := session.Inspect(n.config.Store)
		stored = err == nil && info.Generation > c.before
	}
	c.p.Done(stored)
	if !c.timed {
		return ""
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	ran := time.Since(c.began) - c.checked - c.built
	return fmt.Sprintf("check %.1f ms, build %.1f ms, run %.1f ms\n", ms(c.checked), ms(c.built), ms(ran))
}
