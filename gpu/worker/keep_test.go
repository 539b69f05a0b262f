//go:build linux

package worker

import (
	"testing"

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
	q, bytes, err := second.Adopt(token)
	if err != nil || bytes != 8 {
		t.Fatalf("adopted %d bytes, %v, want 8", bytes, err)
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
	q, _, err = third.Adopt(token)
	if err != nil {
		t.Fatal(err)
	}
	if stats, err := remote.Stats(socket); err != nil || stats.Kept != 2 || stats.KeptBytes != 8 {
		t.Errorf("%d tokens of %d bytes, %v, want 2 of 8", stats.Kept, stats.KeptBytes, err)
	}
	for _, drop := range []remote.Token{token, again} {
		if err := remote.Drop(socket, drop); err != nil {
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
	_, _, err = elsewhere.Adopt(token)
	checkError(t, err, "Adopt", "another device")
	_, _, err = d.Adopt(remote.Token{Worker: token.Worker + 1, Memory: token.Memory})
	checkError(t, err, "Adopt", "lost with the GPU worker")
	if err := d.Drop(remote.Token{Worker: token.Worker + 1, Memory: token.Memory}); err != nil {
		t.Errorf("what another worker kept: %v", err)
	}
	if err := d.Drop(token); err != nil {
		t.Error(err)
	}
	checkError(t, d.Drop(token), "Drop", "already")
	_, _, err = d.Adopt(token)
	checkError(t, err, "Adopt", "not kept any more")
	upload(t, d, p, floats(1)) // the numbers of blocks agree on both sides
	upload(t, d, alloc(t, d, 4), floats(1))
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
