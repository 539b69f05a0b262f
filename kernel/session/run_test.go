package session

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// The variables of the cells below, as generated code would have them.
var (
	cellN  int
	cellCh chan int
	cellL  []*node
	cellM  map[int]int
)

type bundle struct{}

func (bundle) MIMEBundle() map[string]string { return map[string]string{"text/plain": "a picture"} }

// cells are programs: TestRun starts this test binary again to be one of them.
var cells = map[string]func(){
	"count": func() {
		Main(func() { cellN++; cellL = append(cellL, &node{val: cellN}); Show(cellN, len(cellL)) }, n, l)
	},
	"string":    func() { Main(func() { Show("a \"b\"") }) },
	"lines":     func() { Main(func() { Show("a\nb") }) },
	"error":     func() { Main(func() { Show(fs.ErrNotExist) }) },
	"nil error": func() { var err error; Main(func() { Show(err, nil, struct{ A any }{}) }) },
	"nil *err":  func() { Main(func() { Show((*fs.PathError)(nil)) }) },
	"bundle":    func() { Main(func() { Show(bundle{}) }) },
	"check":     func() { Main(func() { cellN = 100; defer fmt.Println("deferred"); Check(errors.New("no luck")) }, n) },
	"check1":    func() { Main(func() { cellN = 100; Check1(os.Open("/nowhere")) }, n) },
	"no error": func() {
		Main(func() { Check(nil); Check1(1, nil); Check2(1, 2, nil); Check3(1, 2, 3, nil); ShowCheck(7, nil) })
	},
	"recovered": func() {
		Main(func() {
			defer func() { fmt.Println("recovered", recover()) }()
			Check(errors.New("no luck"))
		}, n)
	},
	"panic":   func() { Main(func() { cellN = 100; panic("oh") }, n) },
	"nil map": func() { Main(func() { cellN = 100; cellM[1]++ }, n) },
	"exit":    func() { Main(func() { cellN = 100; os.Exit(0) }, n) },
	"stderr": func() {
		Main(func() {
			fmt.Fprint(Stderr, "a ")
			_, _ = Stderr.WriteString("b ")
			_, _ = io.Copy(Stderr, strings.NewReader("c\n"))
		})
	},
	"channel":   func() { Main(func() { cellCh = make(chan int) }, Var{Name: "ch", Ptr: &cellCh, New: true}) },
	"receive":   func() { Main(func() {}, Var{Name: "ch", Ptr: &cellCh}) },
	"goroutine": func() { Main(func() { go func() { select {} }(); cellN++ }, n) },
	"torn": func() {
		Main(func() {
			for i := range 100_000 {
				cellL = append(cellL, &node{val: i})
			}
			go func() {
				for {
					for _, n := range cellL {
						n.val++
					}
				}
			}()
		}, l)
	},
}

var n, l = Var{Name: "n", Type: "int", Ptr: &cellN}, Var{Name: "l", Type: "[]*node", Ptr: &cellL}

func TestMain(m *testing.M) {
	if name := os.Getenv("SESSION_CELL"); name != "" {
		cells[name]()
		return
	}
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, out, err string // err: how the standard error begins
		code           int
	}{
		{"count", "1, 1\n", "", 0},
		{"count", "2, 2\n", "", 0},
		{"string", "\"a \\\"b\\\"\"\n", "", 0},
		{"lines", "a\nb\n", "", 0},
		{"error", "file does not exist\n", "", 0},
		{"nil error", "<nil>, <nil>, {A:<nil>}\n", "", 0},
		{"nil *err", "<nil>\n", "", 0},
		{"bundle", "a picture\n", "", 0},
		{"check", "deferred\n", "error: no luck\n\tmain.main", 1},
		{"check1", "", "error: open /nowhere: no such file or directory\n", 1},
		{"no error", "7\n", "", 0},
		{"recovered", "recovered no luck\n", "", 0},
		{"panic", "", "panic: oh\n\ngoroutine 1 [running]:\nspikebook/kernel/session.init.func", 2},
		{"nil map", "", "panic: assignment to entry in nil map\n", 2},
		{"exit", "", "", 0},
		{"stderr", "", "a b c\n", 0},
		{"count", "3, 3\n", "", 0},
		{"channel", "", "note: ch: a channel cannot be kept between cells; make it in the cell that uses it\n", 0},
		{"receive", "", "ch was not kept: a channel cannot be kept between cells; make it in the cell that uses it\n", 3},
		{"goroutine", "", "note: goroutines that the cell started were still running at its end (1); they stop here\n", 0},
		{"torn", "", "the cell's goroutines are still changing its variables", 3},
		{"count", "5, 4\n", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "SESSION_CELL="+c.name, "SPIKEBOOK_SESSION="+dir)
			var out, errs strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &errs
			_ = cmd.Run() // the exit code says it
			code := cmd.ProcessState.ExitCode()
			if out.String() != c.out || !strings.HasPrefix(errs.String(), c.err) || c.err == "" && errs.Len() > 0 || code != c.code {
				t.Errorf("exit code %d, output %q, errors\n%s", code, out.String(), errs.String())
			}
		})
	}
	info, err := Inspect(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := &Info{Generation: info.Generation, Vars: []VarInfo{
		{Name: "ch", Refused: "a channel cannot be kept between cells; make it in the cell that uses it"},
		{Name: "l", Type: "[]*node", Size: info.Vars[1].Size, Preview: "[*session.node *session.node *session.node *session.node]"},
		{Name: "n", Type: "int", Size: 8, Preview: "5"},
	}}
	for i := range info.Vars {
		info.Vars[i].Dynamic, info.Vars[i].Funcs = nil, nil
	}
	if !reflect.DeepEqual(info, want) {
		t.Errorf("%+v", info)
	}
}

// TestUnreadable: what cannot be read or written says which file, and what to do.
func TestUnreadable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "manifest")
	if err := os.WriteFile(file, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SESSION_CELL=count", "SPIKEBOOK_SESSION="+filepath.Dir(file))
	out, err := cmd.CombinedOutput()
	want := "the session's file manifest is damaged (it is no manifest of this version); %session forget starts afresh\n"
	if string(out) != want || err == nil || cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("%s %v", out, err)
	}
}

func TestSelfTest(t *testing.T) {
	if err := SelfTest(); err != nil {
		t.Error(err)
	}
}

func BenchmarkTypesNamed(b *testing.B) {
	for b.Loop() {
		if len(typesNamed("time.Duration", "time.Duration")) != 1 {
			b.Fatal("time.Duration is not found")
		}
	}
}
