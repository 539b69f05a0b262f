//go:build linux

package worker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"spikebook/gpu/device"
	"spikebook/gpu/remote"
	"spikebook/gpu/remote/wire"
)

const deviceMemory = 1 << 30

// newSocket returns a path in a private directory. That of t.TempDir may be too
// long for a socket.
func newSocket(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpu")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// serveHost serves devices in the memory of the test until it ends, and demands
// that nothing stays allocated.
func serveHost(t testing.TB) (socket string, devices *hostDevices) {
	t.Helper()
	socket = newSocket(t)
	devices = &hostDevices{memory: deviceMemory}
	l, err := listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(devices)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.accept(l)
		s.close()
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		devices.mu.Lock()
		defer devices.mu.Unlock()
		for i, d := range devices.opened {
			if n := d.left(); n > 0 && d.lost == nil && len(s.kept) == 0 {
				t.Errorf("device %d has %d allocations at the end", i, n)
			}
			if !d.closed {
				t.Errorf("device %d is not closed", i)
			}
		}
	})
	return socket, devices
}

func open(t testing.TB, socket string, index int) *remote.Device {
	t.Helper()
	d, err := remote.Open(socket, index)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func alloc(t testing.TB, d device.Device, bytes int64) device.Pointer {
	t.Helper()
	p, err := d.Alloc(bytes, "test")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func upload(t testing.TB, d device.Device, to device.Pointer, from []byte) {
	t.Helper()
	if err := d.Upload(to, from); err != nil {
		t.Fatal(err)
	}
}

// checkMemory demands what the device has at p.
func checkMemory(t testing.TB, d device.Device, p device.Pointer, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if err := d.Download(got, p); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the device has %d bytes that differ from what was stored", len(want))
	}
}

// checkError demands an error whose text has each of the words.
func checkError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q, want %q in it", err, w)
		}
	}
}

func floats(values ...float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// pattern returns bytes that differ from place to place.
func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16) ^ seed
	}
	return b
}

func scale(p device.Pointer, count uint32, a float32, b float64) device.Launch {
	return device.Launch{Module: "scale", Kernel: "scale", Grid: [3]int{1, 1, 1}, Block: [3]int{32, 1, 1}, Args: []any{p, count, a, b}}
}

func TestDevices(t *testing.T) {
	socket, devices := serveHost(t)
	infos, err := remote.Devices(socket)
	if err != nil {
		t.Fatal(err)
	}
	want := newHostDevice(deviceMemory).Info()
	if len(infos) != 2 || infos[0] != want || infos[1] != want {
		t.Errorf("devices %+v, want %+v twice", infos, want)
	}
	if len(devices.opened) > 0 {
		t.Error("the list of the devices opened one")
	}
	if got := open(t, socket, 1).Info(); got != want {
		t.Errorf("info %+v, want %+v", got, want)
	}
	for _, index := range []int{-1, 2, 1000} {
		if _, err := remote.Open(socket, index); err == nil {
			t.Errorf("device %d was opened", index)
		}
	}
}

func TestOperations(t *testing.T) {
	socket, devices := serveHost(t)
	d := open(t, socket, 0)
	a, b := alloc(t, d, 16), alloc(t, d, 16)
	upload(t, d, a, floats(1, 2, 3, 4))
	if err := d.Copy(b+4, a+8, 8); err != nil {
		t.Fatal(err)
	}
	upload(t, d, b, floats(-1))
	upload(t, d, b+12, floats(9))
	for range 2 {
		if err := d.Launch(scale(b+4, 2, 2, 0.5)); err != nil {
			t.Fatal(err)
		}
	}
	checkMemory(t, d, b, floats(-1, 13.5, 17.5, 9))
	if err := d.Free(a); err != nil {
		t.Fatal(err)
	}
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	got, err := d.Stats()
	if err != nil {
		t.Fatal(err)
	}
	want := device.Stats{Allocated: 16, Reserved: 32, Peak: 32, Allocations: 2, Uploads: 3, UploadBytes: 24, Downloads: 1, DownloadBytes: 16, Launches: 2, Modules: 1}
	if got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if n := devices.last().left(); n > 0 {
		t.Errorf("%d allocations are left after Close", n)
	}
	if err := d.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
	checkError(t, d.Sync(), "closed")
}

