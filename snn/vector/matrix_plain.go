//go:build !(goexperiment.simd && amd64)

package vector

func combineVectors(bool, []float32, []float32, []int32, []float32, int) bool { return false }

func packVectors([]float32, []int32, []float32, *int) int { return 0 }

func transposeSquare([]float32, int, []float32, int) bool { return false }
