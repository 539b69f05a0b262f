package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"spikebook/kernel/headless"
	"spikebook/kernel/notebook"
)

// cellTime is how long a cell of the table may take, on a slow machine.
const cellTime = time.Minute

// kernels starts kernels that know nothing of the user.
type kernels struct {
	program string
	dir     string // holds the folder of each
}

func newKernels(program string) (*kernels, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("%w; run: make install", err)
	}
	dir, err := os.MkdirTemp("", "cells-")
	if err != nil {
		return nil, err
	}
	// No start-up file of the user's.
	if err := os.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config")); err != nil {
		return nil, err
	}
	return &kernels{program, dir}, nil
}

func (k *kernels) remove() { os.RemoveAll(k.dir) }

// start starts a kernel in an empty folder of its own.
func (k *kernels) start(ctx context.Context) (*headless.Kernel, error) {
	dir, err := os.MkdirTemp(k.dir, "notebook-")
	if err != nil {
		return nil, err
	}
	return headless.Start(ctx, []string{k.program, "run"}, dir)
}

// play runs a sequence in a new kernel and describes the cells whose outputs
// are not what the table wants; with update the table then wants them. The
// error is of a kernel that did not work at all.
func play(ctx context.Context, ks *kernels, s *sequence, update bool) (misses []string, err error) {
	k, err := ks.start(ctx)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	shown, err := execute(ctx, k, s)
	if err != nil {
		return nil, err
	}
	for i, c := range s.cells {
		if !same(c.want, shown[i]) {
			misses = append(misses, miss(i+1, c, shown[i]))
			if update {
				c.want = shown[i]
			}
		}
	}
	return misses, nil
}

// execute runs the cells and returns what the notebook shows at the end: a
// later cell may have changed what an earlier one shows.
func execute(ctx context.Context, k headless.Executor, s *sequence) ([][]section, error) {
	collector := notebook.NewCollector()
	cells := make([]*notebook.Cell, len(s.cells))
	status := make([]string, len(s.cells))
	for i, c := range s.cells {
		cells[i] = &notebook.Cell{Type: notebook.Code, Source: c.code()}
		reply, err := executeCell(ctx, k, collector, c, cells[i])
		if err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
		status[i] = reply.Status
	}
	shown := make([][]section, len(cells))
	for i, c := range cells {
		shown[i] = sections(c.Outputs, status[i])
	}
	return shown, nil
}

// errAwaited interrupts a cell that has printed what was awaited.
var errAwaited = errors.New("interrupted by the table")

func executeCell(ctx context.Context, k headless.Executor, collector *notebook.Collector, c *cell, to *notebook.Cell) (headless.Reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cellTime, fmt.Errorf("it took longer than %v", cellTime))
	defer cancel()
	ctx, interrupt := context.WithCancelCause(ctx)
	defer interrupt(nil)
	var malformed error
	printed := ""
	collector.Begin(to)
	// The cells behind an error are run: most sequences with an error go on.
	reply, err := k.Execute(ctx, to.Source, false, func(msgType string, content json.RawMessage) {
		malformed = errors.Join(malformed, collector.Message(msgType, content))
		if c.awaited != "" && msgType == "stream" {
			var m struct{ Text string }
			malformed = errors.Join(malformed, json.Unmarshal(content, &m))
			if printed += m.Text; strings.Contains(printed, c.awaited) {
				interrupt(errAwaited)
			}
		}
	})
	collector.End()
	if errors.Is(err, errAwaited) && reply.Status != "" {
		err = nil
	}
	return reply, errors.Join(err, malformed)
}

var escape = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// sections is what the outputs of a cell look like in the table. Between
// stdout and stderr no order is promised, so stderr stands behind the rest.
func sections(outputs []*notebook.Output, status string) []section {
	var shown, failed []section
	var stderr strings.Builder
	add := func(kind, text string) {
		if n := len(shown); n > 0 && kind == "stdout" && shown[n-1].kind == kind {
			shown[n-1].text += text
			return
		}
		shown = append(shown, section{kind, text})
	}
	for _, o := range outputs {
		switch o.Type {
		case notebook.Stream:
			if o.Name == "stderr" {
				stderr.WriteString(o.Text)
			} else {
				add(o.Name, o.Text)
			}
		case notebook.ExecuteResult:
			add(strings.Join(append([]string{"out"}, types(o.Data, "text/plain")...), " "), plain(o.Data))
		case notebook.DisplayData:
			add(strings.Join(append([]string{"display"}, types(o.Data, "")...), " "), plain(o.Data))
		case notebook.Error:
			failed = append(failed, section{"error", strings.Join(o.Traceback, "\n")})
		}
	}
	if stderr.Len() > 0 {
		shown = append(shown, section{"stderr", stderr.String()})
	}
	if (status == "error") != (len(failed) > 0) {
		failed = append(failed, section{"error", "(the status of the reply is " + status + ")"})
	}
	shown = append(shown, failed...)
	for i, s := range shown {
		shown[i].text = strings.TrimRight(escape.ReplaceAllString(s.text, ""), "\n")
	}
	return shown
}

// types lists the MIME types of a bundle but one.
func types(data map[string]any, but string) []string {
	var names []string
	for name := range data {
		if name != but {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// plain is what a terminal shows of a bundle.
func plain(data map[string]any) string {
	text, ok := data["text/plain"].(string)
	if !ok {
		return fmt.Sprintf("(text/plain is %T)", data["text/plain"])
	}
	return text
}
