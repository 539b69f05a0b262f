package pool

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spikebook/gpu/device"
)

// memory is a source with so many bytes, which it gives at addresses that it never
// used before.
type memory struct {
	free  int64
	next  device.Pointer
	taken map[device.Pointer]int64
	calls int
	fail  error // of Give
}

func (m *memory) Take(bytes int64) (device.Pointer, error) {
	m.calls++
	if bytes > m.free {
		return 0, ErrFull
	}
	if m.taken == nil {
		m.taken, m.next = map[device.Pointer]int64{}, 1<<20
	}
	at := m.next
	m.next += device.Pointer(bytes) + align
	m.free -= bytes
	m.taken[at] = bytes
	return at, nil
}

func (m *memory) Give(at device.Pointer) error {
	bytes, ok := m.taken[at]
	if !ok {
		return fmt.Errorf("%#x was not taken", at)
	}
	delete(m.taken, at)
	m.free += bytes
	return m.fail
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]int64{
		1: 256, 256: 256, 257: 512, 4096: 4096, 4097: 4608, 1 << 20: 1 << 20, 1<<20 + 1: 1<<20 + 1<<17,
		1 << 30: 1 << 30, 1<<30 + 1: 1<<30 + 2<<20, 1 << 62: 1 << 62,
	} {
		if got := size(bytes); got != want {
			t.Errorf("size(%d) = %d, want %d", bytes, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.Int64Range(1, 1<<45).Draw(t, "bytes")
		got := size(bytes)
		if got < bytes || got%align != 0 || got-bytes >= max(align, min(bytes/8+1, largestStep)) {
			t.Errorf("size(%d) = %d", bytes, got)
		}
		if again := size(got); again != got {
			t.Errorf("size(size(%d)) = %d, not %d", bytes, again, got)
		}
	})
}

