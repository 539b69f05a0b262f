//go:build linux

package worker

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"spikebook/gpu/device"
	"spikebook/gpu/remote"
)

var kills = flag.Int("kills", 20, "how often a worker is killed")

// TestMain makes the test binary a worker, the parent of one, or the test.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 {
		if child, is := children[os.Args[1]]; is {
			if err := child(os.Args[2]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(3)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

var children map[string]func(socket string) error

func init() {
	children = map[string]func(socket string) error{
		"child-worker": func(socket string) error {
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
			defer stop()
			return Serve(ctx, socket, &hostDevices{memory: deviceMemory})
		},
		"child-fails": func(string) error {
			return errors.New("some noise\nthe driver is not there\n")
		},
		"child-panics": func(string) error { panic("a bug") },
		// child-parent starts a worker, says so and waits to be killed.
		"child-parent": func(socket string) error {
			p, err := Start(Options{Command: []string{os.Args[0], "child-worker", socket}, Socket: socket})
			if err != nil {
				return err
			}
			fmt.Println(p.PID())
			select {}
		},
	}
}

// startProcess runs a worker that sends why it ended to the channel.
func startProcess(t *testing.T) (*Process, string, <-chan error) {
	t.Helper()
	socket := newSocket(t)
	ended := make(chan error, 1000)
	p, err := Start(Options{
		Command: []string{os.Args[0], "child-worker", socket}, Socket: socket,
		Ended: func(err error) { ended <- err }, LongestPause: firstPause,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p, socket, ended
}

func TestProcess(t *testing.T) {
	p, socket, ended := startProcess(t)
	if p.PID() == 0 || p.Err() != nil {
		t.Errorf("process %d, %v, want a worker that answers", p.PID(), p.Err())
	}
	d := open(t, socket, 0)
	pointer := alloc(t, d, 4)
	token, err := d.Keep(pointer)
	if err != nil {
		t.Fatal(err)
	}
	before := p.PID()
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	checkError(t, <-ended, "the GPU worker ended", "signal: killed")
	for range 2 {
		checkError(t, d.Sync(), "the GPU worker ended", "is lost")
	}
	checkError(t, d.Upload(pointer, []byte{1}), "the GPU worker ended")
	waitFor(t, "there is a new worker", func() bool { return p.PID() != 0 && p.PID() != before })
	d = open(t, socket, 0)
	checkGone(t, d, token)

	p.Stop()
	checkError(t, p.Err(), "was stopped")
	if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is there after Stop: %v", err)
	}
	_, err = remote.Open(socket, 0)
	checkError(t, err, "no GPU worker answers")
	if len(ended) > 0 {
		t.Errorf("Stop is reported as an end: %v", <-ended)
	}
}

func TestStartErrors(t *testing.T) {
	for name, words := range map[string][]string{
		"child-fails":  {"exit status 3", "the driver is not there"},
		"child-panics": {"exit status 2", "panic: a bug"},
	} {
		socket := newSocket(t)
		_, err := Start(Options{
			Command: []string{os.Args[0], name, socket}, Socket: socket,
			Ended: func(err error) { t.Errorf("the start that failed is reported as an end, too: %v", err) },
		})
		checkError(t, err, append(words, "start the GPU worker")...)
	}
	_, err := Start(Options{Command: []string{"/nowhere/spikebook-gpu"}})
	checkError(t, err, "/nowhere/spikebook-gpu")
	_, err = Start(Options{})
	checkError(t, err, "the command is empty")
}

// TestParentDies: a worker ends and removes its socket when its parent is killed.
func TestParentDies(t *testing.T) {
	socket := newSocket(t)
	parent := exec.Command(os.Args[0], "child-parent", socket)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	d := open(t, socket, 0)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	waitFor(t, "the socket is gone", func() bool {
		_, err := os.Stat(socket)
		return errors.Is(err, fs.ErrNotExist)
	})
	waitFor(t, "the device is lost", func() bool { return d.Sync() != nil })
}

// TestKills kills the worker at random moments while a program uses it. The
// program must see an error of package device and neither wait for ever nor die.
func TestKills(t *testing.T) {
	p, socket, ended := startProcess(t)
	random := rand.New(rand.NewPCG(3, 4))
	for i := range *kills {
		killed := make(chan struct{})
		pid := p.PID()
		time.AfterFunc(time.Duration(random.IntN(3000))*time.Microsecond, func() {
			defer close(killed)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		})
		err := useUntilError(socket)
		if _, is := errors.AsType[*device.Error](err); !is || !strings.Contains(err.Error(), "GPU worker") {
			t.Errorf("kill %d: %T: %v", i, err, err)
		}
		<-killed
		checkError(t, <-ended, "signal: killed")
		waitFor(t, "there is a new worker", func() bool { return p.PID() != 0 && p.PID() != pid })
	}
}

// useUntilError does all there is to do with a device until that fails.
func useUntilError(socket string) error {
	for {
		d, err := remote.Open(socket, 0)
		if err != nil {
			return err
		}
		want := pattern(100_000, 1)
		got := make([]byte, len(want))
		p, err := d.Alloc(int64(len(want)), "test")
		for range 3 {
			var token device.Token
			if err == nil {
				err = errors.Join(d.Upload(p, want), d.Launch(scale(p, 1, 1, 0)), d.Copy(p, p+8, 8))
			}
			if err == nil {
				err = d.Upload(p, want)
			}
			if err == nil {
				err = d.Download(got, p)
			}
			if err == nil && !bytes.Equal(got, want) {
				err = errors.New("other memory")
			}
			if err == nil {
				token, err = d.Keep(p)
			}
			if err == nil {
				err = d.Drop(token)
			}
		}
		if err := errors.Join(err, d.Close()); err != nil {
			return err
		}
	}
}

func TestLastLine(t *testing.T) {
	for _, test := range []struct {
		written []string
		want    string
	}{
		{nil, ""},
		{[]string{"one\ntw", "o\n\n"}, "two"},
		{[]string{"one\n", "two"}, "two"},
		{[]string{"note\npanic: no\n\ngoroutine 1 [running]:\nmain.go:1\n"}, "panic: no"},
		{[]string{strings.Repeat("x", 3*maxLine)}, strings.Repeat("x", maxLine)},
	} {
		var l lastLine
		for _, w := range test.written {
			if n, err := l.Write([]byte(w)); n != len(w) || err != nil {
				t.Errorf("wrote %d of %d bytes: %v", n, len(w), err)
			}
		}
		if got := l.String(); got != test.want {
			t.Errorf("%.40q: %.40q, want %.40q", test.written, got, test.want)
		}
	}
}
