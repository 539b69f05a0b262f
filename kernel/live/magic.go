package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"spikebook/kernel/bridge"
)

// magics are the magic lines that the notebook answers itself.
var magics = map[string]func(*Notebook, context.Context, []string) (bridge.Page, error){
	"session": (*Notebook).sessionMagic,
	"reset":   (*Notebook).resetMagic,
	"ls":      (*Notebook).listMagic,
	"list":    (*Notebook).listMagic,
	"rm":      (*Notebook).removeMagic,
	"remove":  (*Notebook).removeMagic,
	"snn":     (*Notebook).helpMagic,
	"time":    (*Notebook).timeMagic,
	"backend": (*Notebook).backendMagic,
}

// Magic answers a line that begins with % and is ours.
func (n *Notebook) Magic(ctx context.Context, line string) (bridge.Page, error) {
	if err := n.wait(ctx); err != nil {
		return bridge.Page{}, err
	}
	if name, ok := strings.CutSuffix(strings.TrimSpace(line), "?"); ok {
		return n.question(name)
	}
	words := strings.Fields(strings.TrimPrefix(line, "%"))
	if len(words) == 0 {
		return bridge.Page{}, nil
	}
	magic, ok := magics[words[0]]
	if !ok {
		return bridge.Page{}, fmt.Errorf("%%%s is not a magic of spikebook; %%help lists GoNB's and %%snn ours", words[0])
	}
	return magic(n, ctx, words[1:])
}

const sessionUsage = `%session                 lists the variables with type, size and value
%session forget x y      forgets variables; without names, all of them
%session save FILE       writes variables and declarations to a file
%session restore FILE    reads them back; without a file, those of the last session of this notebook`

func (n *Notebook) sessionMagic(_ context.Context, words []string) (bridge.Page, error) {
	if len(words) == 0 {
		text, err := n.variables()
		return bridge.Page{Text: text}, err
	}
	args := words[1:]
	switch words[0] {
	case "forget":
		return said(n.forget(args))
	case "save":
		if len(args) != 1 {
			return bridge.Page{}, errors.New("%session save wants the name of one file")
		}
		return said(n.save(n.path(args[0])))
	case "restore":
		if len(args) > 1 {
			return bridge.Page{}, errors.New("%session restore wants the name of one file, or none for the last session of this notebook")
		}
		if len(args) == 1 {
			return said(n.restore(n.path(args[0])))
		}
		return said(n.restoreLast())
	}
	return bridge.Page{}, fmt.Errorf("%%session %s is unknown; there are\n%s", words[0], sessionUsage)
}

func said(text string, err error) (bridge.Page, error) {
	if text != "" {
		text += "\n"
	}
	return bridge.Page{Text: text}, err
}

// variables lists the variables.
func (n *Notebook) variables() (string, error) {
	n.mu.Lock()
	info, err := n.inspect()
	n.mu.Unlock()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, v := range info.Vars {
		if !hidden(v.Name) {
			value := v.Preview
			if v.Refused != "" {
				value = "not kept: " + v.Refused
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", v.Name, v.Type, size(v.Size), value)
		}
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	if b.Len() == 0 {
		return "no variables yet\n", nil
	}
	fmt.Fprintf(&b, "(kept in %s)\n", filepath.Dir(filepath.Dir(n.config.Store)))
	return b.String(), nil
}

// hidden says whether a variable is not the user's, such as the state of snn's
// random numbers: its name is none of Go's.
func hidden(name string) bool { return strings.Contains(name, ".") }

func (n *Notebook) listMagic(context.Context, []string) (bridge.Page, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := strings.Join(n.memory.Declared(), "\n")
	if text == "" {
		text = "no declarations yet"
	}
	return said(text, nil)
}

func (n *Notebook) removeMagic(_ context.Context, words []string) (bridge.Page, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(words) == 0 {
		return bridge.Page{}, errors.New("%rm wants the names of declarations; %ls lists them")
	}
	return bridge.Page{}, n.memory.Remove(words...)
}

// size writes a number of bytes for people.
func size(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v, u := float64(bytes), 0
	for v >= 1024 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	if u == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", v, units[u])
}

// path makes a file name of the user's absolute: relative names start at the
// working directory of the cells.
func (n *Notebook) path(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(n.Dir(), name)
}
