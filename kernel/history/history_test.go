package history

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// store is a history whose log can be read when it is closed.
type store struct {
	*Store
	log bytes.Buffer
}

func open(t *testing.T, path string) *store {
	s := &store{}
	s.Store = Open(path, slog.New(slog.NewTextHandler(&s.log, nil)))
	t.Cleanup(func() { s.close(t) })
	return s
}

func (s *store) close(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s.Close(ctx)
	if ctx.Err() != nil {
		t.Error("closing takes too long")
	}
}

// session writes the sources as the lines of a new session and closes it.
func session(t *testing.T, path string, sources ...string) {
	s := open(t, path)
	s.lines(sources...)
	s.close(t)
}

func (s *store) lines(sources ...string) {
	for i, source := range sources {
		s.Append(i+1, source)
	}
}

// show writes entries as "session:line source=output".
func show(entries []Entry) string {
	var all []string
	for _, e := range entries {
		text := fmt.Sprintf("%d:%d %s", e.Session, e.Line, e.Source)
		if e.Output != nil {
			text += "=" + *e.Output
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func TestQueries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "history.sqlite")
	session(t, path, "a", "b/1", "a")
	session(t, path) // does not count
	asked := open(t, path)
	asked.Tail(Query{}) // counts
	asked.close(t)
	session(t, path, "c", "[x]", "a*b\nc", "ä", "a")
	s := open(t, path)
	s.lines("d", "a", "e?", "f", "d")
	s.Output(1, "first")
	s.Output(1, "D")
	s.Output(9, "of a line that is not there")
	s.Append(4, "g")
	all := Query{N: -1}
	for _, test := range []struct {
		name string
		got  []Entry
		want string
	}{
		{"tail", s.Tail(Query{N: 2}), "4:4 g, 4:5 d"},
		{"tail of several sessions", s.Tail(Query{N: 7}), "3:4 ä, 3:5 a, 4:1 d, 4:2 a, 4:3 e?, 4:4 g, 4:5 d"},
		{"tail of nothing", s.Tail(Query{}), ""},
		{"the whole tail", s.Tail(all), "1:1 a, 1:2 b/1, 1:3 a, 3:1 c, 3:2 [x], 3:3 a*b\nc, 3:4 ä, 3:5 a, 4:1 d, 4:2 a, 4:3 e?, 4:4 g, 4:5 d"},
		{"unique tail", s.Tail(Query{N: 4, Unique: true}), "4:2 a, 4:3 e?, 4:4 g, 4:5 d"},
		{"the whole unique tail", s.Tail(Query{N: -1, Unique: true}), "1:2 b/1, 3:1 c, 3:2 [x], 3:3 a*b\nc, 3:4 ä, 4:2 a, 4:3 e?, 4:4 g, 4:5 d"},
		{"tail with outputs", s.Tail(Query{N: 5, Output: true}), "4:1 d=D, 4:2 a, 4:3 e?, 4:4 g, 4:5 d"},

		{"range", s.Range(0, 2, 4, false), "4:2 a, 4:3 e?"},
		{"range with outputs", s.Range(0, 1, 3, true), "4:1 d=D, 4:2 a"},
		{"range to the end", s.Range(0, 4, 0, false), "4:4 g, 4:5 d"},
		{"range from the start", s.Range(0, 0, 2, false), "4:1 d"},
		{"range of the last lines", s.Range(0, -2, 0, false), "4:4 g, 4:5 d"},
		{"range before the last lines", s.Range(0, 1, -3, false), "4:1 d, 4:2 a"},
		{"range of this session by number", s.Range(4, 1, 2, false), "4:1 d"},
		{"range of an earlier session", s.Range(1, 2, 9, false), "1:2 b/1, 1:3 a"},
		{"range of the session before", s.Range(-1, -1, 0, false), "3:5 a"},
		{"range of an empty session", s.Range(-2, 0, 0, false), ""},
		{"range of no session", s.Range(-7, 0, 0, false), ""},
		{"range the wrong way round", s.Range(0, 4, 2, false), ""},

		{"search", s.Search("b*", all), "1:2 b/1"},
		{"search is for the whole input", s.Search("b", all), ""},
		{"search ?", s.Search("?", Query{N: 3}), "4:2 a, 4:4 g, 4:5 d"},
		{"search unique", s.Search("?", Query{N: -1, Unique: true}), "3:1 c, 3:4 ä, 4:2 a, 4:4 g, 4:5 d"},
		{"search the last unique", s.Search("*", Query{N: 3, Unique: true}), "4:3 e?, 4:4 g, 4:5 d"},
		{"search with outputs", s.Search("d", Query{N: -1, Unique: true, Output: true}), "4:5 d"},
		{"search a set", s.Search("[cd]", all), "3:1 c, 4:1 d, 4:5 d"},
		{"search a range, negated", s.Search("[^a-f]", all), "3:4 ä, 4:4 g"},
		{"search a bracket", s.Search("[[]*]", all), "3:2 [x]"},
		{"search an open bracket", s.Search("[", all), ""},
		{"search an asterisk", s.Search("a[*]*", all), "3:3 a*b\nc"},
		{"search a question mark", s.Search("*[?]", all), "4:3 e?"},
		{"search a slash", s.Search("*/*", all), "1:2 b/1"},
		{"search what is not there", s.Search("*none*", all), ""},
		{"search nothing", s.Search("", all), ""},
	} {
		if got := show(test.got); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	s.close(t)
	if s.log.Len() > 0 {
		t.Errorf("logged: %s", &s.log)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others may read what was typed", info.Mode(), err)
	}
	if s.Append(1, "late"); s.Tail(all) != nil {
		t.Error("a closed history answers")
	}
}

// The schema is IPython's: whatever reads its files reads ours.
func TestSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.sqlite")
	s := open(t, path)
	s.lines("x", "y")
	s.Output(2, "Y")
	s.close(t)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]string{
		`SELECT session || ' ' || num_cmds || remark || (start <= end) FROM sessions`:              "1 21",
		`SELECT group_concat(session || line || source || source_raw) FROM history`:                "11xx,12yy",
		`SELECT group_concat(session || line || output) FROM output_history`:                       "12Y",
		`SELECT group_concat(name || ' ' || type || ' ' || pk) FROM pragma_table_info('sessions')`: "session INTEGER 1,start timestamp 0,end timestamp 0,num_cmds INTEGER 0,remark TEXT 0",
	} {
		var got string
		if err := db.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", query, got, err, want)
		}
	}
}

