//go:build linux

package worker

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"spikebook/gpu/device"
	"spikebook/gpu/remote"
	"spikebook/gpu/remote/wire"
)

// dial connects as a program that may do anything. Its reads end with the test.
func dial(t *testing.T, socket string) *net.UnixConn {
	t.Helper()
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// frames returns the frames of messages.
func frames(t *testing.T, messages ...wire.Message) []byte {
	t.Helper()
	var b []byte
	for _, m := range messages {
		var err error
		if b, err = wire.Append(b, m); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func start(t *testing.T, messages ...wire.Message) []byte {
	t.Helper()
	return frames(t, append([]wire.Message{&wire.Greeting{Version: wire.Version}, &wire.Hello{}}, messages...)...)
}

// answers sends what a program sends and returns the last reply until the worker
// closes the connection.
func answers(t *testing.T, socket string, sent []byte) (last wire.Reply) {
	t.Helper()
	c := dial(t, socket)
	_, _ = c.Write(sent) // the worker may refuse to read it all
	data, err := io.ReadAll(c)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("the worker did not end the connection: %v", err)
	}
	for len(data) >= wire.HeaderSize {
		size, err := wire.Size(data)
		if err != nil {
			t.Fatal(err)
		}
		frame := data[wire.HeaderSize : wire.HeaderSize+size]
		if m := (wire.Reply{}); wire.Decode(frame, &m) == nil {
			last = m
		}
		data = data[wire.HeaderSize+size:]
	}
	return last
}

// checkAlive demands that the worker serves a program, once it has seen that those
// before are gone.
func checkAlive(t *testing.T, socket string) {
	t.Helper()
	var d *remote.Device
	waitFor(t, "a program is served", func() bool {
		var err error
		d, err = remote.Open(socket, 0)
		return err == nil
	})
	p := alloc(t, d, 4)
	upload(t, d, p, floats(7))
	checkMemory(t, d, p, floats(7))
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestViolations sends requests that no program of ours sends.
func TestViolations(t *testing.T) {
	socket, _ := serveHost(t)
	large := binary.LittleEndian.AppendUint32(nil, wire.MaxFrame+1)
	for name, test := range map[string]struct {
		sent []byte
		want string
	}{
		"a frame that is too large":    {append(start(t), large...), "a frame has 65537 bytes"},
		"an empty frame":               {append(start(t), 0, 0, 0, 0), "a frame has 0 bytes"},
		"an unknown request":           {append(start(t), 1, 0, 0, 0, 255), "no request"},
		"a reply":                      {start(t, &wire.Reply{}), "no request"},
		"hello twice":                  {start(t, &wire.Hello{}), "comes twice"},
		"no hello":                     {frames(t, &wire.Greeting{Version: wire.Version}, &wire.Sync{}), "want Hello"},
		"a device that was not chosen": {frames(t, &wire.Greeting{Version: wire.Version}, &wire.Hello{Device: wire.NoDevice}, &wire.Sync{}), "without a device"},
		"a block far away":             {start(t, &wire.Alloc{Block: 7, Bytes: 1}), "block 7 is not the next of 0"},
		"a block in use":               {start(t, &wire.Alloc{Bytes: 1}, &wire.Alloc{Bytes: 1}), "block 0 is not the next of 1"},
		"adopted to a block in use":    {start(t, &wire.Alloc{Bytes: 1}, &wire.Adopt{}), "block 0 is not the next of 1"},
		"no shared memory":             {start(t, &wire.Upload{Bytes: 1}), "leave the 0 bytes"},
		"outside of shared memory":     {start(t, &wire.Area{Bytes: 10}, &wire.Download{Offset: 5, Bytes: 6}), "leave the 10 bytes"},
		"an offset that overflows":     {start(t, &wire.Area{Bytes: 10}, &wire.Module{Offset: 1<<63 - 1, Bytes: 1<<63 - 1}), "leave the 10 bytes"},
		"too much shared memory":       {start(t, &wire.Area{Bytes: wire.MaxArea + 1}), "bytes of shared memory"},
		"a module that was not sent":   {start(t, &wire.Launch{}), "module 0 was not sent"},
	} {
		t.Run(name, func(t *testing.T) {
			reply := answers(t, socket, test.sent)
			checkError(t, reply.Err, test.want, "the connection is closed")
		})
	}
	checkAlive(t, socket)
}

// randomRequest returns a request that decodes and may make sense.
func randomRequest(random *rand.Rand) wire.Message {
	number := func() int64 { return random.Int64N(5) * random.Int64N(40) }
	block := func() uint32 { return random.Uint32N(4) }
	pointer := func() device.Pointer { return wire.Address(block(), number()) * device.Pointer(random.IntN(8)&1) }
	token := device.Token{Worker: random.Uint64N(2), Memory: random.Uint64N(3)}
	switch random.IntN(16) {
	case 0:
		return &wire.Area{Bytes: number()}
	case 1, 2, 3:
		return &wire.Alloc{Block: block(), Bytes: number(), Wait: number() == 0}
	case 4:
		return &wire.Free{Block: block()}
	case 5:
		return &wire.Upload{To: pointer(), Offset: number(), Bytes: number()}
	case 6:
		return &wire.Download{From: pointer(), Offset: number(), Bytes: number()}
	case 7:
		return &wire.Copy{To: pointer(), From: pointer(), Bytes: number()}
	case 8:
		return &wire.Module{Offset: number(), Bytes: number()}
	case 9:
		return &wire.Launch{Module: block(), Launch: device.Launch{Args: []any{pointer(), number()}}}
	case 10:
		return &wire.Keep{Block: block()}
	case 11:
		return &wire.Adopt{Block: block(), Token: token}
	case 12:
		return &wire.Drop{Token: token}
	case 13:
		return &wire.Report{}
	case 14:
		return &wire.Stats{}
	default:
		return &wire.Sync{}
	}
}

// TestGarbage sends random requests, and random bytes where a connection starts
// and where a request does.
func TestGarbage(t *testing.T) {
	socket, devices := serveHost(t)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		var sent []byte
		if i%4 > 0 {
			sent = start(t)
		}
		if i%4 > 1 {
			for range 20 {
				sent = append(sent, frames(t, randomRequest(random))...)
			}
		}
		if i%4 < 3 {
			for range 100 {
				sent = append(sent, byte(random.Uint32()))
			}
		}
		c := dial(t, socket)
		_, _ = c.Write(sent) // the worker may refuse to read it all
		if err := c.CloseWrite(); err != nil && !errors.Is(err, syscall.ENOTCONN) {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("the worker did not end the connection: %v", err)
		}
	}
	checkAlive(t, socket)
	waitFor(t, "only what is kept is left", func() bool {
		stats, err := remote.Stats(socket)
		return err == nil && stats.Kept > 0 && devices.last().left() <= stats.Kept
	})
}

// TestVanish: a program goes away after each byte of its requests.
func TestVanish(t *testing.T) {
	socket, devices := serveHost(t)
	sent := start(t,
		&wire.Area{Bytes: 100}, &wire.Alloc{Bytes: 50, Label: "test"}, &wire.Module{Bytes: 5},
		&wire.Upload{To: wire.Address(0, 0), Bytes: 50},
		&wire.Launch{Launch: device.Launch{Kernel: "scale", Args: []any{wire.Address(0, 0), uint32(1), float32(1), 1.0}}},
		&wire.Download{From: wire.Address(0, 0), Bytes: 50})
	for n := range len(sent) {
		c := dial(t, socket)
		if _, err := c.Write(sent[:n]); err != nil {
			t.Fatal(err)
		}
		c.Close()
		waitForRoom(t, socket)
	}
	checkAlive(t, socket)
	waitFor(t, "the memory of programs that are gone is free", func() bool { return devices.last().left() == 0 })
}

// TestGone: what a program has queued behind a kernel that runs is not done when the
// program ends meanwhile.
func TestGone(t *testing.T) {
	socket, devices := serveHost(t)
	c := dial(t, socket)
	if _, err := c.Write(start(t,
		&wire.Area{Bytes: 100}, &wire.Alloc{Bytes: 50, Label: "test"}, &wire.Module{Bytes: 4},
		&wire.Launch{Launch: device.Launch{Kernel: "wait"}}, &wire.Launch{Launch: device.Launch{Kernel: "scale"}},
	)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a kernel runs", func() bool {
		stats, err := remote.Stats(socket)
		return err == nil && len(stats.Clients) == 1 && stats.Clients[0].Stats.Launches == 1
	})
	c.Close()
	close(devices.last().gate)
	waitFor(t, "the memory of the program is free", func() bool { return devices.last().left() == 0 })
	if stats, err := devices.last().Stats(); err != nil || stats.Launches > 0 {
		t.Errorf("%d kernels were launched behind the one that ran, %v", stats.Launches, err)
	}
}

// TestSilent: a program that sends half a request and one that reads no reply hold
// up nobody.
func TestSilent(t *testing.T) {
	socket, _ := serveHost(t)
	half := dial(t, socket)
	if _, err := half.Write(start(t, &wire.Sync{})[:30]); err != nil {
		t.Fatal(err)
	}
	deaf := dial(t, socket)
	if _, err := deaf.Write(start(t)); err != nil {
		t.Fatal(err)
	}
	if err := deaf.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	many := frames(t, &wire.Stats{})
	for range 10 {
		many = append(many, many...)
	}
	for range 1000 {
		if _, err := deaf.Write(many); err != nil {
			break // both directions are full
		}
	}
	checkAlive(t, socket)
}

// TestVersions: each side says what the other one speaks.
func TestVersions(t *testing.T) {
	socket, _ := serveHost(t)
	c := dial(t, socket)
	if _, err := c.Write(frames(t, &wire.Greeting{Version: wire.Version + 1}, &wire.Hello{})); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(c)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	var greeting wire.Greeting
	if err := wire.Decode(data[wire.HeaderSize:], &greeting); err != nil || greeting.Version != wire.Version {
		t.Errorf("the worker says %q (%v), want only its version", data, err)
	}
}

// TestUser: the program of another user is told nothing.
func TestUser(t *testing.T) {
	socket := newSocket(t)
	l, err := listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(&hostDevices{})
	s.user++
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.accept(l)
		s.close()
	}()
	data, err := io.ReadAll(dial(t, socket))
	if err != nil || len(data) > 0 {
		t.Errorf("the worker said %q, %v", data, err)
	}
	l.Close()
	<-done
}

