package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"spikebook/kernel/workspace"
)

const installUsage = `usage: spikebook install [--user | --sys-prefix | --prefix DIR] [--name NAME] [--display-name TEXT]

Makes the kernel known to Jupyter and prepares what it needs: GoNB and goimports are
built, what cells import is downloaded and compiled. That takes a few minutes
the first time and nothing after that.

Without a flag the kernel is installed for this user, which needs no rights and
is found by every Jupyter of theirs. ("ipykernel install" would choose /usr/local;
here that is --prefix /usr/local.)

`

func installMain(args []string) int {
	var p place
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), installUsage); flags.PrintDefaults() }
	p.flags(flags)
	display := flags.String("display-name", displayName, "`TEXT` that the launcher shows")
	if status, ok := parse(flags, args); !ok {
		return status
	}
	dir, err := p.dir()
	if err != nil {
		return usageError("install", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err = refuseForeign(dir)
	var w *workspace.Workspace
	if err == nil {
		w, err = prepare(ctx, os.Stderr)
	}
	if err == nil {
		err = writeKernelspec(dir, *display, w.Go)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "spikebook install:", err)
		return 1
	}
	fmt.Printf("Installed the kernel %q in %s\nStart it with `jupyter lab` and choose %q.\n", p.name, dir, *display)
	return 0
}

// parse parses flags. No other arguments are allowed. If it does not return
// ok, the program ends with the status.
func parse(flags *flag.FlagSet, args []string) (status int, ok bool) {
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0, false
	case err != nil:
		return 2, false
	case flags.NArg() > 0:
		fmt.Fprintf(flags.Output(), "unexpected argument %q\n\n", flags.Arg(0))
		flags.Usage()
		return 2, false
	}
	return 0, true
}

func usageError(name string, err error) int {
	fmt.Fprintf(os.Stderr, "spikebook %s: %v\n", name, err)
	return 2
}

// prepare prepares the workspace and says on out what is being done, with a
// bar on a terminal, and how long it took.
func prepare(ctx context.Context, out *os.File) (*workspace.Workspace, error) {
	start := time.Now()
	did := false
	progress := func(step, of int, what string) {
		did = true
		fmt.Fprintf(out, "[%d/%d] %s\n", step, of, what)
	}
	end := func() {}
	if term.IsTerminal(int(out.Fd())) {
		var draw workspace.Progress
		draw, end = bar(out)
		progress = func(step, of int, what string) {
			did = true
			draw(step, of, what)
		}
	}
	w, err := workspace.Prepare(ctx, progress)
	end()
	if did && err == nil {
		fmt.Fprintf(out, "Prepared in %s.\n", time.Since(start).Round(100*time.Millisecond))
	}
	return w, err
}

// bar returns functions that draw a bar on a terminal and take it away. Its
// clock goes on while one step takes minutes. A terminal that cannot be
// written to shows nothing.
func bar(out io.Writer) (draw workspace.Progress, end func()) {
	var b *progressbar.ProgressBar
	stop := make(chan struct{})
	var clock sync.WaitGroup
	draw = func(step, of int, what string) {
		if b != nil {
			b.Describe(what)
			_ = b.Set(step - 1)
			return
		}
		b = progressbar.NewOptions(of, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(false),
			progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
		_ = b.RenderBlank()
		clock.Go(func() {
			for tick := time.NewTicker(time.Second); ; {
				select {
				case <-stop:
					tick.Stop()
					return
				case <-tick.C:
					_ = b.RenderBlank()
				}
			}
		})
	}
	end = func() {
		close(stop)
		clock.Wait()
		if b != nil {
			_ = b.Finish()
		}
	}
	return draw, end
}

// goRun is in the path of a binary that `go run` has made and will remove.
var goRun = regexp.MustCompile(`[/\\]go-build[0-9]+[/\\]`)

// stableSelf returns the path of a binary that will still be there. One made
// by `go run` is copied to the cache.
func stableSelf() (string, error) {
	self, err := os.Executable()
	if err != nil || !goRun.MatchString(self) {
		return self, err
	}
	cache, err := workspace.CacheDir()
	if err != nil {
		return "", err
	}
	copied := filepath.Join(cache, filepath.FromSlash(workspace.BinaryFile))
	data, err := os.ReadFile(self)
	if err != nil {
		return "", err
	}
	if err := workspace.WriteFile(copied, data); err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "The binary is temporary; the kernel runs a copy, %s.\n", copied)
	return copied, os.Chmod(copied, 0o755)
}
