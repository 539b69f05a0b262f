package dynamics

import (
	"slices"
)

// What it costs to save a value. An input is there anyway: it costs no write,
// but it must be kept. The other costs are those of a write and a read.
const (
	costInput = 2
	costValue = 3
	unlimited = 1 << 30
)

// cut chooses the values that a forward pass saves for the backward pass whose
// roots are given, so that it can compute all others that it needs: those with
// the least cost in all, and of several such choices the one that leaves least
// to be computed again. It is a minimum cut between the inputs and states of
// the forward pass and what the backward pass uses of it; J. R. Ford and D. R.
// Fulkerson, "Maximal flow through a network", Canadian Journal of Mathematics
// 8, 1956.
func (v *values) cut(d Definition, backward roots) []int {
	need := v.needed(backward, nil)
	primal := v.primal(d)
	same := v.constantOverSteps()

	// Each value is two vertices, an entrance 2i and an exit 2i+1, with its cost
	// between them.
	source, sink := 2*len(v.list), 2*len(v.list)+1
	g := newFlow(2*len(v.list) + 2)
	for i, x := range v.list {
		if !need[i] || same[i] {
			continue
		}
		if !primal[i] {
			for _, a := range x.operands() { // used by the backward pass
				if primal[a] && !same[a] {
					g.edge(2*a+1, sink, unlimited)
				}
			}
			continue
		}
		cost := costValue
		if x.leaf == OpInput || x.leaf == OpUniform {
			cost = costInput
		}
		g.edge(2*i, 2*i+1, cost)
		if x.leaf != computed {
			g.edge(source, 2*i, unlimited)
		}
		for _, a := range x.operands() {
			if !same[a] {
				g.edge(2*a+1, 2*i, unlimited)
			}
		}
	}
	for _, i := range slices.Concat(backward.outputs, backward.next) {
		if primal[i] && !same[i] {
			g.edge(2*i+1, sink, unlimited)
		}
	}
	g.maximize(source, sink)
	after := g.reaches(sink) // what can still reach the sink lies behind the cut
	var saved []int
	for i := range v.list {
		if need[i] && primal[i] && !same[i] && !after[2*i] && after[2*i+1] {
			saved = append(saved, i)
		}
	}
	return saved
}

// primal marks the values of the forward pass: those that are made of its
// inputs, its states, random numbers and what is constant.
func (v *values) primal(d Definition) []bool {
	primal := make([]bool, len(v.list))
	for i, x := range v.list {
		switch x.leaf {
		case OpInput:
			primal[i] = slices.Contains(d.Inputs, x.name)
		case OpState:
			primal[i] = slices.ContainsFunc(d.States, func(s StateEquation) bool { return s.Name == x.name })
		default:
			primal[i] = true
			for _, a := range x.operands() {
				primal[i] = primal[i] && primal[a]
			}
		}
	}
	return primal
}

// flow is a network. Edges come in pairs: edge e^1 leads back.
type flow struct {
	from [][]int // edges from each vertex
	to   []int   // vertex of each edge
	left []int   // capacity that is left
}

func newFlow(vertices int) *flow { return &flow{from: make([][]int, vertices)} }

func (g *flow) edge(from, to, capacity int) {
	g.from[from] = append(g.from[from], len(g.to))
	g.from[to] = append(g.from[to], len(g.to)+1)
	g.to = append(g.to, to, from)
	g.left = append(g.left, capacity, 0)
}

// maximize sends as much as possible, each time along a shortest way.
func (g *flow) maximize(source, sink int) {
	for {
		by := make([]int, len(g.from)) // the edge that leads to a vertex, plus one
		queue := []int{source}
		for len(queue) > 0 && by[sink] == 0 {
			n := queue[0]
			queue = queue[1:]
			for _, e := range g.from[n] {
				if to := g.to[e]; g.left[e] > 0 && by[to] == 0 && to != source {
					by[to] = e + 1
					queue = append(queue, to)
				}
			}
		}
		if by[sink] == 0 {
			return
		}
		amount := unlimited
		for n := sink; n != source; n = g.to[(by[n]-1)^1] {
			amount = min(amount, g.left[by[n]-1])
		}
		for n := sink; n != source; n = g.to[(by[n]-1)^1] {
			g.left[by[n]-1] -= amount
			g.left[(by[n]-1)^1] += amount
		}
	}
}

// reaches marks the vertices from which more could flow to the sink.
func (g *flow) reaches(sink int) []bool {
	reach := make([]bool, len(g.from))
	reach[sink] = true
	for queue := []int{sink}; len(queue) > 0; queue = queue[1:] {
		for _, e := range g.from[queue[0]] {
			if from := g.to[e]; g.left[e^1] > 0 && !reach[from] {
				reach[from] = true
				queue = append(queue, from)
			}
		}
	}
	return reach
}
