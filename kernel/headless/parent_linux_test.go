package headless

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A kernel does not outlive a front end that is killed while it waits for it.
func TestStartKilled(t *testing.T) {
	dir := t.TempDir()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "m"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	starter := exec.Command(os.Args[0])
	starter.Env = append(os.Environ(), fakeKernel+"=starter", meeting+"="+filepath.Join(dir, "m"), "TMPDIR="+dir)
	if err := starter.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.Now().Add(10 * time.Second)
	_ = listener.SetDeadline(limit)
	kernel, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer kernel.Close()
	if err := starter.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = starter.Wait()
	_ = kernel.SetReadDeadline(limit)
	if _, err := kernel.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the kernel still lives: %v", err)
	}
}
