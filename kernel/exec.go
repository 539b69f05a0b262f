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
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"spikebook/kernel/export"
	"spikebook/kernel/headless"
	"spikebook/kernel/history"
	"spikebook/kernel/notebook"
	"spikebook/kernel/workspace"
)

const execUsage = `usage: spikebook exec NOTEBOOK [-o OUT.ipynb] [--html OUT.html] [-p name=value]...
                     [--params FILE.yaml]... [--timeout D] [--allow-errors]

Runs the code cells of a notebook in order, in a kernel of its own, in the
notebook's directory. Exit status: 0 all cells ran, 1 a cell failed, 2 wrong
arguments or not a notebook.

  -o FILE          write the executed notebook; FILE may be NOTEBOOK itself. It
                   appears whole or not at all, after a failure up to that cell
  --html FILE      write one HTML page with the outputs, to be read anywhere
  -p name=value    set a parameter; may be repeated. The value has the type that
                   the cell tagged "parameters" declares; lists are JSON
  --params FILE    set the parameters that a YAML or JSON file maps to values;
                   may be repeated; "-" is standard input
  --timeout D      interrupt a cell that runs longer, such as 90s or 5m
  --allow-errors   go on after a cell that fails

An environment variable SPIKEBOOK_PARAM_name sets a parameter, too. Of several
values for one name, that of -p holds, then that of the last file.

examples:
  spikebook exec neuron.ipynb --html neuron.html
  spikebook exec train.ipynb -o run1.ipynb -p tau=2.0 -p 'sizes=[784,10]'
  SPIKEBOOK_PARAM_tau=2.0 spikebook exec train.ipynb -o run2.ipynb --params run2.yaml
`

// execArgs are the arguments of exec.
type execArgs struct {
	notebook    string
	out         string
	html        string
	params      []notebook.Parameter // of -p
	paramFiles  []string
	timeout     time.Duration
	allowErrors bool
}

// errHelp says that the usage was asked for.
var errHelp = errors.New("help")

// parseExec parses the arguments; flags may stand before and after the notebook.
func parseExec(args []string) (execArgs, error) {
	var a execArgs
	flags := flag.NewFlagSet("exec", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&a.out, "o", "", "")
	flags.StringVar(&a.html, "html", "", "")
	flags.BoolVar(&a.allowErrors, "allow-errors", false, "")
	flags.Func("p", "", func(s string) error {
		p, err := notebook.ParseParameter(s)
		a.params = append(a.params, p)
		return err
	})
	flags.Func("params", "", func(s string) error {
		a.paramFiles = append(a.paramFiles, s)
		return nil
	})
	flags.Func("timeout", "", func(s string) (err error) {
		a.timeout, err = parseTimeout(s)
		return err
	})
	var operands []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				err = errHelp
			}
			return a, err
		}
		rest := flags.Args()
		if len(rest) == 0 {
			break
		}
		if at := len(args) - len(rest); at > 0 && args[at-1] == "--" {
			operands = append(operands, rest...)
			break
		}
		operands = append(operands, rest[0])
		args = rest[1:]
	}
	if len(operands) != 1 {
		return a, fmt.Errorf("expected one notebook, found %d", len(operands))
	}
	a.notebook = operands[0]
	return a, nil
}

// parseTimeout accepts 90s, 5m and, as Jupyter's tools do, a number of seconds.
func parseTimeout(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if seconds, numErr := strconv.ParseFloat(s, 64); numErr == nil {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	if err != nil || d <= 0 {
		return 0, errors.New("expected a duration such as 90s or 5m")
	}
	return d, nil
}

// execMain runs a notebook without a front end.
func execMain(args []string) int {
	complain := func(err error) { fmt.Fprintln(os.Stderr, "spikebook exec:", err) }
	a, err := parseExec(args)
	if errors.Is(err, errHelp) {
		fmt.Print(execUsage)
		return 0
	}
	if err != nil {
		complain(err)
		fmt.Fprint(os.Stderr, "\n", execUsage)
		return 2
	}
	nb, err := openNotebook(a)
	if err != nil {
		complain(err)
		return 2
	}
	if a.out == "" && a.html == "" {
		fmt.Fprintln(os.Stderr, "spikebook exec: nothing will be saved; -o FILE or --html FILE would")
	}
	runErr := runNotebook(a, nb)
	if runErr != nil {
		report(os.Stderr, runErr, term.IsTerminal(int(os.Stderr.Fd())))
	}
	nb.Ran(runErr == nil)
	// What was computed before a failure is worth keeping.
	saveErr := save(a, nb)
	if saveErr != nil {
		complain(saveErr)
	}
	if runErr != nil || saveErr != nil {
		return 1
	}
	return 0
}

// openNotebook reads the notebook, sets its parameters and checks what can be checked
// before anything runs.
func openNotebook(a execArgs) (*notebook.Notebook, error) {
	nb, err := notebook.Read(a.notebook)
	if err != nil {
		return nil, err
	}
	for _, path := range [][]string{{"kernelspec", "language"}, {"language_info", "name"}} {
		if language, _ := nb.Metadatum(path...).(string); language != "" && !strings.EqualFold(language, "go") {
			return nil, fmt.Errorf("%s is written in %s; this kernel runs Go", a.notebook, language)
		}
	}
	for _, file := range []string{a.out, a.html} {
		if file == "" {
			continue
		}
		if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("cannot write %s: there is no directory %s", file, filepath.Dir(file))
		}
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			return nil, fmt.Errorf("cannot write %s: it is a directory", file)
		}
	}
	params, err := allParameters(a)
	if err != nil {
		return nil, err
	}
	if err := nb.Inject(params); err != nil {
		return nil, fmt.Errorf("%s: %w", a.notebook, err)
	}
	return nb, nil
}

