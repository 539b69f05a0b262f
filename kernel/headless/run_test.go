package headless

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"spikebook/kernel/notebook"
)

// scripted is a kernel whose cells are commands.
type scripted struct {
	executed []string
	stop     []bool // what stop_on_error was
}

func (s *scripted) Execute(ctx context.Context, code string, stopOnError bool, publish func(string, json.RawMessage)) (Reply, error) {
	s.executed = append(s.executed, code)
	s.stop = append(s.stop, stopOnError)
	n := len(s.executed)
	publish("execute_input", json.RawMessage(fmt.Sprintf(`{"code":"","execution_count":%d}`, n)))
	verb, arg, _ := strings.Cut(code, " ")
	switch verb {
	case "print":
		publish("stream", json.RawMessage(fmt.Sprintf(`{"name":"stdout","text":%q}`, arg)))
	case "fail":
		publish("error", json.RawMessage(fmt.Sprintf(`{"ename":"Fail","evalue":%q,"traceback":["Fail: %[1]s"]}`, arg)))
		return Reply{Status: "error", ExecutionCount: n, EName: "Fail", EValue: arg}, nil
	case "abort":
		return Reply{Status: "aborted"}, nil
	case "malformed":
		publish("stream", json.RawMessage(`{"name":1}`))
	case "hang":
		<-ctx.Done()
		return Reply{Status: "error", ExecutionCount: n, EName: "interrupt"}, context.Cause(ctx)
	case "stuck":
		<-ctx.Done()
		return Reply{}, errors.Join(context.Cause(ctx), errors.New("killed"))
	case "die":
		return Reply{}, &DeathError{State: "signal: killed"}
	}
	return Reply{Status: "ok", ExecutionCount: n}, nil
}

func cells(sources ...string) *notebook.Notebook {
	nb := &notebook.Notebook{Minor: 5, Metadata: map[string]any{}}
	for _, source := range sources {
		c := &notebook.Cell{Type: notebook.Code, Source: source, Metadata: map[string]any{},
			Outputs: []*notebook.Output{{Type: notebook.Stream, Name: "stdout", Text: "old"}}, ExecutionCount: 99}
		if tag, rest, ok := strings.Cut(source, ": "); ok {
			c.Source = rest
			c.Metadata["tags"] = []any{tag}
			if tag == "markdown" {
				c.Type = notebook.Markdown
			}
		}
		nb.Cells = append(nb.Cells, c)
	}
	return nb
}

// outcome describes what a run has left: for each cell its count and outputs.
func outcome(nb *notebook.Notebook) (lines []string) {
	for _, c := range nb.Cells {
		line := fmt.Sprint(c.ExecutionCount)
		for _, o := range c.Outputs {
			line += " " + o.Text + o.EValue
		}
		lines = append(lines, line)
	}
	return lines
}

func TestRun(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
		cells   []string
		want    []string
		err     string
		ends    string
	}{
		{"in order", Options{}, []string{"print a", "print b"}, []string{"1 a", "2 b"}, "", "1/2 ok 2/2 ok"},
		{"only code that is there", Options{}, []string{"markdown: print x", " \n", "skip-execution: print b", "print c"},
			[]string{"99 old", "99 old", "99 old", "1 c"}, "", "1/1 ok"},
		{"the first failure ends it", Options{}, []string{"print a", "fail b", "print c"},
			[]string{"1 a", "2 b", "0"}, "cell 2 of 3: Fail: b", "1/3 ok 2/3 Fail: b"},
		{"failures allowed", Options{AllowErrors: true}, []string{"fail a", "abort", "print c"},
			[]string{"1 a", "2", "3 c"}, "", "1/3 Fail: a 2/3 the kernel did not run the cell 3/3 ok"},
		{"a failure expected", Options{}, []string{"raises-exception: fail a", "print b"},
			[]string{"1 a", "2 b"}, "", "1/2 Fail: a 2/2 ok"},
		{"an aborted cell is not one that raises", Options{}, []string{"raises-exception: abort"},
			[]string{"1"}, "cell 1 of 1: the kernel did not run the cell", "1/1 the kernel did not run the cell"},
		{"malformed message", Options{AllowErrors: true}, []string{"malformed"},
			[]string{"1"}, "cell 1 of 1: content of stream", ""},
		{"too long", Options{Timeout: time.Millisecond}, []string{"hang", "print b"},
			[]string{"1", "0"}, "cell 1 of 2: interrupted: it took longer than 1ms", ""},
		{"too long, expected to raise", Options{Timeout: time.Millisecond}, []string{"raises-exception: hang"},
			[]string{"1"}, "cell 1 of 1: interrupted: it took longer than 1ms", ""},
		{"too long, allowed", Options{Timeout: time.Millisecond, AllowErrors: true}, []string{"hang", "print b"},
			[]string{"1", "2 b"}, "", ""},
		{"too long and killed", Options{Timeout: time.Millisecond, AllowErrors: true}, []string{"stuck", "print b"},
			[]string{"1", "0"}, "cell 1 of 2: interrupted: it took longer than 1ms\nkilled", ""},
		{"death", Options{AllowErrors: true}, []string{"die", "print b"},
			[]string{"1", "0"}, "cell 1 of 2: the kernel died (signal: killed)", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			nb := cells(test.cells...)
			var begun, ended []string
			test.options.Begin = func(number, total int, cell *notebook.Cell) {
				begun = append(begun, fmt.Sprintf("%d/%d", number, total))
			}
			test.options.End = func(number, total int, cell *notebook.Cell, err error) {
				result := "ok"
				if err != nil {
					result = err.Error()
				}
				ended = append(ended, fmt.Sprintf("%d/%d %s", number, total, result))
			}
			err := Run(t.Context(), &scripted{}, nb, test.options)
			if got := outcome(nb); !reflect.DeepEqual(got, test.want) {
				t.Errorf("cells %q, want %q", got, test.want)
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), test.err)) {
				t.Errorf("error %v, want %s", err, test.err)
			}
			if got := strings.Join(ended, " "); test.ends != "" && got != test.ends {
				t.Errorf("ended %q, want %q", got, test.ends)
			}
			if len(begun) != len(ended) {
				t.Errorf("begun %q, ended %q", begun, ended)
			}
		})
	}
}

func TestRunStopOnError(t *testing.T) {
	k := &scripted{}
	if err := Run(t.Context(), k, cells("print a", "raises-exception: print b"), Options{}); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), k, cells("print a"), Options{AllowErrors: true}); err != nil {
		t.Fatal(err)
	}
	if want := []bool{true, false, false}; !reflect.DeepEqual(k.stop, want) {
		t.Errorf("stop_on_error was %v, want %v", k.stop, want)
	}
}

func TestRunEndsWithContext(t *testing.T) {
	cause := errors.New("Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	k := &scripted{}
	nb := cells("print a", "hang", "print c")
	err := Run(ctx, k, nb, Options{Begin: func(number, _ int, _ *notebook.Cell) {
		if number == 2 {
			cancel(cause)
		}
	}})
	var cell *CellError
	if !errors.Is(err, cause) || !errors.As(err, &cell) || cell.Number != 2 || cell.Cell != nb.Cells[1] {
		t.Errorf("error %v", err)
	}
	if len(k.executed) != 1 {
		t.Errorf("executed %q after the end of the context", k.executed)
	}
}
