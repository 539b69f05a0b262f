package cell

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spikebook/kernel/session"
)

var linked = regexp.MustCompile(`session__\.Link\((.*)\)\n`)

// links lists what a program keeps linked, with the names of packages in the
// place of ours.
func links(p *Program) (list []string) {
	text := p.Files["vars.go"]
	for _, m := range linked.FindAllStringSubmatch(text, -1) {
		link := m[1]
		for _, i := range regexp.MustCompile(`(?m)^import (\w+) "(.*)"$`).FindAllStringSubmatch(text, -1) {
			link = strings.ReplaceAll(link, i[1], i[2])
		}
		list = append(list, link)
	}
	slices.Sort(list)
	return list
}

func TestIsThere(t *testing.T) {
	c := &compiler{Memory: newMemory(t)}
	for maker, want := range map[string]bool{
		"{crypto/sha256}.New": true, "(*{net}.Dialer).Dial": true, "({io/fs}.FS).Open": true, "&{crypto/rand}.Reader": true,
		"{crypto/sha256}.Old": false, "(*{net}.Dialer).Dyal": false, "({io/fs}.FZ).Open": false, "{no/such}.New": false, "": false,
	} {
		if c.isThere(maker) != want {
			t.Errorf("%s: want %v", maker, want)
		}
	}
}

// The last cell of a row runs when the values hold the types.
func TestMakers(t *testing.T) {
	const digest = "crypto/internal/fips140/sha256.Digest"
	for _, test := range []struct {
		name  string
		cells []string
		types map[string][]string
		want  string
	}{
		{"a hash", []string{"h := sha256.New()", "h.Sum(nil)"}, map[string][]string{"h": {digest}}, "crypto/sha256.New"},
		{"none is needed", []string{"h := sha256.New()", "h.Sum(nil)"}, map[string][]string{"h": {"strings.Reader"}}, ""},
		{"what the cell has anyway", []string{"h := sha256.New()", "g := sha256.New()\nh == g"}, map[string][]string{"h": {digest}}, ""},
		{"of a variable that it is made of", []string{"h := sha256.New()", "x := any(h)", "x"}, map[string][]string{"h": {digest}, "x": {digest}}, "crypto/sha256.New"},
		{"in a function", []string{"func mk() hash.Hash { return sha256.New() }", "h := mk()", "h"}, map[string][]string{"h": {digest}}, "crypto/sha256.New"},
		{"not of a number", []string{"h := sha256.New()\nn := h.Size()", "n"}, map[string][]string{"n": {digest}}, ""},
		{"a method of a pointer", []string{"var d net.Dialer\nc, err := d.Dial(\"tcp\", \"x\")", "err"}, map[string][]string{"err": {"internal/x.y"}}, "(*net.Dialer).Dial"},
		{"a method of an interface", []string{"var f fs.FS\nx, _ := f.Open(\"a\")", "x"}, map[string][]string{"x": {"internal/x.y"}}, "(io/fs.FS).Open"},
		{"a variable of a package", []string{"import crand \"crypto/rand\"\nr := crand.Reader", "r"}, map[string][]string{"r": {"internal/x.y"}}, "&crypto/rand.Reader"},
		{"not generic", []string{"m := slices.Clone([]error{nil})", "m"}, map[string][]string{"m": {"internal/x.y"}}, ""},
		{"of an unexported type", []string{"e := error(nil)", "e"}, map[string][]string{"e": {"errors.errorString"}}, "errors.Join errors.New errors.Unwrap"},
		{"of an unexported type behind a pointer", []string{"e := error(nil)", "e"}, map[string][]string{"e": {"container/ring.x"}}, "container/ring.New"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMemory(t)
			stored := &session.Info{}
			for n, types := range test.types {
				stored.Vars = append(stored.Vars, session.VarInfo{Name: n, Dynamic: types})
			}
			for _, src := range test.cells[:len(test.cells)-1] {
				p, err := m.Compile(src, nil)
				if err != nil {
					t.Fatal(err)
				}
				p.Done(true)
			}
			var programs []string
			for range 2 {
				saved, err := json.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				m = newMemory(t)
				if err := json.Unmarshal(saved, m); err != nil {
					t.Fatal(err)
				}
				p, err := m.Compile(test.cells[len(test.cells)-1], stored)
				if err != nil {
					t.Fatal(err)
				}
				p.Done(true)
				programs = append(programs, fmt.Sprint(p.Files))
				if got := strings.Join(links(p), " "); got != test.want {
					t.Errorf("links %q, want %q", got, test.want)
				}
			}
			if programs[0] != programs[1] {
				t.Errorf("the cell run again is another program:\n%s\nnot\n%s", programs[1], programs[0])
			}
		})
	}
}