// Several kernels write the same file.
func TestTwoStores(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.sqlite")
	const lines = 50
	var stores [2]*store
	var done sync.WaitGroup
	for i := range stores {
		stores[i] = open(t, path)
		done.Go(func() {
			for line := range lines {
				stores[i].Append(line+1, fmt.Sprint("store ", i))
			}
		})
	}
	done.Wait()
	for i, s := range stores { // each sees itself last
		mine := s.Tail(Query{N: lines})
		if len(mine) != lines || mine[0].Source != fmt.Sprint("store ", i) || mine[lines-1].Line != lines {
			t.Errorf("store %d: %s", i, show(mine))
		}
	}
	stores[0].close(t)
	stores[1].close(t)
	s := open(t, path)
	all := s.Tail(Query{N: -1})
	if len(all) != 2*lines || all[0].Session == all[lines].Session {
		t.Errorf("%d inputs are kept: %s", len(all), show(all))
	}
	for _, s := range stores {
		if s.log.Len() > 0 {
			t.Errorf("logged: %s", &s.log)
		}
	}
}

// What cannot be used is replaced by memory, and said once.
func TestUnusableFiles(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, path string){
		"not a database": func(t *testing.T, path string) { write(t, path, strings.Repeat("not a database ", 1000)) },
		"cut": func(t *testing.T, path string) {
			session(t, path, "x")
			if err := os.Truncate(path, 1000); err != nil {
				t.Fatal(err)
			}
		},
		"another schema": func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(`CREATE TABLE history (a)`); err != nil {
				t.Fatal(err)
			}
		},
		"a folder": func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.sqlite")
			prepare(t, path)
			fallsBack(t, path)
		})
	}
	t.Run("a file as folder", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		write(t, file, "")
		fallsBack(t, filepath.Join(file, "history.sqlite"))
	})
}

func fallsBack(t *testing.T, path string) {
	s := open(t, path)
	s.lines("a", "b")
	s.Output(2, "B")
	if got, want := show(s.Tail(Query{N: 9, Output: true})), "1:1 a, 1:2 b=B"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.close(t)
	if n := strings.Count(s.log.String(), "level="); n != 1 || !strings.Contains(s.log.String(), path) {
		t.Errorf("logged %d times, want once, with the name of the file: %s", n, &s.log)
	}
}

// The file may be damaged while it is in use.
func TestFileFailsLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.sqlite")
	s := open(t, path)
	s.lines("a", "b")
	s.Output(1, "A")
	s.Tail(Query{}) // they are written
	write(t, path, strings.Repeat("not a database ", 1000))
	s.Append(3, "c")
	if got, want := show(s.Tail(Query{N: 9, Output: true})), "1:1 a=A, 1:2 b, 1:3 c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.close(t)
	if n := strings.Count(s.log.String(), "level="); n != 1 {
		t.Errorf("logged %d times, want once: %s", n, &s.log)
	}
}

func TestMemory(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{Memory, Off} {
		s := open(t, name)
		s.lines("a")
		if got := show(s.Tail(Query{N: 9})); got != "1:1 a" {
			t.Errorf("%s: got %s", name, got)
		}
		s.close(t)
	}
	if files, err := os.ReadDir("."); len(files) > 0 || err != nil {
		t.Errorf("files: %v, %v", files, err)
	}
}

func TestPath(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	for _, test := range []struct{ variable, data, want string }{
		{"", "", "/home/me/.local/share/spikebook/history.sqlite"},
		{"", "/data", "/data/spikebook/history.sqlite"},
		{"", "not/absolute", "/home/me/.local/share/spikebook/history.sqlite"},
		{"/elsewhere", "/data", "/elsewhere"},
		{"off", "/data", Off},
	} {
		t.Setenv(Variable, test.variable)
		t.Setenv("XDG_DATA_HOME", test.data)
		if got := Path(); got != test.want {
			t.Errorf("%+v: got %s", test, got)
		}
	}
	t.Setenv(Variable, "")
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv("HOME", "")
	if got := Path(); got != Memory {
		t.Errorf("without a home: %s", got)
	}
}

func TestEntriesAreComparable(t *testing.T) {
	s := open(t, Memory)
	s.Append(1, "a")
	if got, want := s.Tail(Query{N: 1}), []Entry{{Session: 1, Line: 1, Source: "a"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v: nobody asked for an output", got, want)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
