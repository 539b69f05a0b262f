//go:build linux

package worker

import (
	"errors"
	"testing"

	"spikebook/gpu/device"
	"spikebook/gpu/remote"
)

// TestKeep goes the way of a tensor through cells: made by one, changed by the
// next, read by a third while the snapshot of the first is dropped.
func TestKeep(t *testing.T) {
	socket, devices := serveHost(t)
	first := open(t, socket, 0)
	p := alloc(t, first, 8)
	upload(t, first, p, floats(1, 2))
	token, err := first.Keep(p)
	if err != nil {
		t.Fatal(err)
	}
	alloc(t, first, 100) // is not kept
	first.Close()

	second := open(t, socket, 0)
	q, held, err := second.Adopt(token)
	if err != nil || !held {
		t.Fatalf("held %v, %v", held, err)
	}
	if err := second.Launch(scale(q, 2, 2, 0)); err != nil {
		t.Fatal(err)
	}
	again, err := second.Keep(q)
	if err != nil || again == token {
		t.Fatalf("token %v, %v, want one other than %v", again, err, token)
	}
	if err := second.Free(q); err != nil {
		t.Fatal(err)
	}
	second.Close()

	third := open(t, socket, 0)
	q, held, err = third.Adopt(token)
	if err != nil || !held {
		t.Fatalf("held %v, %v", held, err)
	}
	if stats, err := remote.Stats(socket); err != nil || stats.Kept != 2 || stats.KeptBytes != 8 {
		t.Errorf("%d tokens of %d bytes, %v, want 2 of 8", stats.Kept, stats.KeptBytes, err)
	}
	for _, drop := range []device.Token{token, again} {
		if err := third.Drop(drop); err != nil {
			t.Fatal(err)
		}
		checkMemory(t, third, q, floats(2, 4)) // it has the memory still
	}
	if n := devices.last().left(); n != 1 {
		t.Errorf("there are %d allocations, want 1", n)
	}
	third.Close()
	if n := devices.last().left(); n != 0 {
		t.Errorf("there are %d allocations, want none", n)
	}
}

// checkGone checks that a device does not have what a token stands for.
func checkGone(t *testing.T, d *remote.Device, token device.Token) {
	t.Helper()
	if p, held, err := d.Adopt(token); held || p != 0 || err != nil {
		t.Errorf("%v is held %v at %#x, %v, want neither", token, held, uint64(p), err)
	}
}

func TestKeepErrors(t *testing.T) {
	socket, _ := serveHost(t)
	d, elsewhere := open(t, socket, 0), open(t, socket, 1)
	p := alloc(t, d, 8)
	_, err := d.Keep(p + 4)
	checkError(t, err, "Keep", "is not what Alloc")
	token, err := d.Keep(p)
	if err != nil {
		t.Fatal(err)
	}
	another := device.Token{Worker: token.Worker + 1, Memory: token.Memory}
	checkGone(t, elsewhere, token)
	checkGone(t, d, another)
	checkGone(t, d, device.Token{})
	for _, drop := range []device.Token{another, token, token} {
		if err := errors.Join(d.Drop(drop), d.Sync()); err != nil {
			t.Errorf("drop of %v: %v", drop, err)
		}
	}
	checkGone(t, d, token)
	upload(t, d, p, floats(1)) // the numbers of blocks agree on both sides
	upload(t, d, alloc(t, d, 4), floats(1))
	if err := d.Sync(); err != nil {
		t.Error(err)
	}
}

// TestKeptMakesRoom: what is kept goes when a program needs the memory, the one first
// that was not used for longest, but not what a program has; and takes half of a
// device at most.
func TestKeptMakesRoom(t *testing.T) {
	socket, devices := serveHost(t)
	d := open(t, socket, 0)
	const part = deviceMemory / 8
	var tokens []device.Token
	keep := func() {
		t.Helper()
		p := alloc(t, d, part)
		token, err := d.Keep(p)
		if err := errors.Join(err, d.Free(p), d.Sync()); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	for range 5 {
		keep()
	}
	checkGone(t, d, tokens[0])
	if stats, err := remote.Stats(socket); err != nil || stats.Kept != 4 {
		t.Errorf("%d are kept, %v, want 4", stats.Kept, err)
	}
	if _, held, err := d.Adopt(tokens[1]); !held || err != nil {
		t.Errorf("held %v, %v", held, err)
	}
	large := alloc(t, d, 5*part)
	checkGone(t, d, tokens[2])
	if n := devices.last().left(); n != 4 {
		t.Errorf("there are %d allocations, want that of the program and three that are kept", n)
	}
	_, err := d.Alloc(deviceMemory, "too large")
	if _, full := errors.AsType[*device.OutOfMemoryError](err); !full {
		t.Errorf("got %v, want that there is no memory", err)
	}
	if err := d.Free(large); err != nil {
		t.Error(err)
	}
	upload(t, d, alloc(t, d, 7*part), floats(1))
	if err := d.Sync(); err != nil {
		t.Error(err)
	}
}

func TestStats(t *testing.T) {
	socket, _ := serveHost(t)
	d := open(t, socket, 1)
	p := alloc(t, d, 8)
	if _, err := d.Keep(p); err != nil {
		t.Fatal(err)
	}
	stats, err := remote.Stats(socket)
	if err != nil {
		t.Fatal(err)
	}
	if stats.Served != 1 || len(stats.Devices) != 1 || len(stats.Clients) != 1 || stats.Kept != 1 {
		t.Fatalf("stats %+v, want one of each", stats)
	}
	if o := stats.Devices[0]; o.Index != 1 || o.Info != d.Info() || o.Lost != "" || o.Stats.Allocated != 8 {
		t.Errorf("device %+v", o)
	}
	if c := stats.Clients[0]; c.Device != 1 || c.Stats.Allocated != 8 || c.Stats.Allocations != 1 {
		t.Errorf("client %+v", c)
	}
}
