// Command neuroncell is what a cell with a neuron comes to; TestNoBLAS looks at
// what is linked.
package main

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/neuron"
)

func main() { fmt.Println(neuron.NewLIF().Forward(snn.Ones(2))) }
