package bridge

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"spikebook/kernel/cell"
	"spikebook/kernel/jupyter"
	"spikebook/kernel/program"
	"spikebook/kernel/session/wire"
)

// fakeNotebook compiles a cell to the code that is its own text, and knows a
// few cells better.
type fakeNotebook struct {
	cells map[string]*fakeCell
	ran   string
	done  []bool // of the cells that were run: did they reach their end
}

func (n *fakeNotebook) Prepare(ctx context.Context, source string) (Cell, error) {
	c, ok := n.cells[source]
	if !ok {
		c = &fakeCell{code: source}
	}
	c.n = n
	if c.prepare != nil {
		if err := c.prepare(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (n *fakeNotebook) Magic(_ context.Context, line string) (Page, error) {
	switch line {
	case "%session":
		return Page{Text: "x int\n"}, nil
	case "f?":
		return Page{Pager: map[string]string{"text/plain": "func f()"}}, nil
	}
	return Page{}, errors.New("no such thing")
}

func (n *fakeNotebook) Ran(lines []string, output string) {
	n.ran = strings.Join(lines, ";") + ": " + output
}
func (n *fakeNotebook) Complete(code string, cursor int) map[string]any {
	return map[string]any{"status": "ok", "matches": []string{code + "!"}, "cursor_start": 0, "cursor_end": cursor}
}
func (n *fakeNotebook) Inspect(string, int, int) map[string]any {
	return map[string]any{"status": "ok", "found": true}
}

// fakeCell is a cell of it, and its program.
type fakeCell struct {
	n       *fakeNotebook
	code    string
	notes   []string
	prepare func(context.Context) error
	run     func(program.Events) // what the program does until it is finished
	result  program.Result

	events program.Events
}

func (c *fakeCell) Code() string    { return c.code }
func (c *fakeCell) Notes() []string { return c.notes }
func (c *fakeCell) Start(e program.Events, _ bool) (Program, error) {
	c.events = e
	return c, nil
}
func (c *fakeCell) Drain() {}
func (c *fakeCell) Finish() program.Result {
	if c.run != nil {
		c.run(c.events)
	}
	return c.result
}
func (c *fakeCell) Done(r program.Result) string {
	c.n.done = append(c.n.done, r.Done)
	return ""
}

// newNotebook runs a kernel with a notebook.
func newNotebook(t *testing.T, gonb map[string]func(*run), cells map[string]*fakeCell) (*frontEnd, *fakeNotebook) {
	n := &fakeNotebook{cells: cells}
	return newKernel(t, gonb, func(_ *frontEnd, c *Config) { c.Notebook = n }), n
}

func TestProgram(t *testing.T) {
	f, n := newNotebook(t, nil, map[string]*fakeCell{"x": {
		code: "func main() {}", notes: []string{"y lives in this cell only"},
		run: func(e program.Events) {
			e.Output("stdout", []byte("printed\n"))
		},
		result: program.Result{Done: true, Notes: []string{"ch cannot be kept"}, Bundle: map[string]string{"text/plain": "42"}},
	}})
	a := f.execute("x")
	want := []string{"busy", "execute_input", "stderr note: y lives in this cell only\n", "stdout printed\n", "stderr note: ch cannot be kept\n", "execute_result", "execute_reply", "idle"}
	if !slices.Equal(a.types, want) {
		t.Errorf("got %q, want %q", a.types, want)
	}
	if ran := f.lives[0].ran; !slices.Equal(ran, []string{"func main() {}"}) || !slices.Equal(n.done, []bool{true}) {
		t.Errorf("GoNB ran %q, done %v", ran, n.done)
	}
}

func TestDeclarationsRunNothing(t *testing.T) {
	f, n := newNotebook(t, nil, map[string]*fakeCell{"func f() {}": {}})
	if a := f.execute("func f() {}"); a.field("status") != "ok" || len(f.lives[0].ran) > 0 || !slices.Equal(n.done, []bool{true}) {
		t.Errorf("%s, GoNB ran %q, done %v", a.reply.Content, f.lives[0].ran, n.done)
	}
}

func TestCompileErrors(t *testing.T) {
	source := "x := 1\ny := undefinedThing + f(1)"
	earlier := "func f() {\n\treturn 1\n}"
	f, _ := newNotebook(t, nil, map[string]*fakeCell{earlier: {}, source: {prepare: func(context.Context) error {
		return cell.Errors{
			{Cell: cell.Hash(source), Line: 2, Col: 6, Msg: "undefined: undefinedThing (cell-" + cell.Hash(earlier) + " has none)"},
			{Cell: cell.Hash(earlier), Line: 2, Col: 9, Msg: "too many return values"},
		}
	}}})
	f.execute(earlier)
	name, value, traceback := f.execute(source).error(t)
	if name != "CompileError" || value != "undefined: undefinedThing (cell [1] has none) (and 1 more)" {
		t.Errorf("%s: %s", name, value)
	}
	want := `CompileError: undefined: undefinedThing (cell [1] has none) (and 1 more)
cell [2], line 2:6: undefined: undefinedThing (cell [1] has none)
    y := undefinedThing + f(1)
         ^
cell [1], line 2:9: too many return values
        return 1
               ^
`
	if traceback != want {
		t.Errorf("got\n%s\nwant\n%s", traceback, want)
	}
}

func TestPanicOfAProgram(t *testing.T) {
	declare, call := "func f(xs []int) int {\n\treturn xs[5]\n}", "fmt.Println(\"before\")\nf(make([]int, 3))"
	dying := "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.f(...)\n\tcell-" + cell.Hash(declare) +
		".go:2\nspikebook/snn.inner()\n\t/cache/snn/tensor.go:12 +0x1\nmain.cell__()\n\t/x/cell-" + cell.Hash(call) + ".go:2 +0x1d\nmain.main()\n\tvars.go:9 +0x1\n"
	f, n := newNotebook(t, map[string]func(*run){"call": func(r *run) { r.fail("exit status 2") }}, map[string]*fakeCell{declare: {}, call: {
		code: "call",
		run: func(e program.Events) {
			e.Output("stdout", []byte("before\n"))
			for _, c := range dying { // as a slow pipe may deliver it
				e.Output("stderr", []byte(string(c)))
			}
		},
	}})
	f.execute(declare)
	a := f.execute(call)
	name, value, traceback := a.error(t)
	if name != "panic" || value != "runtime error: index out of range [5] with length 3" {
		t.Errorf("%s: %s", name, value)
	}
	want := `panic: runtime error: index out of range [5] with length 3
cell [1], line 2
        return xs[5]
cell [2], line 2
    f(make([]int, 3))
`
	if traceback != want {
		t.Errorf("got\n%s\nwant\n%s", traceback, want)
	}
	if want := []string{"busy", "execute_input", "stdout before\n", "error", "execute_reply", "idle"}; !slices.Equal(a.types, want) {
		t.Errorf("got %q, want %q", a.types, want)
	}
	if !slices.Equal(n.done, []bool{true, false}) {
		t.Errorf("done %v", n.done)
	}
}

func TestStackOverflow(t *testing.T) {
	source := "f(0)"
	f, _ := newNotebook(t, map[string]func(*run){"call": func(r *run) { r.fail("exit status 2") }}, map[string]*fakeCell{source: {
		code: "call", run: func(e program.Events) {
			e.Output("stderr", []byte("runtime: goroutine stack exceeds 1048576-byte limit\nruntime: sp=0x3 stack=[0x1, 0x2]\nfatal error: stack overflow\n\n"+
				"runtime stack:\nruntime.throw({0x54cab5?, 0x200000008?})\n\t/go/panic.go:1229 +0x48\n\ngoroutine 1 [running]:\n"+
				"main.f(0x1)\n\tcell-"+cell.Hash(source)+".go:1 +0x3\n"))
		},
	}})
	if _, _, traceback := f.execute(source).error(t); traceback != "fatal error: stack overflow\ncell [1], line 1\n    f(0)\n" {
		t.Errorf("got\n%s", traceback)
	}
}

func TestDroppedError(t *testing.T) {
	source := "a := 1\nlayer.SetStepMode(\"q\")"
	f, _ := newNotebook(t, map[string]func(*run){"call": func(r *run) { r.fail("exit status 2") }}, map[string]*fakeCell{source: {
		code: "call", run: func(e program.Events) {
			e.Output("stderr", []byte("panic: session.failed{…}\n\ngoroutine 1 [running]:\n"))
		},
		result: program.Result{Failure: &wire.Failure{Message: "step mode \"q\" is unknown", Frames: []string{"main.cell__ cell-" + cell.Hash(source) + ".go:2"}}},
	}})
	if _, _, traceback := f.execute(source).error(t); traceback != "Error: step mode \"q\" is unknown\ncell [1], line 2\n    layer.SetStepMode(\"q\")\n" {
		t.Errorf("got\n%s", traceback)
	}
}

func TestMagics(t *testing.T) {
	f, n := newNotebook(t, map[string]func(*run){"%cd /x\n!exec </dev/null; ls": func(r *run) {
		r.stream("stdout", "Changed directory to \"/x\"\n")
		r.reply("ok", "")
		r.idle()
	}}, map[string]*fakeCell{"%cd /x\n!ls\n%session": {}})
	a := f.execute("%cd /x\n!ls\n%session")
	if want := []string{"busy", "execute_input", "stdout x int\n", "stdout Changed directory to \"/x\"\n", "execute_reply", "idle"}; !slices.Equal(a.types, want) || n.ran != "%cd /x;!ls: Changed directory to \"/x\"\n" {
		t.Errorf("got %q, want %q; ran %q", a.types, want, n.ran)
	}
	if _, value, _ := f.execute("%session nonsense").error(t); value != "no such thing" {
		t.Errorf("an unknown word: %s", value)
	}
	f.execute("%%bash\necho")
	if ran := f.lives[0].ran; ran[len(ran)-1] != "%%bash\necho" {
		t.Errorf("GoNB ran %q", ran)
	}
}

func TestQuestionMark(t *testing.T) {
	f, _ := newNotebook(t, nil, nil)
	a := f.execute("f?")
	if !strings.Contains(string(a.reply.Content), `"payload":[{"data":{"text/plain":"func f()"},"source":"page","start":0}]`) {
		t.Errorf("reply %s", a.reply.Content)
	}
}

func TestUserExpressions(t *testing.T) {
	f, _ := newNotebook(t, nil, map[string]*fakeCell{
		"good": {code: "1", result: program.Result{Done: true, Bundle: map[string]string{"text/plain": "3"}}},
		"bad":  {prepare: func(context.Context) error { return errors.New("it does not compile") }},
	})
	a := f.await(f.request(jupyter.Shell, "execute_request", map[string]any{"code": "x", "user_expressions": map[string]string{"a": "good", "b": "bad"}}))
	values, _ := a.field("user_expressions").(map[string]any)
	good, _ := values["a"].(map[string]any)
	bad, _ := values["b"].(map[string]any)
	if good["status"] != "ok" || bad["status"] != "error" || bad["evalue"] != "it does not compile" || slices.Contains(a.types, "execute_result") {
		t.Errorf("%s after %q", a.reply.Content, a.types)
	}
}

// An interrupt ends the compilation, and nothing is run.
func TestInterruptWhileCompiling(t *testing.T) {
	compiling := make(chan struct{})
	f, _ := newNotebook(t, nil, map[string]*fakeCell{"slow": {code: "slow", prepare: func(ctx context.Context) error {
		close(compiling)
		<-ctx.Done()
		return ctx.Err()
	}}})
	slow := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "slow"})
	<-compiling
	f.await(f.request(jupyter.Control, "interrupt_request", nil))
	if name, _, _ := f.await(slow).error(t); name != "Interrupted" {
		t.Errorf("the error is called %q", name)
	}
	if ran := f.lives[0].ran; slices.Contains(ran, "slow") {
		t.Errorf("GoNB ran %q", ran)
	}
}

func TestQuestions(t *testing.T) {
	f, _ := newNotebook(t, nil, nil)
	a := f.await(f.request(jupyter.Shell, "complete_request", map[string]any{"code": "fmt.", "cursor_pos": 4}))
	if got, ok := a.field("matches").([]any); !ok || len(got) != 1 || got[0] != "fmt.!" {
		t.Errorf("reply %s", a.reply.Content)
	}
	a = f.await(f.request(jupyter.Shell, "inspect_request", map[string]any{"code": "fmt", "cursor_pos": 3}))
	if a.field("found") != true {
		t.Errorf("reply %s", a.reply.Content)
	}
}

func TestInputOfAProgram(t *testing.T) {
	got := make(chan string, 1)
	f, _ := newNotebook(t, nil, map[string]*fakeCell{"ask": {code: "ask", run: func(e program.Events) {
		line, eof := e.Input(t.Context(), "name?", true)
		got <- line
		if eof {
			t.Error("no line came")
		}
	}}})
	ask := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "ask"})
	var question jupyter.Received
	for question = range f.from {
		if question.Channel == jupyter.Stdin {
			break
		}
		f.backlog = append(f.backlog, question)
	}
	if want := `{"password":true,"prompt":"name?"}`; string(question.Content) != want {
		t.Errorf("asked %s, want %s", question.Content, want)
	}
	f.request(jupyter.Stdin, "input_reply", map[string]any{"value": "Ada"})
	if line := <-got; line != "Ada" {
		t.Errorf("got %q", line)
	}
	if a := f.await(ask); a.field("status") != "ok" {
		t.Errorf("reply %s", a.reply.Content)
	}
}
