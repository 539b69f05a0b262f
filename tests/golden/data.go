package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
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

// difference is the largest difference between two tensors over
// max(1, largest wanted value), as the README of the data compares. Two NaN are
// equal, and so are two equal infinities; tensors of different shapes differ
// infinitely.
func difference(got, want *snn.Tensor) float64 {
	if !snn.SameShape(got, want) {
		return math.Inf(1)
	}
	largest, scale := 0.0, 1.0
	for i, w := range want.Data() {
		g, w := float64(got.Data()[i]), float64(w)
		if !math.IsInf(w, 0) && !math.IsNaN(w) {
			scale = max(scale, math.Abs(w))
		}
		if g == w || math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		d := math.Abs(g - w)
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		largest = max(largest, d)
	}
	return largest / scale
}

// same reports whether two tensors are equal: shape and every value.
func same(got, want *snn.Tensor) bool {
	if !snn.SameShape(got, want) {
		return false
	}
	for i, w := range want.Data() {
		if got.Data()[i] != w {
			return false
		}
	}
	return true
}
