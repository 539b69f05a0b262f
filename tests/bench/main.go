// Command bench measures how long a user waits for a cell: in the kernel of
// this checkout and in plain GoNB, in one run on one machine, one cell of each
// after the other. It prints tables in Markdown with the goals beside the
// values. It knows nothing of how either kernel works inside.
//
//	go run ./tests/bench [-n 15] [-kernel bin/spikebook]
//
// Times fail nothing: the exit status is 0 whatever they are, 1 if a cell fails
// and 2 if a kernel cannot be started.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"spikebook/kernel/history"
	"spikebook/kernel/workspace"
)

func main() {
	n := flag.Int("n", 15, "how often each thing is measured; GoNB, and all that starts a kernel, half as often")
	kernel := flag.String("kernel", "bin/spikebook", "the `program` whose kernel is measured")
	parts := flag.String("parts", "cells,starts,values", "what is measured, with commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *kernel, max(*n, 2), strings.Split(*parts, ","))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		if _, failed := errors.AsType[*cellFailed](err); failed {
			os.Exit(1)
		}
		os.Exit(2)
	}
}

func run(ctx context.Context, kernel string, n int, parts []string) error {
	started := time.Now()
	b, err := newBench(ctx, kernel)
	if err != nil {
		return err
	}
	defer b.remove()
	fmt.Printf("Milliseconds on %d cores, %s, load %s at the start, %d times each; GoNB, and all that starts a kernel, %d times.\n",
		runtime.NumCPU(), b.workspace.Go.Version, load(), n, half(n))
	for _, part := range parts {
		measure, ok := map[string]func(context.Context, int) error{
			"cells": b.cells, "starts": b.starts, "values": b.values,
		}[part]
		if !ok {
			return fmt.Errorf("-parts: there is no %q, want cells, starts or values", part)
		}
		if err := measure(ctx, n); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	fmt.Printf("\nMeasured in %.0f s; load %s at the end.\n", time.Since(started).Seconds(), load())
	return nil
}

// half is how often is measured what takes long.
func half(n int) int { return (n + 1) / 2 }

// load is how busy the machine was in the last minute: neighbours spoil times.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// bench is what all measurements need.
type bench struct {
	kernel    string               // path of spikebook
	workspace *workspace.Workspace // has GoNB and the tools
	dir       string               // of all that is temporary
	module    string               // folder of the go.mod for GoNB
	count     int                  // of the names that were given out
}

func newBench(ctx context.Context, kernel string) (*bench, error) {
	path, err := filepath.Abs(kernel)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%w; run: make install", err)
	}
	// The workspace of that kernel, not that of the program which `go run` has made.
	if os.Getenv("SPIKEBOOK_CACHE") == "" {
		cache := filepath.Join(filepath.Dir(filepath.Dir(path)), ".cache", "spikebook")
		if err := os.Setenv("SPIKEBOOK_CACHE", cache); err != nil {
			return nil, err
		}
	}
	w, err := workspace.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w; run: make install", err)
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{kernel: path, workspace: w, dir: dir}
	// Nothing of this goes into the user's history.
	if err := os.Setenv(history.Variable, filepath.Join(dir, "history.sqlite")); err != nil {
		return nil, errors.Join(err, b.remove())
	}
	if b.module, err = b.gonbModule(ctx); err != nil {
		return nil, errors.Join(err, b.remove())
	}
	return b, nil
}

func (b *bench) remove() error { return os.RemoveAll(b.dir) }

// unique returns a part of a name that no cell had before, in no run: a cell in
// which only a number or a text is new need not be compiled.
func (b *bench) unique() string {
	b.count++
	return fmt.Sprintf("%x_%d", time.Now().UnixNano(), b.count)
}
