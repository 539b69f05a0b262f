package snn

// Empty returns a tensor whose values are whatever was in memory: for results
// that are about to be written.
func Empty(shape ...int) *Tensor { return Zeros(shape...) }