func TestReuse(t *testing.T) {
	m := &memory{free: 1 << 20}
	p := New(m)
	a, _ := p.Alloc(1000, "a")
	if err := p.Free(a); err != nil {
		t.Fatal(err)
	}
	b, _ := p.Alloc(1010, "b")
	if a != b || m.calls != 1 {
		t.Errorf("the second allocation is at %#x, the first was at %#x; the source was asked %d times", b, a, m.calls)
	}
	if got, want := p.Stats(), (Stats{Allocated: 1010, Reserved: 1024, Peak: 1010, Allocations: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestFull lets a source refuse: what is kept in other sizes is given back.
func TestFull(t *testing.T) {
	m := &memory{free: 4096}
	p := New(m)
	var kept []device.Pointer
	for range 8 {
		at, err := p.Alloc(512, "small")
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, at)
	}
	if _, err := p.Alloc(2048, "large"); !errors.Is(err, ErrFull) {
		t.Fatalf("all memory is in use, but Alloc returns %v", err)
	}
	for _, at := range kept[:4] {
		if err := p.Free(at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Alloc(2048, "large"); err != nil {
		t.Fatalf("half of the memory is kept, but Alloc returns %v", err)
	}
	want := []device.Holder{{Label: "large", Bytes: 2048, Count: 1}, {Label: "small", Bytes: 2048, Count: 4}}
	if got := p.Holders(); !slices.Equal(got, want) {
		t.Errorf("holders %v, want %v", got, want)
	}
	if _, err := p.Alloc(1<<62+1, "huge"); !errors.Is(err, ErrFull) {
		t.Errorf("2^62+1 bytes: %v", err)
	}
}

func TestErrors(t *testing.T) {
	m := &memory{free: 4096}
	p := New(m)
	a, _ := p.Alloc(100, "weights")
	freed, _ := p.Alloc(1000, "freed")
	if err := p.Free(freed); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"nothing", func() error { _, err := p.Alloc(0, "spikes"); return err }(), "0 bytes for spikes, expected at least 1"},
		{"freed twice", p.Free(freed), "0x100200 is not the start of an allocation: it was freed already, or is of another device"},
		{"inside of an allocation", p.Free(a + 4), "0x100004 is not the start of an allocation: it was freed already, or is of another device"},
		{"used after it was freed", p.Check(freed, 1), "0x100200 is in no allocation: it was freed already, or is of another device"},
		{"before all", p.Check(16, 1), "0x10 is in no allocation: it was freed already, or is of another device"},
		{"too long", p.Check(a+90, 11), "bytes 90 to 101 of weights are not there: it has 100 bytes"},
		{"in the rest of the block", p.Check(a+101, 1), "0x100065 is in no allocation: it was freed already, or is of another device"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("%s: %v\nwant %s", c.name, c.err, c.want)
		}
	}
	for _, inside := range []error{p.Check(a, 100), p.Check(a+99, 1), p.Check(a+100, 0)} {
		if inside != nil {
			t.Error(inside)
		}
	}
	m.fail = errors.New("the source is gone")
	if err := p.Trim(); !errors.Is(err, m.fail) {
		t.Errorf("Trim: %v", err)
	}
	if got := p.Stats(); got.Reserved != 256 {
		t.Errorf("%d bytes are reserved, want 256", got.Reserved)
	}
}

// TestHistory compares a pool with lists of what is allocated, over random calls.
func TestHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &memory{free: 1 << 16}
		p := New(m)
		live := map[device.Pointer]int64{}
		var peak, calls int64
		inUse := func() (sum int64) {
			for _, bytes := range live {
				sum += bytes
			}
			return sum
		}
		t.Repeat(map[string]func(*rapid.T){
			"alloc": func(t *rapid.T) {
				bytes := rapid.Int64Range(1, 1<<14).Draw(t, "bytes")
				at, err := p.Alloc(bytes, fmt.Sprint(bytes%3))
				if err != nil {
					if kept := p.Stats().Reserved; !errors.Is(err, ErrFull) || m.free >= size(bytes) || kept+m.free != 1<<16 {
						t.Fatalf("%v with %d bytes free and %d reserved", err, m.free, kept)
					}
					return
				}
				for other, n := range live {
					if at < other+device.Pointer(n) && other < at+device.Pointer(bytes) {
						t.Fatalf("%d bytes at %#x overlap with %d at %#x", bytes, at, n, other)
					}
				}
				live[at] = bytes
				calls++
				peak = max(peak, inUse())
			},
			"free": func(t *rapid.T) {
				if len(live) == 0 {
					return
				}
				at := rapid.SampledFrom(slices.Sorted(maps.Keys(live))).Draw(t, "at")
				if err := p.Free(at); err != nil {
					t.Fatal(err)
				}
				delete(live, at)
			},
			"trim": func(t *rapid.T) {
				if err := p.Trim(); err != nil {
					t.Fatal(err)
				}
				if len(m.taken) != len(live) {
					t.Fatalf("%d blocks are taken for %d allocations", len(m.taken), len(live))
				}
			},
			"": func(t *rapid.T) {
				want := Stats{Allocated: inUse(), Reserved: 1<<16 - m.free, Peak: peak, Allocations: calls}
				if got := p.Stats(); got != want {
					t.Fatalf("got %+v, want %+v", got, want)
				}
				var held int64
				for _, h := range p.Holders() {
					held += h.Bytes
				}
				if held != want.Allocated {
					t.Fatalf("holders have %d bytes of %d", held, want.Allocated)
				}
				for at, bytes := range live {
					if err := errors.Join(p.Check(at, bytes), p.Check(at+device.Pointer(bytes), 0)); err != nil {
						t.Fatal(err)
					}
					if p.Check(at, bytes+1) == nil {
						t.Fatalf("%d bytes of %d at %#x", bytes+1, bytes, at)
					}
				}
			},
		})
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if s := p.Stats(); len(m.taken) > 0 || s.Allocated != 0 || s.Reserved != 0 {
			t.Fatalf("%d blocks are left, %+v", len(m.taken), s)
		}
	})
}
