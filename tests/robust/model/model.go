package model

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/neuron"
)

// Node is what two variables point to.
type Node struct {
	Value int
	Next  *Node
	seen  []int
}

// Rig is a struct with a layer of neurons.
type Rig struct {
	Layer *neuron.Layer
	Steps int
	Last  any
}

// Every change writes first before, and last after everything else: two values
// that differ are half a change.
var (
	first       int
	list        []int
	table       map[string]int
	left, right *Node
	big         []int64 // its memory is mapped
	window      []int64 // a part of big
	rig         Rig
	hog         []byte
	last        int
)

const (
	small  = 1 << 17 // elements of big: 1 MiB
	large  = 1 << 19
	shown  = 4   // elements of window
	offset = 999 // of window in big
)

// Begin gives all variables their first values.
func Begin() {
	first, last = 0, 0
	list, table, hog = []int{}, map[string]int{}, nil
	left = &Node{Value: 1}
	left.Next = &Node{Value: 2, Next: left}
	right = left
	big = make([]int64, small)
	window = big[offset : offset+shown]
	rig = Rig{Layer: neuron.NewLIF(neuron.Tau(3))}
}

// Append changes little.
func Append(k int) {
	first = k
	if list = append(list, k); len(list) > 12 {
		list = append([]int{}, list[6:]...)
	}
	last = k
}

// Insert changes a map.
func Insert(k int) {
	first = k
	table[fmt.Sprint("key", k%11)] = k
	delete(table, fmt.Sprint("key", k%7))
	last = k
}

// Patch changes some pages of the large slice, one of them through another.
func Patch(k int) {
	first = k
	for i := range 5 {
		big[(k*7919+i*65537)%len(big)] = int64(k + i)
	}
	window[k%shown]++
	last = k
}

// Rewrite changes all of the large slice.
func Rewrite(k int) {
	first = k
	for i := range big {
		big[i] = int64(i*k) ^ big[i]
	}
	last = k
}

// Resize gives the large slice another place and size.
func Resize(k int) {
	first = k
	more := make([]int64, 1000+k%30000)
	for i := range more {
		more[i] = int64(k)
	}
	if big = append(big, more...); len(big) > large {
		big = append([]int64{}, big[:small]...)
	}
	window = big[offset : offset+shown]
	last = k
}

// Relink changes what pointers point to.
func Relink(k int) {
	first = k
	switch k % 3 {
	case 0:
		right = left.Next
	case 1:
		left.Next = &Node{Value: k, Next: left.Next}
		if left.Next.Next.Next != left {
			left.Next.Next.Next = left
		}
	default:
		right = left
	}
	right.Value = k
	right.seen = append(right.seen[:len(right.seen):len(right.seen)], k)
	if len(right.seen) > 3 {
		right.seen = right.seen[2:]
	}
	last = k
}

// Step lets neurons run.
func Step(k int) {
	first = k
	spikes := rig.Layer.Forward(snn.FromSlice([]float32{float32(k%5) / 2, 0.7, float32(k%3) - 1}, 3))
	rig.Steps++
	rig.Last = spikes.Data()[0]
	last = k
}

// Feed makes a variable large.
func Feed(k, size int) {
	first = k
	hog = make([]byte, size)
	for i := range hog {
		hog[i] = byte(i ^ k)
	}
	last = k
}

// Fatten makes all large variables anew: there is much to write.
func Fatten(k int) {
	Rewrite(k)
	Feed(k, 1<<20+k%11*(300<<10))
}

// All changes all variables.
func All(k int) {
	Append(k)
	Insert(k)
	Patch(k)
	Relink(k)
	Step(k)
}

// Digest tells of all values.
func Digest() string {
	chain := ""
	for n, i := left, 0; n != nil && i < 6; n, i = n.Next, i+1 {
		chain += fmt.Sprint(n.Value, n.seen, n == right, n == left, " ")
	}
	sum, bytes := uint64(0), uint64(0)
	for _, v := range big {
		sum = sum*1099511628211 + uint64(v)
	}
	for _, v := range hog {
		bytes = bytes*1099511628211 + uint64(v)
	}
	inside := len(window) > 0 && len(big) > offset && &window[0] == &big[offset]
	potential := []float32{}
	if rig.Steps > 0 {
		potential = rig.Layer.V().Data()
	}
	return fmt.Sprintf("first=%d last=%d list=%v table=%v nodes=%sbig=%d:%x window=%v,%t rig=%v,%d,%v hog=%d:%x",
		first, last, list, table, chain, len(big), sum, window, inside, potential, rig.Steps, rig.Last, len(hog), bytes)
}
