// Package model is the program whose variables the robustness test watches. Its
// file model.go is run twice: compiled into the test, where nothing can go
// wrong, and as a cell of the notebook, where everything does. So what the
// notebook must hold is computed by the very text that its cells run.
package model

import (
	_ "embed"
	"maps"
	"slices"
	"strings"

	"spikebook/snn"
	"spikebook/snn/neuron"
)

//go:embed model.go
var file string

// Source is the cell that declares variables and functions.
func Source() string {
	_, source, _ := strings.Cut(file, "package model\n")
	return source
}

// Saved is a copy of the variables.
type Saved struct {
	first, last int
	list        []int
	table       map[string]int
	left, right *Node
	big         []int64
	potential   []float32 // nil before the first step
	steps       int
	lastSpike   any
	hog         []byte
}

// Save copies the variables.
func Save() *Saved {
	s := &Saved{
		first: first, last: last, list: slices.Clone(list), table: maps.Clone(table),
		big: slices.Clone(big), steps: rig.Steps, lastSpike: rig.Last, hog: slices.Clone(hog),
	}
	s.left, s.right = copyNodes(left, right)
	if rig.Steps > 0 {
		s.potential = slices.Clone(rig.Layer.V().Data())
	}
	return s
}

// Put gives the variables the values that were saved.
func (s *Saved) Put() {
	first, last = s.first, s.last
	list, table, hog = slices.Clone(s.list), maps.Clone(s.table), slices.Clone(s.hog)
	left, right = copyNodes(s.left, s.right)
	big = slices.Clone(s.big)
	window = big[offset : offset+shown]
	rig = Rig{Layer: newLayer(s.potential), Steps: s.steps, Last: s.lastSpike}
}

// copyNodes copies all nodes that two pointers reach.
func copyNodes(a, b *Node) (*Node, *Node) {
	made := map[*Node]*Node{}
	var copied func(*Node) *Node
	copied = func(n *Node) *Node {
		if n == nil || made[n] != nil {
			return made[n]
		}
		c := &Node{Value: n.Value, seen: slices.Clone(n.seen)}
		made[n] = c
		c.Next = copied(n.Next)
		return c
	}
	return copied(a), copied(b)
}

func newLayer(potential []float32) *neuron.Layer {
	l := neuron.NewLIF(neuron.Tau(3))
	if potential != nil {
		l.SetV(snn.FromSlice(slices.Clone(potential), len(potential)))
	}
	return l
}
