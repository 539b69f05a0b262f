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
// the forward pass and what the backward pass uses of it; L. R. Ford and D. R.
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
	leaves := map[value]bool{}
	for _, name := range d.Inputs {
		leaves[value{leaf: OpInput, name: name}] = true
	}
	for _, s := range d.States {
		leaves[value{leaf: OpState, name: s.Name}] = true
	}
	primal := make([]bool, len(v.list))
	for i, x := range v.list {
		primal[i] = x.leaf != OpInput && x.leaf != OpState || leaves[x]
		for _, a := range x.operands() {
			primal[i] = primal[i] && primal[a]
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

// maximize sends as much as possible, always along shortest ways, all of one
// length together: E. A. Dinic, "Algorithm for solution of a problem of maximum
// flow in networks with power estimation", Soviet Mathematics Doklady 11, 1970.
func (g *flow) maximize(source, sink int) {
	for {
		level := g.levels(source)
		if level[sink] == 0 {
			return
		}
		g.fill(level, source, sink)
	}
}

// fill sends what it can along ways on which the level rises.
func (g *flow) fill(level []int, source, sink int) {
	next := make([]int, len(g.from)) // of each vertex the edge to try
	var way []int                    // the edges from the source to the vertex at
	for at := source; ; {
		switch {
		case at == sink:
			first := 0 // edge that is full then: go on from there
			for k, e := range way {
				if g.left[e] < g.left[way[first]] {
					first = k
				}
			}
			amount := g.left[way[first]]
			for _, e := range way {
				g.left[e] -= amount
				g.left[e^1] += amount
			}
			at = g.to[way[first]^1]
			way = way[:first]
		case next[at] == len(g.from[at]) && at == source:
			return
		case next[at] == len(g.from[at]): // a dead end
			at = g.to[way[len(way)-1]^1]
			way = way[:len(way)-1]
			next[at]++
		default:
			e := g.from[at][next[at]]
			if to := g.to[e]; g.left[e] > 0 && level[to] == level[at]+1 {
				way = append(way, e)
				at = to
			} else {
				next[at]++
			}
		}
	}
}

// levels returns how far each vertex is from the source, which has 1; 0 for
// those that nothing more can flow to.
func (g *flow) levels(source int) []int {
	level := make([]int, len(g.from))
	level[source] = 1
	for queue := []int{source}; len(queue) > 0; queue = queue[1:] {
		for _, e := range g.from[queue[0]] {
			if to := g.to[e]; g.left[e] > 0 && level[to] == 0 {
				level[to] = level[queue[0]] + 1
				queue = append(queue, to)
			}
		}
	}
	return level
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
