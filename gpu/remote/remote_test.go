package remote

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// fakeWorker serves one connection as the test says.
func fakeWorker(t *testing.T, serve func(*net.UnixConn)) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpu")
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.AcceptUnix()
		if err != nil {
			return
		}
		serve(c)
		c.Close()
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		os.RemoveAll(dir)
	})
	return socket
}

func frames(messages ...wire.Message) []byte {
	var b []byte
	for _, m := range messages {
		var err error
		if b, err = wire.Append(b, m); err != nil {
			panic(err)
		}
	}
	return b
}

// skip reads n frames.
func skip(c *net.UnixConn, n int) {
	for range n {
		var header [wire.HeaderSize]byte
		if _, err := io.ReadFull(c, header[:]); err != nil {
			return
		}
		_, _ = io.CopyN(io.Discard, c, int64(binary.LittleEndian.Uint32(header[:])))
	}
}

var welcome = frames(
	&wire.Greeting{Version: wire.Version},
	&wire.Reply{Free: 100, Payload: &wire.Welcome{Info: device.Info{Name: "fake", Memory: 100}}})

// checkError demands an error of package device whose text has each of the words.
func checkError(t *testing.T, err error, words ...string) {
	t.Helper()
	if _, is := errors.AsType[*device.Error](err); !is {
		t.Errorf("the error is a %T, %v", err, err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q, want %q in it", err, w)
		}
	}
}

