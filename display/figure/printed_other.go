//go:build !linux

package figure

// awaitPrinted does nothing: only Linux tells at the writing end of a pipe how
// much of it was read. A figure may overtake what was printed just before it.
func awaitPrinted() {}
