package functional_test

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/functional"
)

// Latencies are read off the first spikes; the time is the last dimension.
func ExampleFirstSpikeIndex() {
	spikes := snn.FromSlice([]float32{0, 1, 0, 1, 0, 0, 0, 1}, 2, 4) // [N, T]
	first := functional.FirstSpikeIndex(spikes)
	fmt.Println(first)
	fmt.Println(first.ArgMax(1))
	// Output:
	// [[0 1 0 0]
	//  [0 0 0 1]]
	// [1 3]
}

// Samples of one class are to be answered by similar spikes.
func ExampleSpikeSimilarLoss() {
	spikes := snn.FromSlice([]float32{1, 0, 1, 1, 0, 1, 0, 1, 0}, 3, 3) // [N, T]
	labels := functional.RedundantOneHot([]int{0, 0, 1}, 2, 1)
	fmt.Println(functional.SpikeSimilarLoss(spikes, labels, functional.CosineKernel{}, snn.L1Loss).Item() < 1e-6)
	// Output: true
}
