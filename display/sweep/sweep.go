// Package sweep looks at a sweep: a notebook that was executed many times, each
// time with other parameters, by `spikebook exec -p` or by papermill. It reads the
// executed notebooks and makes one table and one picture of what they have kept
// with display.Record. It does not know how they were run.
package sweep

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"spikebook/display"
)

// Run is one executed notebook.
type Run struct {
	Path string

	// Params are the values that its parameters were set to, and Records what it
	// has recorded: float64, bool, string, []any or map[string]any, as in JSON.
	Params, Records map[string]any

	// Failure says why it did not run to its end. It is empty if it did.
	Failure string
}

// Runs are the runs of a sweep. A cell that ends with them shows their table.
type Runs []Run

// Read reads the notebooks that a pattern matches, such as "runs/*.ipynb"; see
// [filepath.Glob]. They are sorted by their parameters.
func Read(pattern string) (Runs, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("sweep: pattern %q: %w", pattern, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("sweep: no notebook matches %q; a run that was killed leaves none", pattern)
	}
	runs := make(Runs, 0, len(paths))
	for _, path := range paths {
		run, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("sweep: %s: %w", path, err)
		}
		runs = append(runs, run)
	}
	names := runs.names(params)
	slices.SortStableFunc(runs, func(a, b Run) int {
		for _, name := range names {
			if c := compare(a.Params[name], b.Params[name]); c != 0 {
				return c
			}
		}
		return 0
	})
	return runs, nil
}

// file is what is looked at of a notebook file.
type file struct {
	Format   int `json:"nbformat"`
	Metadata struct {
		Papermill struct { // exec writes it, too
			Parameters map[string]any `json:"parameters"`
			Exception  *bool          `json:"exception"`
		} `json:"papermill"`
	} `json:"metadata"`
	Cells []struct {
		Metadata struct {
			Tags []string `json:"tags"`
		} `json:"metadata"`
		Outputs []struct {
			Type   string                     `json:"output_type"`
			EName  string                     `json:"ename"`
			EValue string                     `json:"evalue"`
			Data   map[string]json.RawMessage `json:"data"`
		} `json:"outputs"`
	} `json:"cells"`
}

func read(path string) (Run, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Run{}, err
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return Run{}, fmt.Errorf("not a notebook: %w", err)
	}
	if f.Format != 4 {
		return Run{}, fmt.Errorf("not a notebook of format 4 (nbformat is %d)", f.Format)
	}
	run := Run{Path: path, Params: f.Metadata.Papermill.Parameters, Records: map[string]any{}}
	if run.Params == nil {
		run.Params = map[string]any{}
	}
	for _, c := range f.Cells {
		for _, out := range c.Outputs {
			if out.Type == "error" && run.Failure == "" && !slices.Contains(c.Metadata.Tags, "raises-exception") {
				run.Failure = out.EName + ": " + out.EValue
			}
			scrap, ok := out.Data[display.RecordMIME]
			if !ok {
				continue
			}
			var record struct {
				Name string `json:"name"`
				Data any    `json:"data"`
			}
			if err := json.Unmarshal(scrap, &record); err != nil {
				return Run{}, fmt.Errorf("a recorded value: %w", err)
			}
			run.Records[record.Name] = record.Data
		}
	}
	if failed := f.Metadata.Papermill.Exception; run.Failure == "" && failed != nil && *failed {
		run.Failure = "it ended before its last cell"
	}
	return run, nil
}

// Number returns a record or, if there is none of that name, a parameter, as a
// number: NaN if it is missing or is none.
func (r *Run) Number(name string) float64 {
	value, ok := r.Records[name]
	if !ok {
		value = r.Params[name]
	}
	return number(value)
}

func number(value any) float64 {
	switch v := value.(type) {
	case float64:
		return v
	case string: // "NaN", "+Inf" and "-Inf", which JSON cannot have as numbers
		if x, err := strconv.ParseFloat(v, 64); err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
			return x
		}
	}
	return math.NaN()
}

// Failed returns the runs that did not run to their end.
func (runs Runs) Failed() Runs {
	return slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Failure == "" })
}

// params and records choose a kind of column.
func params(r *Run) map[string]any  { return r.Params }
func records(r *Run) map[string]any { return r.Records }

// names returns the names of the columns that some run has, sorted.
func (runs Runs) names(of func(*Run) map[string]any) []string {
	var names []string
	for i := range runs {
		for name := range of(&runs[i]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// values returns the different values of a parameter, sorted.
func (runs Runs) values(name string) []any {
	var values []any
	for i := range runs {
		if value, ok := runs[i].Params[name]; ok {
			values = append(values, value)
		}
	}
	slices.SortFunc(values, compare)
	return slices.CompactFunc(values, func(a, b any) bool { return compare(a, b) == 0 })
}

// compare orders values: numbers by size, before all else, which goes by its text.
func compare(a, b any) int {
	x, xIs := a.(float64)
	y, yIs := b.(float64)
	switch {
	case xIs && yIs:
		return cmp.Compare(x, y)
	case xIs:
		return -1
	case yIs:
		return 1
	}
	return cmp.Compare(text(a), text(b))
}

// text writes a value as it would be typed.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}
