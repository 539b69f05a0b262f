//go:build !(goexperiment.simd && amd64)

package vector

func combineVectors([]float32, []float32, []int, []float32) bool { return false }

func transposeSquare([]float32, int, []float32, int) bool { return false }
