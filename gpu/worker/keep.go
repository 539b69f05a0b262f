package worker

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"spikebook/gpu/device"
)

// kept is memory that outlives the connection that made it. It is a cache: programs
// have what is in it elsewhere, too, so that it can go at any time, the one first that
// was not used for longest.
type kept struct {
	*memory
	used uint64 // number of the last use
}

// maxKept is how many tokens there are at most.
const maxKept = 1 << 16

// keep returns a token that holds m. What is kept takes half of a device at most.
func (s *server) keep(m *memory) (device.Token, error) {
	s.mu.Lock()
	s.uses++
	token := device.Token{Worker: s.instance, Memory: s.uses}
	s.kept[token.Memory] = &kept{m, s.uses}
	m.holders++
	bytes := int64(0)
	for _, k := range s.kept {
		if k.unit == m.unit {
			bytes += k.bytes
		}
	}
	full := len(s.kept) > maxKept
	s.mu.Unlock()
	if over := bytes - m.unit.info.Memory/2; over > 0 || full {
		_, err := s.evict(m.unit, max(1, over))
		return token, err
	}
	return token, nil
}

// adopt returns what a token holds on a device, held once more; nil if it holds
// nothing there.
func (s *server) adopt(t device.Token, u *unit) *memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kept[t.Memory]
	if t.Worker != s.instance || k == nil || k.unit != u {
		return nil
	}
	s.uses++
	k.used = s.uses
	k.holders++
	return k.memory
}

// drop ends what a token holds.
func (s *server) drop(t device.Token) error {
	if t.Worker != s.instance {
		return nil
	}
	s.mu.Lock()
	k := s.kept[t.Memory]
	delete(s.kept, t.Memory)
	s.mu.Unlock()
	if k == nil {
		return nil
	}
	return s.release(k.memory)
}

// evict ends what tokens alone hold on a device, up to so many bytes or more, and
// says whether it was anything.
func (s *server) evict(u *unit, bytes int64) (any bool, err error) {
	s.mu.Lock()
	idle := slices.DeleteFunc(slices.Collect(maps.Keys(s.kept)), func(token uint64) bool {
		return s.kept[token].unit != u || s.kept[token].holders > 1
	})
	slices.SortFunc(idle, func(a, b uint64) int { return cmp.Compare(s.kept[a].used, s.kept[b].used) })
	s.mu.Unlock()
	for _, token := range idle {
		if bytes <= 0 {
			break
		}
		s.mu.Lock()
		k := s.kept[token]
		s.mu.Unlock()
		if k == nil {
			continue
		}
		bytes -= max(1, k.bytes)
		any = true
		err = errors.Join(err, s.drop(device.Token{Worker: s.instance, Memory: token}))
	}
	return any, err
}

// allocate returns memory with one holder. What is kept makes room for it.
func (s *server) allocate(u *unit, bytes int64, label string) (*memory, error) {
	for {
		m, err := u.allocate(bytes, label)
		full, is := errors.AsType[*device.OutOfMemoryError](err)
		if !is {
			return m, err
		}
		any, failed := s.evict(u, max(1, bytes-full.Free))
		switch {
		case failed != nil:
			return nil, failed
		case !any:
			return nil, err
		}
	}
}
