package snn_test

import (
	"errors"
	"slices"
	"testing"

	"spikebook/gpu/device"
	"spikebook/snn"
)

// keeper is a host that keeps memory from cell to cell.
type keeper struct {
	*host
	kept    map[device.Token]device.Pointer
	adopted int
}

func newKeeper(name string) *keeper {
	k := &keeper{host: newHost(name), kept: map[device.Token]device.Pointer{}}
	snn.AddBackend(name, func() (snn.Accelerator, error) { return k, nil })
	return k
}

func (k *keeper) Keeper() device.Keeper { return k }

func (k *keeper) Keep(p device.Pointer) (device.Token, error) {
	token := device.Token{Worker: 1, Memory: uint64(p)}
	k.kept[token] = p
	return token, k.broken
}

func (k *keeper) Adopt(t device.Token) (device.Pointer, bool, error) {
	p, ok := k.kept[t]
	k.adopted++
	return p, ok, k.broken
}

func (k *keeper) Drop(t device.Token) error {
	delete(k.kept, t)
	return k.broken
}

// nextCell ends a cell, which a notebook stores unless it has failed.
func nextCell(t *testing.T) {
	t.Helper()
	if err := snn.Fetch(); err != nil {
		t.Fatal(err)
	}
	snn.NextCell()
}

// What a cell leaves on a device is there for the next one: nothing is copied to the
// device, and from it only what is new.
func TestKeptFromCellToCell(t *testing.T) {
	k := newKeeper("test")
	w := snn.FromSlice(numbers(6), 2, 3).To("test")
	nextCell(t)
	before := k.stats
	y := w.Exp()
	nextCell(t)
	if got := y.Add(w).At(0, 0); got != snn.FromSlice(numbers(6)).Exp().At(0)+numbers(6)[0] {
		t.Errorf("got %v", got)
	}
	if after := k.stats; after.Uploads != before.Uploads || after.Downloads != before.Downloads+2 {
		t.Errorf("%d uploads and %d downloads, expected none, and one for each of two results", after.Uploads-before.Uploads, after.Downloads-before.Downloads)
	}
	if len(k.kept) != 2 || k.adopted != 3 {
		t.Errorf("%d are kept, and were looked for %d times, expected 2 and 3", len(k.kept), k.adopted)
	}
}

// A cell that fails after it has changed what an earlier one has kept leaves nothing
// of that to the next one, which has the values of the earlier one.
func TestChangedByCellThatFails(t *testing.T) {
	newKeeper("test")
	leaf, g := snn.Ones(4).To("test").RequireGrad(), snn.FromSlice(numbers(4)).To("test")
	leaf.BackwardFrom(g)
	nextCell(t)
	stored := snn.Stored(leaf.Grad())
	leaf.BackwardFrom(g) // adds to the gradient where it is
	if got, want := leaf.Grad().At(0), 2*numbers(4)[0]; got != want {
		t.Errorf("the gradient is %v, expected %v", got, want)
	}
	snn.NextCell() // nothing was stored

	if got, want := stored.Scale(1).Data(), numbers(4); !slices.Equal(got, want) {
		t.Errorf("the next cell has %v, expected %v", got, want)
	}
}

// What is not kept any more is copied to the device.
func TestNotKeptAnyMore(t *testing.T) {
	k := newKeeper("test")
	w := snn.FromSlice(numbers(4)).To("test")
	nextCell(t)
	clear(k.kept)
	before := k.stats
	if got, want := w.Abs().Data(), snn.FromSlice(numbers(4)).Abs().Data(); !slices.Equal(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
	if n := k.stats.Uploads - before.Uploads; n != 1 {
		t.Errorf("%d uploads, expected 1", n)
	}
	nextCell(t)
	if len(k.kept) == 0 {
		t.Error("it is not kept again")
	}
	snn.NextCell()
	k.broken = errors.New("no device")
	if err := snn.Maybe(func() { w.Abs() }); err == nil || err.Error() != "no device" {
		t.Errorf("got %v", err)
	}
}