// errInterrupted is the cause of a run that a signal has ended.
var errInterrupted = errors.New("interrupted")

// runNotebook executes the notebook in a kernel of its own.
func runNotebook(a execArgs, nb *notebook.Notebook) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(filepath.Dir(a.notebook))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	started := make(chan *headless.Kernel, 1)
	go func() {
		<-signals
		cancel(errInterrupted)
		<-signals // the second time: whatever the kernel does, end it
		select {
		case k := <-started:
			k.Kill()
		default:
		}
	}()

	if _, err := prepare(ctx, os.Stderr); err != nil { // nothing to do but the first time
		return err
	}
	// The kernel runs in another directory: a relative path would mean another cache there.
	cache, err := workspace.CacheDir()
	if err != nil {
		return err
	}
	if err := os.Setenv("SPIKEBOOK_CACHE", cache); err != nil {
		return err
	}
	// What is run without a person belongs in nobody's history.
	if err := os.Setenv(history.Variable, history.Memory); err != nil {
		return err
	}
	bar := newProgress(os.Stderr)
	defer bar.stop()
	bar.say("starting the kernel")
	k, err := headless.Start(ctx, []string{self, "run"}, dir)
	if err != nil {
		return err
	}
	defer k.Close()
	started <- k
	describe(nb, k.Info)
	failures := 0
	start := time.Now()
	err = headless.Run(ctx, k, nb, headless.Options{
		Timeout: a.timeout, AllowErrors: a.allowErrors,
		Begin: bar.begin,
		End: func(number, total int, cell *notebook.Cell, err error) {
			bar.end(err)
			if err != nil {
				failures++
			}
		},
	})
	if err == nil {
		text := fmt.Sprintf("%s in %.1f s", count(len(headless.Executed(nb)), "cell"), time.Since(start).Seconds())
		if failures > 0 {
			text += ", " + count(failures, "error") + " allowed"
		}
		bar.say(text)
	}
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprint(n, " ", noun, "s")
}

// describe writes into the notebook's metadata by what it was run.
func describe(nb *notebook.Notebook, info map[string]any) {
	if language, ok := info["language_info"]; ok {
		nb.Metadata["language_info"] = language
	}
	if nb.Metadatum("kernelspec", "name") == nil {
		nb.Metadata["kernelspec"] = map[string]any{"name": kernelName, "display_name": displayName, "language": "go"}
	}
}

// save writes what was asked for.
func save(a execArgs, nb *notebook.Notebook) error {
	var errs []error
	if a.out != "" {
		errs = append(errs, nb.Write(a.out))
	}
	if a.html != "" {
		name := filepath.Base(a.notebook)
		page, err := export.HTML(nb, export.Options{
			Title: strings.TrimSuffix(name, filepath.Ext(name)),
			Dir:   filepath.Dir(a.notebook),
		})
		if err == nil {
			err = notebook.ReplaceFile(a.html, page)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

var controlSequences = regexp.MustCompile("\x1b\\[[0-9;:]*[A-Za-z]")

// report prints why the run failed: the cell, and what the kernel says of it.
func report(w io.Writer, err error, colours bool) {
	var cell *headless.CellError
	if !errors.As(err, &cell) {
		fmt.Fprintln(w, "spikebook exec:", err)
		return
	}
	fmt.Fprintf(w, "spikebook exec: cell %d of %d failed: %s\n", cell.Number, cell.Total, cell.Cell.FirstLine())
	text := cell.Err.Error()
	var own *headless.Failure
	if errors.As(cell.Err, &own) {
		for _, out := range cell.Cell.Outputs {
			if out.Type == notebook.Error && len(out.Traceback) > 0 {
				text = strings.Join(out.Traceback, "\n")
			}
		}
	}
	if !colours {
		text = controlSequences.ReplaceAllString(text, "")
	}
	fmt.Fprintln(w, strings.TrimRight(text, "\n"))
}
