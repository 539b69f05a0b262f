package gocache

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// talk sends lines to a cache and returns its answers, without the first.
func talk(t *testing.T, c cache, lines ...string) []response {
	t.Helper()
	var out bytes.Buffer
	if err := c.serve(strings.NewReader(strings.Join(lines, "\n")+"\n"), &out); err != nil {
		t.Fatal(err)
	}
	var all []response
	for d := json.NewDecoder(&out); d.More(); {
		var r response
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) == 0 || len(all[0].KnownCommands) != 3 {
		t.Fatalf("the cache says %+v first, expected its commands", all)
	}
	return all[1:]
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func put(id int, action, output, body string) string {
	head := fmt.Sprintf(`{"ID":%d,"Command":"put","ActionID":%q,"OutputID":%q,"BodySize":%d}`, id, b64(action), b64(output), len(body))
	if body == "" {
		return head
	}
	return head + "\n" + fmt.Sprintf("%q", b64(body))
}

func get(id int, action string) string {
	return fmt.Sprintf(`{"ID":%d,"Command":"get","ActionID":%q}`, id, b64(action))
}

// content is what an answer leads to.
func content(t *testing.T, r response) string {
	t.Helper()
	data, err := os.ReadFile(r.DiskPath)
	if err != nil || r.Err != "" || int64(len(data)) != r.Size && r.Size != 0 {
		t.Errorf("answer %+v: %q, %v", r, data, err)
	}
	return string(data)
}

func TestOneFolder(t *testing.T) {
	c := cache{own: t.TempDir()}
	got := talk(t, c, get(1, "a"), put(2, "a", "o", "body"), put(3, "e", "empty", ""), get(4, "a"), get(5, "e"), get(6, "b"))
	if !got[0].Miss || got[0].ID != 1 || !got[5].Miss {
		t.Errorf("what is not there: %+v, %+v", got[0], got[5])
	}
	if content(t, got[1]) != "body" || content(t, got[3]) != "body" || string(got[3].OutputID) != "o" || got[3].Time == nil {
		t.Errorf("put and got %+v, %+v", got[1], got[3])
	}
	if content(t, got[4]) != "" || got[4].Miss {
		t.Errorf("an empty output: %+v", got[4])
	}
	// Another process finds it; damage is a miss, which a put heals.
	if got := talk(t, c, get(1, "a")); content(t, got[0]) != "body" {
		t.Errorf("again: %+v", got[0])
	}
	if err := os.WriteFile(output(c.own, []byte("o")), []byte("bo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := talk(t, c, get(1, "a"), put(2, "a", "o", "body"), get(3, "a")); !got[0].Miss || content(t, got[2]) != "body" {
		t.Errorf("a file that is cut short: %+v", got)
	}
}

// A user reads what all share, and writes to what is their own.
func TestLaidOver(t *testing.T) {
	shared, own := t.TempDir(), filepath.Join(t.TempDir(), "own")
	talk(t, cache{own: shared}, put(1, "std", "o", "for all"))
	before := tree(t, shared)
	c := cache{own: own, shared: shared}
	got := talk(t, c, get(1, "std"), put(2, "mine", "p", "of one"), get(3, "mine"))
	if content(t, got[0]) != "for all" || !strings.HasPrefix(got[0].DiskPath, shared) {
		t.Errorf("shared: %+v", got[0])
	}
	if content(t, got[2]) != "of one" || !strings.HasPrefix(got[2].DiskPath, own) {
		t.Errorf("own: %+v", got[2])
	}
	// What a user has under the same name is theirs alone.
	if got := talk(t, c, put(1, "std", "q", "changed"), get(2, "std")); content(t, got[1]) != "changed" {
		t.Errorf("the own comes first: %+v", got[1])
	}
	if got := talk(t, cache{own: t.TempDir(), shared: shared}, get(1, "std"), get(2, "mine")); content(t, got[0]) != "for all" || !got[1].Miss {
		t.Errorf("another user: %+v", got)
	}
	if after := tree(t, shared); after != before {
		t.Errorf("the shared folder was\n%s\nand is\n%s", before, after)
	}
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		fmt.Fprintln(&all, path, info.Size(), info.ModTime())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestBadRequests(t *testing.T) {
	c := cache{own: t.TempDir()}
	for _, line := range []string{
		`{"ID":1,"Command":"get"}`, `{"ID":1,"Command":"put","ActionID":"YQ=="}`, `{"ID":1,"Command":"steal"}`,
		`{"ID":1,"Command":"put","ActionID":"YQ==","OutputID":"YQ==","BodySize":9}` + "\n" + `"YQ=="`,
	} {
		got := talk(t, c, line, get(2, "a"))
		if got[0].Err == "" || !got[1].Miss {
			t.Errorf("%s: got %+v, expected an error, then a miss", line, got)
		}
	}
	var out bytes.Buffer
	if err := c.serve(strings.NewReader("{\n"), &out); err == nil {
		t.Error("half a request is no error")
	}
	if got := talk(t, c, `{"ID":1,"Command":"close"}`, get(2, "a")); len(got) != 1 || got[0].Err != "" {
		t.Errorf("close: got %+v, expected one answer", got)
	}
}

func TestTrim(t *testing.T) {
	c := cache{own: t.TempDir()}
	talk(t, c, put(1, "old", "o", "old"), put(2, "new", "n", "new"))
	long := time.Now().Add(-unused - time.Hour)
	for _, name := range []string{action(c.own, []byte("old")), output(c.own, []byte("o")), action(c.own, []byte("new")), output(c.own, []byte("n"))} {
		if err := os.Chtimes(name, long, long); err != nil {
			t.Fatal(err)
		}
	}
	talk(t, c, get(1, "new"), `{"ID":2,"Command":"close"}`)
	if got := talk(t, c, get(1, "new"), get(2, "old")); got[0].Miss || !got[1].Miss {
		t.Errorf("got %+v, expected what was used to be kept and the rest to be gone", got)
	}
	// Once a day is enough.
	if err := os.Chtimes(output(c.own, []byte("n")), long, long); err != nil {
		t.Fatal(err)
	}
	if err := c.trim(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(output(c.own, []byte("n"))); err != nil {
		t.Error("trimmed twice in a day")
	}
}

func TestSetting(t *testing.T) {
	for _, c := range []struct{ own, want string }{
		{"/c", "/bin/spikebook go-cache /c /s"},
		{"/my c", "/bin/spikebook go-cache '/my c' /s"},
		{"/o'c", `/bin/spikebook go-cache "/o'c" /s`},
		{`/o'"c`, ""},
	} {
		got, err := Setting("/bin/spikebook", c.own, "/s")
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q, %v, expected %q", c.own, got, err, c.want)
		}
	}
}