// TestBadStart opens a device of a worker that does not greet as it should.
func TestBadStart(t *testing.T) {
	for name, test := range map[string]struct {
		sent []byte
		want string
	}{
		"nothing":          {nil, "ended"},
		"half a greeting":  {welcome[:9], "ended"},
		"no reply":         {welcome[:20], "ended"},
		"another version":  {frames(&wire.Greeting{Version: 99}), "speaks version 99 of the protocol, this program version 2"},
		"another protocol": {[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak as it should"},
		"an endless frame": {[]byte{0xff, 0xff, 0xff, 0xff}, "does not speak as it should"},
		"another reply":    {frames(&wire.Greeting{Version: wire.Version}, &wire.Reply{Payload: &wire.Adopted{}}), "does not speak as it should"},
		"no reply at all":  {frames(&wire.Greeting{Version: wire.Version}, &wire.Sync{}), "does not speak as it should"},
		"an error":         {frames(&wire.Greeting{Version: wire.Version}, &wire.Reply{Err: &device.Error{Op: "Open", Reason: "no driver"}}), "no driver"},
	} {
		t.Run(name, func(t *testing.T) {
			socket := fakeWorker(t, func(c *net.UnixConn) {
				_, _ = c.Write(test.sent)
				_ = c.CloseWrite()
				_, _ = io.Copy(io.Discard, c)
			})
			_, err := Open(socket, 0)
			checkError(t, err, "Open", test.want)
		})
	}
	_, err := Open("/nowhere/socket", 0)
	checkError(t, err, "Open", "no GPU worker answers", "/nowhere/socket")
	_, err = Devices("/nowhere/socket")
	checkError(t, err, "no GPU worker answers")
}

// TestSilentWorker: one that is stopped takes the connection and says nothing.
func TestSilentWorker(t *testing.T) {
	before := patience
	t.Cleanup(func() { patience = before })
	patience = 50 * time.Millisecond
	for name, sent := range map[string][]byte{"from the start": nil, "after the greeting": welcome[:len(frames(&wire.Greeting{Version: wire.Version}))]} {
		t.Run(name, func(t *testing.T) {
			socket := fakeWorker(t, func(c *net.UnixConn) {
				_, _ = c.Write(sent)
				_, _ = io.Copy(io.Discard, c)
			})
			_, err := Open(socket, 0)
			checkError(t, err, "Open", "did not answer within 50ms", "restart the kernel")
		})
	}
}

// TestPatientAfterOpen: when the device is open, a kernel may run for longer than a
// worker may take to open it.
func TestPatientAfterOpen(t *testing.T) {
	before := patience
	t.Cleanup(func() { patience = before })
	for patience = 20 * time.Millisecond; ; patience *= 2 { // until this machine opens it in time
		answer := time.Now().Add(2 * patience)
		socket := fakeWorker(t, func(c *net.UnixConn) {
			_, _ = c.Write(welcome)
			_ = c.SetReadDeadline(answer)
			_, _ = io.Copy(io.Discard, c)
			_, _ = c.Write(frames(&wire.Reply{}, &wire.Reply{}))
			_ = c.SetReadDeadline(time.Time{})
			_, _ = io.Copy(io.Discard, c)
		})
		d, err := Open(socket, 0)
		if err != nil && patience < before {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if err := d.Sync(); err != nil {
			t.Error(err)
		}
		return
	}
}

// TestBadArea: the worker answers, but shares no memory.
func TestBadArea(t *testing.T) {
	socket := fakeWorker(t, func(c *net.UnixConn) {
		_, _ = c.Write(append(slices.Clone(welcome), frames(&wire.Reply{})...))
		_, _ = io.Copy(io.Discard, c)
	})
	d, err := Open(socket, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for range 2 {
		checkError(t, d.Upload(wire.Address(0, 0), []byte{1}), "Upload", "sent no shared memory")
	}
}

// TestEnds ends the worker after each number of requests: no call hangs, all fail
// once one has.
func TestEnds(t *testing.T) {
	calls := []func(d *Device) error{
		func(d *Device) error { _, err := d.Alloc(10, "x"); return err },
		func(d *Device) error { return d.Copy(0, 0, 0) },
		func(d *Device) error { return d.Sync() },
		func(d *Device) error { _, err := d.Alloc(1000, "x"); return err },
		func(d *Device) error { return d.Launch(device.Launch{}) },
		func(d *Device) error { return d.Upload(0, []byte{1}) },
		func(d *Device) error { return d.Download([]byte{1}, 0) },
		func(d *Device) error { return d.Download(nil, 0) },
		func(d *Device) error { _, err := d.Stats(); return err },
	}
	for requests := range 3 {
		socket := fakeWorker(t, func(c *net.UnixConn) {
			_, _ = c.Write(welcome)
			skip(c, 2+requests)
		})
		d, err := Open(socket, 0)
		if err != nil {
			t.Fatal(err)
		}
		ended := false
		for i, call := range calls {
			err := call(d)
			if ended = ended || err != nil; ended || i >= 2 {
				checkError(t, err, "the GPU worker ended")
			}
		}
		if err := d.Close(); err != nil {
			t.Errorf("Close returns what others have returned: %v", err)
		}
	}
}

// TestCloseReports: Close returns an error that no other call has returned.
func TestCloseReports(t *testing.T) {
	socket := fakeWorker(t, func(c *net.UnixConn) {
		_, _ = c.Write(append(slices.Clone(welcome), frames(&wire.Reply{Err: &device.Error{Op: "Launch", Kernel: "step", Reason: "a fault"}})...))
		_, _ = io.Copy(io.Discard, c)
	})
	d, err := Open(socket, 0)
	if err != nil {
		t.Fatal(err)
	}
	checkError(t, d.Close(), "Launch of kernel step", "a fault")
}

// TestLight: a cell links this package, and somebody waits for the linker.
func TestLight(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{
		"spikebook/gpu/remote", "spikebook/gpu/remote/wire", "spikebook/gpu/device", "spikebook/display/figure/socket",
		// What fmt needs itself, and encoding/binary for three methods.
		"encoding/binary",
	}
	std, err := exec.Command("go", "list", "-deps", "fmt").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed = append(allowed, strings.Fields(string(std))...)
	for _, p := range strings.Fields(string(out)) {
		if !slices.Contains(allowed, p) {
			t.Errorf("it depends on %s", p)
		}
	}
}
