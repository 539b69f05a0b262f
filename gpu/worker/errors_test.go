//go:build linux

package worker

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

func TestErrors(t *testing.T) {
	socket, _ := serveHost(t)
	d := open(t, socket, 0)
	p := alloc(t, d, 64)
	freed := alloc(t, d, 64)
	if err := d.Free(freed); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		do    func() error // fails then or at the next Sync
		words []string
	}{
		"upload past the end":    {func() error { return d.Upload(p+4, make([]byte, 61)) }, []string{"Upload: 61 bytes at offset 4", "64 bytes of test"}},
		"download past the end":  {func() error { return d.Download(make([]byte, 65), p) }, []string{"Download: 65 bytes at offset 0"}},
		"copy past the end":      {func() error { return d.Copy(p, p+1, 64) }, []string{"Copy: 64 bytes at offset 1"}},
		"copy less than nothing": {func() error { return d.Copy(p, p, -1) }, []string{"Copy", "-1"}},
		"freed memory":           {func() error { return d.Upload(freed, []byte{1}) }, []string{"Upload", "freed"}},
		"free twice":             {func() error { return d.Free(freed) }, []string{"Free", "freed"}},
		"free the inside":        {func() error { return d.Free(p + 8) }, []string{"Free", "is not what Alloc"}},
		"no pointer":             {func() error { return d.Upload(0, []byte{1}) }, []string{"Upload", "0x0 is no pointer"}},
		"too much":               {func() error { _, err := d.Alloc(1<<50, "x"); return err }, []string{"Alloc", "x asks for"}},
		"less than nothing":      {func() error { _, err := d.Alloc(-1, "x"); return err }, []string{"Alloc", "-1"}},
		"argument of freed memory": {func() error { return d.Launch(scale(freed, 1, 1, 1)) },
			[]string{"kernel scale", "argument 0", "freed"}},
		"argument of a wrong type": {func() error { return d.Launch(device.Launch{Kernel: "k", Args: []any{1}}) },
			[]string{"kernel k", "argument is a int, want"}},
		"too many arguments": {func() error { return d.Launch(device.Launch{Kernel: "k", Args: make([]any, wire.MaxArgs+1)}) },
			[]string{"kernel k", "at most"}},
		"no kernel": {func() error { return d.Launch(device.Launch{Module: "scale", Kernel: "other"}) },
			[]string{"kernel other", "has no kernel"}},
		"too large a grid": {func() error { return d.Launch(device.Launch{Kernel: "k", Grid: [3]int{1 << 40, 1, 1}}) },
			[]string{"kernel k", "not in the range"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.do()
			if later := d.Sync(); err == nil {
				err = later
			}
			if _, is := errors.AsType[*device.Error](err); !is {
				t.Errorf("the error is a %T", err)
			}
			checkError(t, err, test.words...)
			upload(t, d, p, floats(1)) // the device can be used further
			checkMemory(t, d, p, floats(1))
		})
	}
}

// TestManyModules uses all modules that a program can use.
func TestManyModules(t *testing.T) {
	socket, _ := serveHost(t)
	d := open(t, socket, 0)
	p := alloc(t, d, 4)
	l := scale(p, 1, 1, 0)
	for i := range wire.MaxModules {
		l.Module, l.Kernel = fmt.Sprint("scale", i), "other"
		if err := d.Launch(l); err != nil {
			t.Fatal(err)
		}
	}
	l.Module = "one more"
	checkError(t, d.Launch(l), "has used 4096 modules")
	checkError(t, d.Sync(), "has no kernel other")
	other := open(t, socket, 0)
	l.Module = strings.Repeat("x", wire.MaxText+1)
	checkError(t, other.Launch(l), "67108864 bytes")
	if err := other.Sync(); err != nil {
		t.Error(err)
	}
}

