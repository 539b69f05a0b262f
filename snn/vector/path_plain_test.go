//go:build !(goexperiment.simd && amd64)

package vector

// runner is a test or a benchmark.
type runner[T any] interface {
	Run(name string, f func(T)) bool
}

// eachPath runs f on each path of this machine.
func eachPath[T runner[T]](t T, f func(T)) { t.Run("plain", f) }
