package library_test

import (
	"encoding/binary"
	"fmt"
	"log"

	"spikebook/gpu/device"
	"spikebook/gpu/ptx/library"
	"spikebook/gpu/ptxsim"
)

// The sums of the rows of a matrix [2, 3].
func ExampleSum() {
	dev := ptxsim.Open(ptxsim.Options{}) // an interpreter, not a GPU
	defer dev.Close()
	alloc := func(bytes int64) device.Pointer {
		p, err := dev.Alloc(bytes, "example")
		if err != nil {
			log.Fatal(err)
		}
		return p
	}
	run := func(launches []device.Launch, err error) {
		for _, l := range launches {
			if err == nil {
				err = dev.Launch(l)
			}
		}
		if err != nil {
			log.Fatal(err)
		}
	}

	rows := library.Axis{Outer: 2, N: 3, Inner: 1}
	matrix, sums := alloc(4*2*3), alloc(4*2)
	run(library.Fill(matrix, 0.5, 6))
	run(library.Sum(sums, matrix, 0, rows)) // short rows need no scratch memory

	data, values := make([]byte, 4*2), make([]float32, 2)
	if err := dev.Download(data, sums); err != nil {
		log.Fatal(err)
	}
	if _, err := binary.Decode(data, binary.LittleEndian, values); err != nil {
		log.Fatal(err)
	}
	fmt.Println(library.SumScratch(rows), values)
	// Output: 0 [1.5 1.5]
}
