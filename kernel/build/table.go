package build

import (
	"encoding/json"
	"fmt"
	"os"
	"spikebook/kernel/atomicfile"
	"strings"
)

// table is what the file of an [Index] holds.
type table struct {
	Fingerprint string // of what the packages were compiled with
	ToolDir     string
	Env         []string // settings that the tools must be told, as assignments
	Count       int      // of the packages
	packages    []*pkg
}

// The file of a table: a line of JSON, then a line for each package. It is read
// whenever a kernel starts, and JSON throughout takes several times as long.

// readTable reads the file of a table; ok is false if there is none for this
// fingerprint.
func readTable(file, fingerprint string) (t *table, ok bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, false
	}
	head, text, _ := strings.Cut(string(data), "\n")
	t = &table{}
	if err := json.Unmarshal([]byte(head), t); err != nil || t.Fingerprint != fingerprint {
		return nil, false
	}
	t.packages = make([]*pkg, 0, t.Count)
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 6 {
			return nil, false
		}
		t.packages = append(t.packages, &pkg{
			Root: strings.Contains(f[0], "root"), Std: strings.Contains(f[0], "std"),
			Path: f[1], Name: f[2], Dir: f[3], Export: f[4], Imports: strings.Fields(f[5]),
		})
	}
	return t, len(t.packages) == t.Count && t.Count > 0
}

// write writes the file of a table. It appears whole or not at all.
func (t *table) write(file string) error {
	t.Count = len(t.packages)
	data, err := json.Marshal(t)
	if err != nil {
		return err
	}
	for _, p := range t.packages {
		flags := "-"
		if p.Root {
			flags += "root"
		}
		if p.Std {
			flags += "std"
		}
		line := strings.Join([]string{flags, p.Path, p.Name, p.Dir, p.Export, strings.Join(p.Imports, " ")}, "\t")
		if strings.Count(line, "\t") != 5 || strings.Contains(line, "\n") {
			return fmt.Errorf("package %s: a path with a tab or a line break cannot be kept", p.Path)
		}
		data = append(data, "\n"+line...)
	}
	return atomicfile.Write(file, append(data, '\n'))
}
