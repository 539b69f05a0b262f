//go:build goexperiment.simd && amd64

package vector

import "testing"

// runner is a test or a benchmark.
type runner[T any] interface {
	Run(name string, f func(T)) bool
}

// eachPath runs f on each path of this machine.
func eachPath[T runner[T]](t T, f func(T)) {
	was := current
	defer func() { current = was }()
	for _, p := range paths() {
		current = p
		t.Run(p.name, f)
	}
}

func TestChoose(t *testing.T) {
	p := paths()
	for setting, want := range map[string]path{"": p[len(p)-1], "off": p[0], "avx2": p[min(1, len(p)-1)]} {
		if got := choose(setting); got.name != want.name {
			t.Errorf("SPIKEBOOK_SIMD=%s takes %s, expected %s", setting, got.name, want.name)
		}
	}
}
