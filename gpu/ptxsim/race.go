package ptxsim

// actor is a thread between two barriers of its block: from the upper bits the
// number of the block plus 1, how many barriers the block has passed, the number of
// the thread, and whether it is at an atomic operation. The barriers are counted up
// to two million, and then from 0. 0 is nobody.
type actor uint64

const (
	blockShift, barrierShift, threadShift = 32, 11, 1
	barrierMask, threadMask               = 1<<21 - 1, 1<<10 - 1
	atomically                            = actor(1)
)

func newActor(block, barriers, thread int) actor {
	return actor(block+1)<<blockShift | actor(barriers&barrierMask)<<barrierShift | actor(thread)<<threadShift
}

func (a actor) thread() int { return int(a >> threadShift & threadMask) }
func (a actor) block() int  { return int(a>>blockShift) - 1 }

// concurrent says whether nothing orders what two actors do.
func (a actor) concurrent(b actor) bool {
	different := (a ^ b) &^ atomically
	if a == 0 || b == 0 || different == 0 {
		return false
	}
	return different>>blockShift != 0 || different < 1<<barrierShift
}

// word is what is known of 4 bytes. Two actors of a kind are enough: who conflicts
// with another one conflicts with one of these, too. That is not so for some that
// mix atomic operations with others in several blocks.
type word struct {
	writers, readers pair
}

type pair [2]actor

// conflict returns who is concurrent with an actor, or 0.
func (p *pair) conflict(self actor) actor {
	for _, other := range p {
		if self.concurrent(other) {
			return other
		}
	}
	return 0
}

// add notes an actor, who replaces those that nobody who comes can conflict with
// without conflicting with it, too.
func (p *pair) add(self actor) {
	first := p[0]
	switch sameBlock := first>>blockShift == self>>blockShift; {
	case first == 0:
		p[0] = self
	case (first^self)&^atomically == 0:
		p[0] = first & self // atomic if both are
	case sameBlock && !first.concurrent(self):
		p[0] = self
		if p[1]>>blockShift == self>>blockShift {
			p[1] = 0
		}
	case p[1] == 0 || !sameBlock && p[1]>>blockShift == first>>blockShift:
		p[1] = self
	}
}

// access notes what an actor does, and returns with whom that conflicts, or 0.
func (w *word) access(self actor, o operation) actor {
	if w.writers[0] == 0 && w.readers[0] == 0 && o != modify {
		// Most words are new to a launch.
		if o == load {
			w.readers[0] = self
		} else {
			w.writers[0] = self
		}
		return 0
	}
	if o == load {
		other := w.writers.conflict(self)
		w.readers.add(self)
		return other
	}
	if other := w.readers.conflict(self); other != 0 {
		return other
	}
	if o != store {
		self |= atomically
		for _, other := range w.writers {
			if other&atomically == 0 && self.concurrent(other) {
				return other
			}
		}
		w.writers.add(self)
		return 0
	}
	other := w.writers.conflict(self)
	*w = word{writers: pair{self}}
	return other
}
