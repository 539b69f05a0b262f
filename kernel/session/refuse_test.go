package session

import (
	"bytes"
	"compress/flate"
	"context"
	html "html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"
	"unique"
)

type server struct {
	in struct{ jobs []chan int }
}

// TestRefused: a variable that reaches something that lives in one process only is refused whole, by name, and is an error for
// the cell that uses it later; what it shares with other variables stays with them.
// compressor is a value that needs functions of its package.
func compressor(t *testing.T) *flate.Writer {
	w, err := flate.NewWriter(io.Discard, 5)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestRefused(t *testing.T) {
	file, err := os.Open("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	shared := &node{val: 5}
	for _, c := range []struct {
		name, want string
		x          any // a pointer to the variable
	}{
		{"ch", "x: a channel cannot be kept between cells; make it in the cell that uses it", ptr(make(chan int))},
		{"nested", "x: x.in.jobs[1] is a channel, which cannot be kept between cells; make it in the cell that uses it", ptr(&server{in: struct{ jobs []chan int }{[]chan int{nil, make(chan int)}}})},
		{"in a map", "x: x[…] is a channel, which cannot be kept between cells; make it in the cell that uses it", ptr(map[string]chan int{"a": make(chan int)})},
		{"in an interface", "x: a channel cannot be kept between cells; make it in the cell that uses it", ptr(any(make(chan int)))},
		{"file", "x: an open file cannot be kept between cells; open it in the cell that uses it", ptr(file)},
		{"reader over a file", "x: x.R is an open file, which cannot be kept between cells; open it in the cell that uses it", ptr(&io.LimitedReader{R: file, N: 1})},
		{"context", "x: a context with a deadline cannot be kept between cells; make it in the cell that uses it", ptr(ctx)},
		{"context with values", "x: x.Context is a context with a deadline, which cannot be kept between cells; make it in the cell that uses it", ptr(context.WithValue(ctx, cat(1), 2))},
		{"timer", "x: a timer cannot be kept between cells; make it in the cell that uses it", ptr(timer)},
		{"listener", "x: x.fd is a network connection, which cannot be kept between cells; connect in the cell that uses it", ptr(listener)},
		{"client", "x: x.Transport is a pool of network connections, which cannot be kept between cells; make it in the cell that uses it", ptr(&http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()})},
		{"html", "x: a template of html/template cannot be kept between cells; parse it in the cell that uses it", ptr(html.New("a"))},
		{"compressed", "x: a reader of compressed data cannot be kept between cells; make it in the cell that uses it", ptr(flate.NewReader(nil))},
		{"function of a library", "x: x.d.bulkHasher is a function that its package needs (compress/flate.bulkHash4), which cannot be kept between cells; make it in the cell that uses it", ptr(compressor(t))},
		{"attribute", "x: x.Value.any is the text of an slog.Attr, which cannot be kept between cells; make it in the cell that uses it", ptr(slog.String("a", "b"))},
		{"reflect.Value", "x: a reflect.Value of a variable cannot be kept between cells; keep the value itself and call reflect.ValueOf where it is used", ptr(reflect.ValueOf(ptr(1)).Elem())},
		{"handle", "x: a unique.Handle cannot be kept between cells; make it in the cell that uses it", ptr(unique.Make("a"))},
		{"beside what is kept", "x: x.c is a channel, which cannot be kept between cells; make it in the cell that uses it", ptr(&struct {
			n *node
			c chan int
		}{shared, make(chan int)})},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			kept := shared
			vs := []Var{{Name: "w", Ptr: &kept, New: true}, {Name: "x", Ptr: c.x, New: true}, {Name: "z", Ptr: &kept, New: true}}
			s, err := open(dir, vs...)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.commit(false); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(s.notes, "\n"); got != c.want {
				t.Errorf("note\n%s\nwant\n%s", got, c.want)
			}
			var later *node
			s, err = open(dir, Var{Name: "w", Ptr: &later})
			if err != nil || later.val != 5 {
				t.Fatal("the other variable:", err)
			}
			if err := s.commit(false); err != nil { // does not touch x
				t.Fatal(err)
			}
			x := reflect.New(reflect.TypeOf(c.x).Elem()).Interface()
			_, err = open(dir, Var{Name: "x", Ptr: x})
			if want := strings.Replace(c.want, "x:", "x was not kept:", 1); err == nil || err.Error() != want {
				t.Errorf("later cell: %v\nwant %s", err, want)
			}
			if _, err = open(dir, Var{Name: "x", Ptr: x, New: true}); err != nil {
				t.Error("a cell that makes it again:", err)
			}
			info, err := Inspect(dir)
			if err != nil || len(info.Vars) != 3 || info.Vars[1].Refused == "" || info.Vars[0].Refused != "" {
				t.Error(info, err)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

// TestNotRefused: the same types are kept where they hold nothing.
func TestNotRefused(t *testing.T) {
	type V struct {
		C  chan int
		F  *os.File
		T  *time.Timer
		S  server
		X  context.Context
		H  *http.Client
		Tp *template.Template
		E  *os.File
	}
	w, notes := keep(t, &V{X: context.WithValue(context.Background(), cat(1), "v"), H: &http.Client{Timeout: 5}, E: os.Stderr})
	if len(notes) > 0 || w.X.Value(cat(1)) != "v" || w.H.Timeout != 5 || w.E != os.Stderr {
		t.Error(notes, w)
	}
}

// TestNoted: what is kept in another state is said once.
func TestNoted(t *testing.T) {
	type V struct {
		Net struct {
			L []struct{ act func(int) int }
		}
		Mu *sync.Mutex
		B  bytes.Buffer
	}
	n := 3
	v := &V{Mu: new(sync.Mutex)}
	v.Net.L = append(v.Net.L, struct{ act func(int) int }{func(i int) int { return i + n }})
	v.Mu.Lock()
	w, notes := keep(t, v)
	want := []string{
		"Mu: the state of a sync.Mutex is not kept; the next cell finds it unlocked",
		"Net.L.act: a function that uses variables around it (spikebook/kernel/session.TestNoted.func1) cannot be kept between cells; a later cell that calls it panics and says so; make it again there",
	}
	if !reflect.DeepEqual(notes, want) {
		t.Errorf("%q", notes)
	}
	w.Mu.Lock()
	defer func() {
		if r, _ := recover().(string); !strings.Contains(r, "TestNoted.func1, which used variables around it") {
			t.Error(r)
		}
	}()
	w.Net.L[0].act(1)
}

// TestTorn: values that a goroutine changes during the commit are not stored.
func TestTorn(t *testing.T) {
	type V struct{ A, B *node }
	dir := t.TempDir()
	commit(t, dir, &V{&node{val: 1}, nil})
	w := &V{}
	s := restore(t, dir, w)
	w.A.val = 2
	s.collect()
	g, drafts := s.plan(map[string]*refusal{})
	for _, d := range drafts {
		if bad := s.encode(g, d); bad != nil {
			t.Fatal(bad)
		}
	}
	if err := s.compare(g, drafts); err != nil {
		t.Error("nothing changed, but:", err)
	}
	for what, change := range map[string]func(){
		"number":  func() { w.A.val++ },
		"pointer": func() { w.A.next = &node{} },
	} {
		change()
		if err := s.compare(g, drafts); err != errTorn {
			t.Errorf("a %s changed: %v", what, err)
		}
	}
}
