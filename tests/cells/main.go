// Command cells runs a table of cell sequences through the whole kernel: each
// sequence in a kernel of its own, as a front end would, and compares what the
// notebook shows with what the table says. It knows nothing of how the kernel
// works inside.
//
//	go run ./tests/cells [-run REGEXP] [-update] [-v] [FILE...]
//
// The table is testdata/*.txtar; see [parse] for its form. With -update the
// cells whose outputs differ get those of today. Exit status 1 if a sequence
// fails, 2 if the table cannot be read or no kernel can be started.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.kernel, "kernel", "bin/spikebook", "the `program` whose kernel is tested")
	flag.BoolVar(&o.update, "update", false, "write the outputs of today where they differ")
	flag.BoolVar(&o.verbose, "v", false, "print the time of each sequence")
	flag.IntVar(&o.parallel, "j", 2, "how many kernels run at the same time")
	only := flag.String("run", "", "run the sequences whose file or title matches `REGEXP`")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		fmt.Fprintln(os.Stderr, "cells: -run:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, o, flag.Args())
	stop()
	os.Exit(status)
}

type options struct {
	kernel          string
	update, verbose bool
	parallel        int
	only            *regexp.Regexp
}

// defaultTable is where the table lies in a checkout.
const defaultTable = "tests/cells/testdata/*.txtar"

func run(ctx context.Context, o options, names []string) int {
	started := time.Now()
	files, err := readTable(names)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cells:", err)
		return 2
	}
	kernels, err := newKernels(o.kernel)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cells:", err)
		return 2
	}
	defer kernels.remove()

	total, failed, cells, broken := 0, 0, 0, false
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(o.parallel, 1))
	for _, f := range files {
		for _, s := range f.sequences {
			if !o.only.MatchString(filepath.Base(f.path) + ": " + s.title) {
				continue
			}
			total++
			cells += len(s.cells)
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				begun := time.Now()
				misses, err := play(ctx, kernels, s, o.update)
				mu.Lock()
				defer mu.Unlock()
				label := fmt.Sprintf("%s: %s", filepath.Base(f.path), s.title)
				if o.verbose {
					fmt.Printf("%6.2f s  %s\n", time.Since(begun).Seconds(), label)
				}
				if err != nil {
					fmt.Printf("FAIL %s\n    %v\n", label, err)
					broken = true
				}
				for _, m := range misses {
					fmt.Printf("FAIL %s\n%s", label, m)
				}
				if err != nil || len(misses) > 0 {
					failed++
				}
			})
		}
	}
	wg.Wait()
	if total == 0 {
		fmt.Fprintln(os.Stderr, "cells: no sequence was run")
		return 2
	}
	if o.update && !broken {
		for _, f := range files {
			if err := f.write(); err != nil {
				fmt.Fprintln(os.Stderr, "cells:", err)
				return 2
			}
		}
	}
	fmt.Printf("%d sequences with %d cells: %d passed, %d failed, in %.0f s\n", total, cells, total-failed, failed, time.Since(started).Seconds())
	if failed > 0 {
		return 1
	}
	return 0
}

// readTable reads the named files, or the whole table.
func readTable(names []string) ([]*file, error) {
	if len(names) == 0 {
		names, _ = filepath.Glob(defaultTable) // the pattern is well formed
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no table %s: run from the root of the repository, or name the files", defaultTable)
	}
	var files []*file
	for _, name := range names {
		f, err := readFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}
