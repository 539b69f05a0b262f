package program

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"spikebook/kernel/session"
	"spikebook/kernel/session/wire"
)

// cellVariable makes the test binary the program of a cell: it names one of cells.
const cellVariable = "PROGRAM_TEST_CELL"

func TestMain(m *testing.M) {
	name, is := os.LookupEnv(cellVariable)
	if !is {
		os.Exit(m.Run())
	}
	session.Main(cells[name])
}

// startCell runs the test binary as the program of a cell.
func startCell(t *testing.T, h *Host, cell string, files ...*os.File) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	// The race detector would have each program sleep for a second at its end.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", cellVariable+"="+cell, wire.Variable+"="+h.path())
	cmd.Stderr = os.Stderr // what a cell writes before it is connected
	cmd.ExtraFiles = files
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// runCell runs a cell to its end.
func runCell(t *testing.T, h *Host, cell string, request wire.Request, events Events) (Result, error) {
	t.Helper()
	run := h.Expect(request, events)
	cmd := startCell(t, h, cell)
	err := cmd.Wait()
	result := run.Result()
	if result.Err != nil || !result.Connected || result.PID != cmd.Process.Pid {
		t.Errorf("%s: result %+v of process %d", cell, result, cmd.Process.Pid)
	}
	return result, err
}

const megabytes = 100

// block is a text that does not fit the sizes of pipes and buffers.
var block = []byte(strings.Repeat("0123456789 aé€😀\n", 1000))[:9999]

// pause returns when the kernel has seen what was put out before.
func pause() { _, _ = session.ReadLine("pause") }

var cells = map[string]func(){
	"nothing": func() {},
	"print": func() {
		fmt.Print("out ")
		fmt.Fprint(session.Stderr, "err ")
		pause()
		println("print")
	},
	"panic": func() {
		fmt.Println("before")
		pause()
		panic("oh")
	},
	"exit": func() {
		fmt.Print("before")
		os.Exit(3)
	},
	"kill": func() {
		fmt.Print("before")
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	},
	"scan": func() {
		var a, b int
		var name, rest string
		n, err := session.Scan(&a)
		fmt.Println(n, err, a)
		n, err = session.Scan(&b, &name)
		fmt.Println(n, err, b, name)
		n, err = session.Scanln(&rest)
		fmt.Println(n, err, rest)
		n, err = session.Scanf("%d-%d\n", &a, &b)
		fmt.Println(n, err, a, b)
		n, err = session.Scan(&a)
		fmt.Println(n, err)
	},
	"lines": func() {
		line, err := session.ReadLine("name? ")
		fmt.Printf("%q %v\n", line, err)
		line, err = session.ReadPassword("secret? ")
		fmt.Printf("%q %v\n", line, err)
		line, err = bufio.NewReader(session.Stdin).ReadString('\n')
		fmt.Printf("%q %v\n", line, err)
		n, err := io.Copy(os.Stdout, session.Stdin)
		fmt.Println(n, err)
		n, err = io.Copy(os.Stdout, os.Stdin) // of a library that knows nothing of the kernel
		fmt.Println(n, err)
	},
	"prints while it asks": func() {
		go func() {
			for {
				fmt.Print(".")
			}
		}()
		fmt.Println(session.ReadLine("first"))
	},
	"leave a child": func() {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), cellVariable+"=linger")
		child.Stdin = os.NewFile(3, "held by the test")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			panic(err)
		}
		fmt.Print("left ", os.Getenv(wire.Variable))
	},
	"linger": func() { _, _ = io.Copy(io.Discard, os.Stdin) },
	"much": func() {
		for left := megabytes << 20; left > 0; left -= len(block) {
			_, _ = os.Stdout.Write(block[:min(left, len(block))])
		}
	},
	"small writes": func() {
		for i := range 20_000 {
			fmt.Println(i)
		}
	},
	"turns": func() {
		for i := range 200 {
			fmt.Print(i)
			fmt.Fprint(session.Stderr, i)
		}
		_, _ = session.Stderr.WriteString("s")
		fmt.Print("o")
		_, _ = session.Stderr.ReadFrom(strings.NewReader("r"))
		for range 3 { // more than a pipe holds
			_, _ = os.Stdout.Write(block[:9999])
			_, _ = os.Stdout.Write(bytes.Repeat([]byte("o"), 200_000))
			_, _ = session.Stderr.Write(bytes.Repeat([]byte("e"), 200_000))
		}
	},
	"errors": func() {
		for i := range 10_000 {
			fmt.Fprintln(session.Stderr, i)
		}
	},
	"writes while it asks": func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = session.ReadLine("name")
		}()
		for range 4 {
			go func() {
				for {
					_, _ = session.Stderr.WriteString(".")
				}
			}()
		}
		<-done
	},
	"alternate": func() {
		for i := range 50 {
			fmt.Fprint(os.Stdout, i)
			pause()
			fmt.Fprint(os.Stderr, i)
			pause()
		}
	},
}

