package ptxsim

import (
	"testing"

	"pgregory.net/rapid"
)

// TestWord compares what is kept of the accesses to a word with all of them: a race
// is found exactly if there is one. With atomic operations some that need three
// threads of two blocks are not found; none is found that is not there.
func TestWord(t *testing.T) {
	for name, operations := range map[string][]operation{"plain": {load, store}, "atomic": {load, store, modify}} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				type access struct {
					actor
					operation
				}
				var before []access
				var barriers [3]int
				var w word
				for range rapid.IntRange(1, 12).Draw(t, "accesses") {
					block := rapid.IntRange(0, 2).Draw(t, "block")
					barriers[block] += rapid.IntRange(0, 4).Draw(t, "barrier") / 4
					now := access{newActor(block, barriers[block], rapid.IntRange(0, 3).Draw(t, "thread")), rapid.SampledFrom(operations).Draw(t, "operation")}
					race := false
					for _, a := range before {
						harmless := a.operation == now.operation && now.operation != store
						race = race || !harmless && a.concurrent(now.actor)
					}
					other := w.access(now.actor, now.operation)
					if other != 0 && !race || other == 0 && race && name == "plain" {
						t.Fatalf("%+v after %+v: found %v, expected %v", now, before, other != 0, race)
					}
					if other != 0 && !other.concurrent(now.actor) {
						t.Fatalf("%+v is not concurrent with %+v", now, other)
					}
					if race {
						return
					}
					before = append(before, now)
				}
			})
		})
	}
}

func TestActor(t *testing.T) {
	a := newActor(1<<32-2, 1<<21-1, 1023)
	if a.block() != 1<<32-2 || a.thread() != 1023 {
		t.Errorf("block %d, thread %d", a.block(), a.thread())
	}
}
