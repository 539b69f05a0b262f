// Command robust has a whole kernel suffer random events, one after the other:
// cells that are interrupted, killed, panic or end themselves, a GoNB that is
// killed, files of the store that are damaged, a disk that is full. After each
// it compares all values of the notebook with those that must be there. At the
// end of each kernel's life nothing may be left of it.
//
//	go run ./tests/robust [-n EVENTS] [-seed SEED] [-only REGEXP] [-v]
//
// It knows the format of the store's folder only as names of files, and from the
// kernel what a front end sees. It needs Linux, for /proc and for a small file
// system of its own. Exit status 1 if an event went wrong, 2 if there is no kernel.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"
)

type options struct {
	kernel   string
	events   int
	life     int
	failures int
	seed     uint64
	only     *regexp.Regexp
	verbose  bool
}

func main() {
	var o options
	flag.StringVar(&o.kernel, "kernel", "bin/spikebook", "the `program` whose kernel is tested")
	flag.IntVar(&o.events, "n", 150, "how many events")
	flag.IntVar(&o.life, "life", 50, "how many events the life of a kernel has")
	flag.IntVar(&o.failures, "failures", 1, "end after so many lives that went wrong")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano())%1e6, "`number` from which all choices come")
	flag.BoolVar(&o.verbose, "v", false, "print each event")
	only := flag.String("only", "", "only the kinds of events that match `REGEXP`")
	flag.Parse()
	err := error(nil)
	if o.only, err = regexp.Compile(*only); err == nil {
		o.kernel, err = filepath.Abs(o.kernel)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "robust:", err)
		os.Exit(2)
	}
	if status, ended := unshare(); ended {
		os.Exit(status)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, o)
	stop()
	os.Exit(status)
}

// run lets kernels live until there were enough events.
func run(ctx context.Context, o options) int {
	fmt.Printf("seed %d\n", o.seed)
	box, err := newSandbox()
	if err != nil {
		fmt.Fprintln(os.Stderr, "robust:", err)
		return 2
	}
	if !box.small {
		fmt.Println("no file system can be mounted here, so the disk is never full")
	}
	began, failures, done := time.Now(), 0, 0
	t := newTally()
	for done < o.events && failures < o.failures && ctx.Err() == nil {
		l := &life{options: o, box: box, tally: t, born: done, end: min(done+o.life, o.events)}
		if err := l.run(ctx); err != nil {
			failures++
			box.clear()
			fmt.Printf("FAIL %v\n\nwhat this kernel went through (seed %d):\n%s\nits log: %s\n", err, o.seed, l.script(), l.log)
		}
		done = max(l.event, done+1)
		fmt.Printf("%d events in %.0f s\n", done, time.Since(began).Seconds())
	}
	t.print()
	fmt.Printf("seed %d: %d kernels went wrong\n", o.seed, failures)
	if failures > 0 || ctx.Err() != nil {
		return 1
	}
	box.remove()
	return 0
}