// TestAfterError: what follows a failure is not done until it was reported.
func TestAfterError(t *testing.T) {
	socket, _ := serveHost(t)
	d := open(t, socket, 0)
	p := alloc(t, d, 4)
	upload(t, d, p, floats(1))
	if err := d.Launch(device.Launch{Module: "nothing", Kernel: "first"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Launch(device.Launch{Module: "scale", Kernel: "second"}); err != nil {
		t.Fatal(err)
	}
	upload(t, d, p, floats(2))
	q := alloc(t, d, 4)
	checkError(t, d.Download(make([]byte, 4), p), "Launch of kernel first")
	checkMemory(t, d, p, floats(1))
	upload(t, d, q, floats(3))
	if err := d.Launch(scale(q, 1, 2, 0)); err != nil { // a module that was sent after the failure
		t.Fatal(err)
	}
	checkMemory(t, d, q, floats(6))
}

func TestOutOfMemory(t *testing.T) {
	socket, _ := serveHost(t)
	d := open(t, socket, 0)
	_, err := d.Alloc(deviceMemory+1, "the large one")
	full, is := errors.AsType[*device.OutOfMemoryError](err)
	if !is || full.Label != "the large one" || full.Asked != deviceMemory+1 || full.Free != deviceMemory || len(full.Holders) != 1 {
		t.Fatalf("error %#v, want one that has no memory", err)
	}
	// Where memory becomes short, an allocation that fails says so itself.
	var held []device.Pointer
	for {
		p, err := d.Alloc(deviceMemory/8, "a part")
		if err != nil {
			if _, is := errors.AsType[*device.OutOfMemoryError](err); !is {
				t.Fatal(err)
			}
			break
		}
		held = append(held, p)
	}
	if len(held) != 8 {
		t.Errorf("%d parts had room, want 8", len(held))
	}
	if err := d.Free(held[0]); err != nil {
		t.Fatal(err)
	}
	upload(t, d, alloc(t, d, deviceMemory/8), []byte{1})
	if err := d.Sync(); err != nil {
		t.Error(err)
	}
}

// TestOutOfMemoryLater: another program takes the memory that the first one was
// told is free.
func TestOutOfMemoryLater(t *testing.T) {
	socket, _ := serveHost(t)
	d, other := open(t, socket, 0), open(t, socket, 0)
	upload(t, d, alloc(t, d, 1), []byte{1}) // the shared memory is there
	alloc(t, other, deviceMemory-100)
	if err := other.Sync(); err != nil {
		t.Fatal(err)
	}
	p := alloc(t, d, 4096)
	upload(t, d, p, []byte{1})
	_, is := errors.AsType[*device.OutOfMemoryError](d.Sync())
	if !is {
		t.Error("Sync did not say that there was no memory")
	}
	upload(t, d, p, []byte{1})
	checkError(t, d.Sync(), "memory that could not be allocated")
	if err := d.Free(p); err != nil {
		t.Fatal(err)
	}
	upload(t, d, alloc(t, d, 99), []byte{1})
	if err := d.Sync(); err != nil {
		t.Error(err)
	}
}

// TestLostDevice: a kernel that fails loses the device for all, and a program that
// opens it anew gets a new one.
func TestLostDevice(t *testing.T) {
	socket, devices := serveHost(t)
	d, other := open(t, socket, 0), open(t, socket, 0)
	p := alloc(t, d, 4)
	token, err := d.Keep(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Launch(device.Launch{Module: "fault", Kernel: "fault"}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		checkError(t, d.Sync(), "kernel fault", "wrote to where nothing is")
	}
	checkError(t, d.Upload(p, []byte{1}), "kernel fault")
	checkError(t, other.Sync(), "kernel fault")
	if !devices.last().isClosed() {
		t.Error("the lost device is not closed")
	}
	again := open(t, socket, 0)
	upload(t, again, alloc(t, again, 4), floats(1))
	checkGone(t, again, token)
	if err := again.Drop(token); err != nil {
		t.Error(err)
	}
}