func TestTooManyPrograms(t *testing.T) {
	socket, _ := serveHost(t)
	var all []*remote.Device
	for range wire.MaxClients {
		all = append(all, open(t, socket, 0))
	}
	_, err := remote.Open(socket, 0)
	checkError(t, err, "serves 64 programs")
	if err := all[0].Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "there is room for a program", func() bool {
		d, err := remote.Open(socket, 0)
		if err == nil {
			err = d.Close()
		}
		return err == nil
	})
}

// TestLeaks goes through many connections, half of which end without a word.
func TestLeaks(t *testing.T) {
	socket, devices := serveHost(t)
	checkAlive(t, socket)
	files, routines := openFiles(t), runtime.NumGoroutine()
	for i := range 100 {
		d, err := remote.Open(socket, 0)
		if err != nil {
			t.Fatal(err)
		}
		upload(t, d, alloc(t, d, 3<<20), pattern(3<<20, byte(i)))
		if err := d.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		c := dial(t, socket)
		if _, err := c.Write(start(t, &wire.Area{Bytes: 1 << 20}, &wire.Alloc{Bytes: 50})); err != nil {
			t.Fatal(err)
		}
		c.Close()
		waitForRoom(t, socket)
	}
	waitFor(t, "all is given back", func() bool {
		return devices.last().left() == 0 && runtime.NumGoroutine() <= routines && openFiles(t) <= files
	})
}

// waitForRoom waits until the worker has seen the end of enough programs to serve
// one more.
func waitForRoom(t *testing.T, socket string) {
	t.Helper()
	waitFor(t, "there is room for a program", func() bool {
		_, err := remote.Stats(socket)
		return err == nil
	})
}

// openFiles counts the descriptors of the process.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// waitFor waits for what happens a moment after a connection ends.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !is(); <-time.After(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}