func TestCells(t *testing.T) {
	h := listen(t)
	for _, test := range []struct {
		cell  string
		lines []string
		want  string // events
		exit  string
		done  bool
	}{
		{cell: "nothing", done: true},
		{cell: "print", want: `stdout: out |stderr: err |input "pause" false|stderr: print` + "\n", done: true},
		{cell: "panic", want: "stdout: before\n" + `|input "pause" false|stderr: panic: oh`, exit: "exit status 2"},
		{cell: "exit", want: "stdout: before", exit: "exit status 3"},
		{cell: "kill", want: "stdout: before", exit: "signal: killed"},
		{cell: "scan", lines: []string{"1", "2", "", " Ada  Lovelace", "7-8", " "}, done: true,
			want: `input "" false|stdout: 1 <nil> 1` + "\n" +
				`|input "" false|input "" false|input "" false|stdout: 2 <nil> 2 Ada` + "\n1 <nil> Lovelace\n" +
				`|input "" false|stdout: 2 <nil> 7 8` + "\n" +
				`|input "" false|input "" false|stdout: 0 EOF` + "\n"},
		{cell: "lines", lines: []string{"Ada", "pass", "x y", "é", ""}, done: true,
			want: `input "name? " false|stdout: "Ada" <nil>` + "\n" +
				`|input "secret? " true|stdout: "pass" <nil>` + "\n" +
				`|input "" false|stdout: "x y\n" <nil>` + "\n" +
				`|input "" false|stdout: é` + "\n" +
				`|input "" false|stdout: ` + "\n" +
				`|input "" false|stdout: 4 <nil>` + "\n0 <nil>\n"},
		{cell: "errors", want: "stderr: " + numbers(10_000), done: true},
		{cell: "small writes", want: "stdout: " + numbers(20_000), done: true},
	} {
		t.Run(test.cell, func(t *testing.T) {
			var j journal
			result, err := runCell(t, h, test.cell, wire.Request{AllowInput: true}, j.events(test.lines...))
			if exit := fmt.Sprint(err); exit != test.exit && !(err == nil && test.exit == "") {
				t.Errorf("exit %q, want %q", exit, test.exit)
			}
			if result.Done != test.done {
				t.Errorf("done is %v, want %v", result.Done, test.done)
			}
			got := j.String()
			if test.exit != "" { // a trace follows
				got = got[:min(len(got), len(test.want))]
			}
			if got != test.want {
				t.Errorf("events\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

func TestAlternatingStreams(t *testing.T) {
	h := listen(t)
	var j, want journal
	events := j.events()
	events.Input = func(context.Context, string, bool) (string, bool) { return "", true }
	for i := range 50 {
		want.output("stdout", fmt.Append(nil, i))
		want.output("stderr", fmt.Append(nil, i))
	}
	if _, err := runCell(t, h, "alternate", wire.Request{AllowInput: true}, events); err != nil || j.String() != want.String() {
		t.Errorf("error %v, events\n%s, want\n%s", err, &j, &want)
	}
}

// Standard error is in order by itself, however much is written.
func TestStandardErrorInOrder(t *testing.T) {
	h := listen(t)
	var j, want journal
	for i := range 200 {
		want.output("stdout", fmt.Append(nil, i))
		want.output("stderr", fmt.Append(nil, i))
	}
	want.output("stderr", []byte("s"))
	want.output("stdout", []byte("o"))
	want.output("stderr", []byte("r"))
	for range 3 {
		want.output("stdout", append(bytes.Clone(block), bytes.Repeat([]byte("o"), 200_000)...))
		want.output("stderr", bytes.Repeat([]byte("e"), 200_000))
	}
	for range 5 { // of races
		j = journal{}
		if _, err := runCell(t, h, "turns", wire.Request{}, j.events()); err != nil || j.String() != want.String() {
			t.Fatalf("error %v, events\n%.3000s, want\n%.3000s", err, &j, &want)
		}
	}
}

// Who writes to standard error does not wait for an answer of the user.
func TestStandardErrorWhileItAsks(t *testing.T) {
	h := listen(t)
	dots := make(chan struct{}, 1000)
	events := Events{
		Output: func(string, []byte) {
			select {
			case dots <- struct{}{}:
			default:
			}
		},
		Input: func(context.Context, string, bool) (string, bool) {
			for range 10 {
				<-dots
			}
			return "typed", false
		},
	}
	if result, err := runCell(t, h, "writes while it asks", wire.Request{AllowInput: true}, events); err != nil || !result.Done {
		t.Errorf("error %v, result %+v", err, result)
	}
}

func TestInputIsNotAllowed(t *testing.T) {
	h := listen(t)
	var j journal
	if _, err := runCell(t, h, "lines", wire.Request{}, j.events("never")); err != nil {
		t.Error(err)
	}
	if got, want := j.String(), "stdout: \"\" EOF\n\"\" EOF\n\"\" EOF\n0 <nil>\n0 <nil>\n"; got != want {
		t.Errorf("events %q, want %q", got, want)
	}
}

// What is put out while the user is asked is passed on.
func TestOutputWhileItAsks(t *testing.T) {
	h := listen(t)
	dots := make(chan struct{}, 1)
	events := Events{
		Output: func(string, []byte) {
			select {
			case dots <- struct{}{}:
			default:
			}
		},
		Input: func(context.Context, string, bool) (string, bool) {
			<-dots
			<-dots
			return "typed", false
		},
	}
	if result, err := runCell(t, h, "prints while it asks", wire.Request{AllowInput: true}, events); err != nil || !result.Done {
		t.Errorf("error %v, result %+v", err, result)
	}
}

func TestKeepStdio(t *testing.T) {
	h := listen(t)
	var j journal
	run := h.Expect(wire.Request{KeepStdio: true}, j.events())
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), cellVariable+"=print", wire.Variable+"="+h.path())
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "out err print\n" {
		t.Errorf("error %v, output %q", err, out)
	}
	if run.Result(); j.String() != "" {
		t.Errorf("events %q", &j)
	}
}

// A child that the cell leaves holds its outputs, but not the run, and is no
// program of the kernel.
func TestChildIsLeft(t *testing.T) {
	h := listen(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var j journal
	run := h.Expect(wire.Request{}, j.events())
	cmd := startCell(t, h, "leave a child", r)
	r.Close()
	defer w.Close() // ends the child
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if got := run.Result(); !got.Done || got.Err != nil || j.String() != "stdout: left " {
		t.Errorf("result %+v, events %q", got, &j)
	}
}

// Much output arrives whole, and little of it is in memory at a time.
func TestMuchOutput(t *testing.T) {
	h := listen(t)
	sum := func() hash.Hash32 { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }
	got, want, size, pieces := sum(), sum(), 0, 0
	for left := megabytes << 20; left > 0; left -= len(block) {
		want.Write(block[:min(left, len(block))])
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := runCell(t, h, "much", wire.Request{}, Events{Output: func(_ string, text []byte) {
		got.Write(text)
		size += len(text)
		pieces++
	}})
	runtime.ReadMemStats(&after)
	if err != nil || size != megabytes<<20 || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Errorf("error %v, %d bytes with checksum %x, want %d with %x", err, size, got.Sum(nil), megabytes<<20, want.Sum(nil))
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 4<<20 {
		t.Errorf("%d bytes of memory were taken, want at most 4 MiB", taken)
	}
	t.Logf("%d pieces", pieces)
}

func TestFloodIsCoalesced(t *testing.T) {
	h := listen(t)
	pieces := 0
	if _, err := runCell(t, h, "small writes", wire.Request{}, Events{Output: func(string, []byte) { pieces++ }}); err != nil {
		t.Error(err)
	}
	if pieces > 1000 {
		t.Errorf("%d pieces, want at most 1000 of 20000 writes", pieces)
	}
	t.Logf("%d pieces", pieces)
}