// TestSizes copies what fits and does not fit into the shared memory.
func TestSizes(t *testing.T) {
	socket, _ := serveHost(t)
	d := open(t, socket, 0)
	for i, n := range []int{0, 1, 63, 64, 1 << 20, 1<<20 + 1, wire.MaxArea/4 + 3, wire.MaxArea + wire.MaxArea/2 + 5} {
		want := pattern(n, byte(i))
		p := alloc(t, d, int64(n))
		upload(t, d, p, want)
		checkMemory(t, d, p, want)
		if err := d.Free(p); err != nil {
			t.Fatal(err)
		}
	}
}

// TestManyUploads fills the shared memory several times without a download.
func TestManyUploads(t *testing.T) {
	socket, _ := serveHost(t)
	d := open(t, socket, 0)
	const size, count = 50_000, 200
	p := alloc(t, d, size*count)
	for i := range count {
		upload(t, d, p+device.Pointer(i*size), pattern(size, byte(i)))
	}
	for i := range count {
		checkMemory(t, d, p+device.Pointer(i*size), pattern(size, byte(i)))
	}
}

// TestAsynchronous: nothing waits for a kernel but what has to.
func TestAsynchronous(t *testing.T) {
	socket, devices := serveHost(t)
	d := open(t, socket, 0)
	p := alloc(t, d, 64)
	upload(t, d, p, make([]byte, 64)) // the shared memory is there
	if err := d.Launch(device.Launch{Module: "wait", Kernel: "wait"}); err != nil {
		t.Fatal(err)
	}
	q := alloc(t, d, 64)
	upload(t, d, q, pattern(64, 1))
	if err := d.Copy(p, q, 64); err != nil {
		t.Fatal(err)
	}
	if err := d.Free(q); err != nil {
		t.Fatal(err)
	}
	// The worker answers others meanwhile.
	waitFor(t, "the worker says that this program has launched one kernel", func() bool {
		stats, err := remote.Stats(socket)
		if err != nil {
			t.Fatal(err)
		}
		return len(stats.Clients) == 1 && stats.Clients[0].Stats.Launches == 1 && stats.Clients[0].PID == os.Getpid()
	})
	close(devices.last().gate)
	checkMemory(t, d, p, pattern(64, 1))
}

func TestTwoPrograms(t *testing.T) {
	socket, _ := serveHost(t)
	var both sync.WaitGroup
	for i := range 2 {
		d := open(t, socket, 0)
		both.Go(func() {
			for round := range 50 {
				want := pattern(10_000, byte(2*round+i))
				p, err := d.Alloc(int64(len(want)), "test")
				if err == nil {
					err = d.Upload(p, want)
				}
				got := make([]byte, len(want))
				if err == nil {
					err = d.Download(got, p)
				}
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("program %d, round %d: %v, or other memory", i, round, err)
					return
				}
			}
		})
	}
	both.Wait()
}

// TestGoroutines uses one device from several goroutines.
func TestGoroutines(t *testing.T) {
	socket, _ := serveHost(t)
	d := open(t, socket, 0)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			p, err := d.Alloc(4, "test")
			if err != nil {
				t.Error(err)
				return
			}
			for round := range 50 {
				want := floats(float32(i*1000 + round))
				got := make([]byte, 4)
				if err := errors.Join(d.Upload(p, want), d.Launch(scale(p, 1, 1, 0)), d.Download(got, p)); err != nil || !bytes.Equal(got, want) {
					t.Errorf("goroutine %d: %v, or other memory", i, err)
				}
			}
		})
	}
	all.Wait()
}

func TestListen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	socket := newSocket(t)
	if err := os.WriteFile(socket, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	checkError(t, Serve(ctx, socket, nil), "no socket")
	if err := os.Chmod(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	checkError(t, Serve(ctx, socket, nil), "only the user can enter")

	socket, _ = serveHost(t)
	checkError(t, Serve(ctx, socket, nil), "another process serves")
	info, err := os.Stat(socket)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("the socket: %v, %v", info.Mode(), err)
	}
}
