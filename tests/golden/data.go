package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strconv"

	"spikebook/snn"
)

// format is the version of the files that this program reads.
const format = "spikebook-golden-1"

// group is one file of reference cases.
type group struct {
	Format string       `json:"format"`
	Group  string       `json:"group"`
	Cases  []*reference `json:"cases"`
}

// reference is one reference case; the README of the data explains the fields.
type reference struct {
	Name                 string             `json:"name"`
	Class                string             `json:"class"`
	Params               map[string]any     `json:"params"`
	StepMode             string             `json:"step_mode"`
	Parameters           map[string]*tensor `json:"parameters"`
	SetAfterConstruction map[string]any     `json:"set_after_construction"`
	Inputs               map[string]*tensor `json:"inputs"`
	Outputs              map[string]*tensor `json:"outputs"`
	Upstream             map[string]*tensor `json:"upstream"`
	Grads                map[string]*tensor `json:"grads"`
	Targets              *tensor            `json:"targets"`
	Labels               *tensor            `json:"labels"`
	Training             []training         `json:"training"`
	Eval                 bool               `json:"eval"`
	Buffers              map[string]any     `json:"buffers"`

	unknown []string // keys that this program does not know
}

// known are the keys of a case besides those above: words, measures of how
// delicate it is, and those of group defaults.
var known = []string{"source", "note", "min_margin", "f64_diff", "required", "defaults"}

func (c *reference) UnmarshalJSON(data []byte) error {
	type plain reference
	var keys map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(data, (*plain)(c)), json.Unmarshal(data, &keys)); err != nil {
		return err
	}
	for _, k := range known {
		delete(keys, k)
	}
	for t, i := reflect.TypeFor[reference](), 0; i < t.NumField(); i++ {
		delete(keys, t.Field(i).Tag.Get("json"))
	}
	c.unknown = slices.Sorted(maps.Keys(keys))
	return nil
}

// only returns an error if a map has other keys than these: what a program does
// not know it may not pass over.
func only[V any](what string, m map[string]V, keys ...string) error {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(keys, k) {
			return unsupported(what + " " + k)
		}
	}
	return nil
}

// tensor is a tensor of the data. Numbers that JSON has no words for are
// strings.
type tensor struct{ *snn.Tensor }

func (t *tensor) UnmarshalJSON(data []byte) error {
	var raw struct {
		Shape []int `json:"shape"`
		Data  []any `json:"data"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	n := 1
	for _, d := range raw.Shape {
		n *= d
	}
	if n != len(raw.Data) {
		return fmt.Errorf("shape %v with %d values", raw.Shape, len(raw.Data))
	}
	values := make([]float32, len(raw.Data))
	for i, v := range raw.Data {
		switch v := v.(type) {
		case float64:
			values[i] = float32(v)
		case string:
			f, err := strconv.ParseFloat(v, 32)
			if err != nil {
				return err
			}
			values[i] = float32(f)
		default:
			return fmt.Errorf("value %v is neither number nor string", v)
		}
	}
	if len(raw.Shape) == 0 {
		t.Tensor = snn.Scalar(values[0])
	} else {
		t.Tensor = snn.FromSlice(values, raw.Shape...)
	}
	return nil
}

// read reads all files of a folder, in the order of their names.
func read(dir string) ([]*group, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no reference files (*.json) in %s", dir)
	}
	sort.Strings(files)
	var groups []*group
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var g group
		if err := json.Unmarshal(data, &g); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		if g.Format != format {
			return nil, fmt.Errorf("%s has format %q, expected %q", f, g.Format, format)
		}
		groups = append(groups, &g)
	}
	return groups, nil
}
