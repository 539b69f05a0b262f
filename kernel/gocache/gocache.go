// Package gocache is a build cache for the go command, which starts it as
// GOCACHEPROG says: a folder of one user's, laid over one of the same kind that
// an administrator has filled and that users may only read. So what cells need
// is compiled once for all users, and nobody can put anything into what another
// runs.
package gocache

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"spikebook/kernel/atomicfile"
)

// Subcommand is the name by which the spikebook command is a build cache.
const Subcommand = "go-cache"

// Setting returns the value of GOCACHEPROG for a program that is this command.
// The folders are as for [Main].
func Setting(program string, folders ...string) (string, error) {
	words := append([]string{program, Subcommand}, folders...)
	for i, w := range words {
		switch { // the go command splits at blanks, and knows quotes but no escapes
		case !strings.ContainsAny(w, " \t\n\r'\""):
		case !strings.Contains(w, "'"):
			words[i] = "'" + w + "'"
		case !strings.Contains(w, `"`):
			words[i] = `"` + w + `"`
		default:
			return "", fmt.Errorf("the path %s has quotes of both kinds, which the go command cannot be told: choose another", w)
		}
	}
	return strings.Join(words, " "), nil
}

// Main is the build cache: its own folder, and one that is shared if there are
// two arguments.
func Main(args []string) int {
	if len(args) < 1 || len(args) > 2 {
		fmt.Fprintf(os.Stderr, "usage: spikebook %s FOLDER [SHARED] (the go command calls this)\n", Subcommand)
		return 2
	}
	c := cache{own: args[0]}
	if len(args) == 2 {
		c.shared = args[1]
	}
	if err := c.serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "spikebook "+Subcommand+":", err)
		return 1
	}
	return 0
}

// request and response are the messages of the go command's protocol, one line
// of JSON each; `go doc cmd/go/internal/cacheprog` describes them.
type request struct {
	ID                 int64
	Command            string
	ActionID, OutputID []byte
	BodySize           int64
}

type response struct {
	ID            int64
	Err           string     `json:",omitempty"`
	KnownCommands []string   `json:",omitempty"`
	Miss          bool       `json:",omitempty"`
	OutputID      []byte     `json:",omitempty"`
	Size          int64      `json:",omitempty"`
	Time          *time.Time `json:",omitempty"`
	DiskPath      string     `json:",omitempty"`
}

type cache struct{ own, shared string }

// serve answers the go command until it closes the cache or is gone.
func (c cache) serve(from io.Reader, to io.Writer) error {
	in, out := json.NewDecoder(bufio.NewReader(from)), json.NewEncoder(to)
	if err := out.Encode(response{KnownCommands: []string{"get", "put", "close"}}); err != nil {
		return err
	}
	for {
		var r request
		err := in.Decode(&r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		var body []byte
		if err == nil && r.Command == "put" && r.BodySize > 0 {
			err = in.Decode(&body)
		}
		if err != nil {
			return err
		}
		var answer response
		switch r.Command {
		case "get":
			answer, err = c.get(r.ActionID)
		case "put":
			answer, err = c.put(r, body)
		case "close":
			err = c.trim(time.Now())
		default:
			err = fmt.Errorf("unknown command %q", r.Command)
		}
		if answer.ID = r.ID; err != nil {
			answer.Err = err.Error()
		}
		if err := out.Encode(answer); err != nil || r.Command == "close" {
			return err
		}
	}
}

// An action is a file with the identifier of its output, which is another file.
func action(dir string, id []byte) string { return file(dir, id, "-a") }
func output(dir string, id []byte) string { return file(dir, id, "-d") }

func file(dir string, id []byte, suffix string) string {
	name := hex.EncodeToString(id)
	return filepath.Join(dir, name[:2], name+suffix)
}

// entry is what the file of an action holds.
type entry struct {
	OutputID []byte
	Size     int64
	Time     time.Time
}

// get looks for an action in both folders. An entry that is not whole counts as
// missing: the go command makes it again.
func (c cache) get(id []byte) (response, error) {
	if len(id) == 0 {
		return response{}, errors.New("get: no action")
	}
	for _, dir := range []string{c.own, c.shared} {
		if dir == "" {
			continue
		}
		var e entry
		data, err := os.ReadFile(action(dir, id))
		if err != nil || json.Unmarshal(data, &e) != nil || len(e.OutputID) == 0 {
			continue
		}
		path := output(dir, e.OutputID)
		if info, err := os.Stat(path); err != nil || info.Size() != e.Size {
			continue
		}
		if dir == c.own {
			used(action(dir, id))
			used(path)
		}
		return response{OutputID: e.OutputID, Size: e.Size, Time: &e.Time, DiskPath: path}, nil
	}
	return response{Miss: true}, nil
}

// put writes an output to the own folder, then the action that leads to it.
func (c cache) put(r request, body []byte) (response, error) {
	if len(r.ActionID) == 0 || len(r.OutputID) == 0 {
		return response{}, errors.New("put: no action or no output")
	}
	if int64(len(body)) != r.BodySize {
		return response{}, fmt.Errorf("put: got %d bytes, expected %d", len(body), r.BodySize)
	}
	e := entry{r.OutputID, r.BodySize, time.Now()}
	data, err := json.Marshal(e)
	if err != nil {
		return response{}, err
	}
	path := output(c.own, r.OutputID)
	if info, err := os.Stat(path); err != nil || info.Size() != e.Size {
		if err := write(path, body); err != nil {
			return response{}, err
		}
	}
	return response{DiskPath: path}, write(action(c.own, r.ActionID), data)
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, data)
}

// The times of the go command's own cache: what was not used for so long is
// removed, looked for once a day; so old a time of use is written anew.
const (
	unused   = 5 * 24 * time.Hour
	interval = 24 * time.Hour
	fresh    = time.Hour
)

// used notes that a file was used, as well as can be.
func used(path string) {
	now := time.Now()
	if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > fresh {
		_ = os.Chtimes(path, now, now)
	}
}

// trim removes from the own folder what was not used for long.
func (c cache) trim(now time.Time) error {
	mark := filepath.Join(c.own, "trimmed")
	info, err := os.Stat(mark)
	if err == nil && now.Sub(info.ModTime()) < interval {
		return nil
	}
	if _, err := os.Stat(c.own); errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was ever put there
	}
	if err := atomicfile.Write(mark, nil); err != nil {
		return err
	}
	return filepath.WalkDir(c.own, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // another process has removed it
		}
		if info, err := d.Info(); err == nil && now.Sub(info.ModTime()) > unused {
			err = os.Remove(path)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
}
