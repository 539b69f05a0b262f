package assist

import "testing"

// BenchmarkAnswer measures an answer with the type-check of the cell.
func BenchmarkAnswer(b *testing.B) {
	env := newEnv(b)
	src, cursor := atCursor(b, "layer := neuron.NewLIF(neuron.Tau(2))\nfor i := range 3 {\n\tfmt.Println(i)\n}\nneuron.NewLIF(|\n")
	b.Run("complete", func(b *testing.B) {
		for b.Loop() {
			Complete(env, src, cursor)
		}
	})
	b.Run("inspect", func(b *testing.B) {
		for b.Loop() {
			Inspect(env, src, cursor, 0)
		}
	})
}
