package headless

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"spikebook/kernel/jupyter"
)

// fakeKernel is set in the environment of the test binary when it is to be a
// kernel rather than the tests.
const fakeKernel = "SPIKEBOOK_TEST_KERNEL"

func TestMain(m *testing.M) {
	switch os.Getenv(fakeKernel) {
	case "":
		os.Exit(m.Run())
	case "silent":
		beSilent()
	case "starter":
		beStarter()
	default:
		beKernel(os.Args[len(os.Args)-1])
	}
}

// beKernel is a kernel whose cells are commands. What is not about execution is
// as in any kernel.
func beKernel(file string) {
	if os.Getenv(fakeKernel) == "dead" {
		fmt.Fprintln(os.Stderr, "no workspace")
		os.Exit(3)
	}
	connection, err := jupyter.ReadConnection(file)
	if err != nil {
		panic(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		panic(fmt.Sprint("others can read the key: ", info.Mode(), err))
	}
	server, err := jupyter.Listen(context.Background(), connection, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	session := jupyter.NewSession()
	send := func(ch jupyter.Channel, m *jupyter.Message) {
		if err := server.Send(ch, m); err != nil {
			panic(err)
		}
	}
	publish := func(parent *jupyter.Message, msgType string, content any) {
		send(jupyter.IOPub, jupyter.New(session, msgType, parent, content))
	}
	count := 0
	var hanging *jupyter.Received
	finish := func(r jupyter.Received, status string) {
		send(r.Channel, r.Reply(session, map[string]any{"status": status, "execution_count": count, "ename": "E", "evalue": "v"}))
		publish(r.Message, "status", map[string]any{"execution_state": "idle"})
	}
	for r := range server.Received() {
		publish(r.Message, "status", map[string]any{"execution_state": "busy"})
		switch r.Header.Type {
		case "shutdown_request":
			finish(r, "ok")
			server.Close()
			os.Exit(0)
		case "interrupt_request":
			finish(r, "ok")
			if hanging != nil {
				finish(*hanging, "error")
				hanging = nil
			}
		case "kernel_info_request":
			send(r.Channel, r.Reply(session, map[string]any{"status": "ok", "language_info": map[string]any{"name": "fake"}}))
			publish(r.Message, "status", map[string]any{"execution_state": "idle"})
		case "execute_request":
			count++
			var request struct {
				Code       string `json:"code"`
				AllowStdin bool   `json:"allow_stdin"`
			}
			if err := r.Unmarshal(&request); err != nil || request.AllowStdin {
				panic(fmt.Sprint("allow_stdin ", request.AllowStdin, err))
			}
			switch request.Code {
			case "hang":
				hanging = &r
			case "stubborn":
			case "die":
				fmt.Fprintln(os.Stderr, "out of memory")
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			case "never idle":
				send(r.Channel, r.Reply(session, map[string]any{"status": "ok", "execution_count": count}))
			case "idle first":
				publish(r.Message, "status", map[string]any{"execution_state": "idle"})
				send(r.Channel, r.Reply(session, map[string]any{"status": "ok", "execution_count": count}))
			case "where":
				dir, _ := os.Getwd()
				publish(r.Message, "stream", map[string]any{"name": "stdout", "text": dir})
				finish(r, "ok")
			default:
				other := jupyter.New("another", "execute_request", nil, nil)
				publish(other, "stream", map[string]any{"name": "stdout", "text": "of another front end"})
				publish(r.Message, "stream", map[string]any{"name": "stdout", "text": request.Code})
				finish(r, "ok")
			}
		}
	}
}

// meeting is where a silent kernel of a test shows that it lives.
const meeting = "SPIKEBOOK_TEST_MEETING"

// beSilent is a kernel that never answers and watches nobody.
func beSilent() {
	conn, err := net.Dial("unix", os.Getenv(meeting))
	if err != nil {
		panic(err)
	}
	_, _ = io.Copy(io.Discard, conn) // until the test ends
}

// beStarter is a front end that starts such a kernel.
func beStarter() {
	if err := os.Setenv(fakeKernel, "silent"); err != nil {
		panic(err)
	}
	_, err := Start(context.Background(), []string{os.Args[0]}, "")
	panic(err) // it does not return: it is killed
}

// start starts the test binary as a kernel and checks at the end that nothing
// is left of it.
func start(t *testing.T, dir string) *Kernel {
	t.Helper()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv(fakeKernel, "1")
	k, err := Start(t.Context(), []string{os.Args[0], "run"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("files of a connected kernel: %v", left)
	}
	t.Cleanup(func() {
		k.Close()
		if err := syscall.Kill(k.cmd.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("the kernel is still there: %v", err)
		}
		if left, _ := os.ReadDir(temp); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	return k
}

// run executes code and returns what it printed.
func run(ctx context.Context, k *Kernel, code string) (Reply, string, error) {
	var text strings.Builder
	reply, err := k.Execute(ctx, code, true, func(msgType string, content json.RawMessage) {
		var m struct{ Text string }
		if json.Unmarshal(content, &m) == nil && msgType == "stream" {
			text.WriteString(m.Text)
		}
	})
	return reply, text.String(), err
}

func TestExecute(t *testing.T) {
	k := start(t, "")
	if language, _ := k.Info["language_info"].(map[string]any); language["name"] != "fake" {
		t.Errorf("kernel info %v", k.Info)
	}
	reply, text, err := run(t.Context(), k, "hello")
	if err != nil || reply.Status != "ok" || reply.ExecutionCount != 1 || text != "hello" {
		t.Errorf("%+v, %q, %v", reply, text, err)
	}
	// On two sockets, a reply may come before or after the status.
	reply, _, err = run(t.Context(), k, "idle first")
	if err != nil || reply.Status != "ok" || reply.ExecutionCount != 2 {
		t.Errorf("%+v, %v", reply, err)
	}
}

func TestExecuteInDirectory(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k := start(t, dir)
	if _, text, err := run(t.Context(), k, "where"); err != nil || text != dir {
		t.Errorf("the kernel runs in %s, want %s (%v)", text, dir, err)
	}
}

func TestExecuteInterrupt(t *testing.T) {
	k := start(t, "")
	cause := errors.New("Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	reply, _, err := run(ctx, k, "hang")
	if reply.Status != "error" || !errors.Is(err, cause) {
		t.Errorf("%+v, %v", reply, err)
	}
	if _, text, err := run(t.Context(), k, "next"); err != nil || text != "next" {
		t.Errorf("after the interrupt: %q, %v", text, err)
	}
}

func TestExecuteStubborn(t *testing.T) {
	k := start(t, "")
	k.patience.interrupt = time.Millisecond
	cause := errors.New("Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	reply, _, err := run(ctx, k, "stubborn")
	if reply.Status != "" || !errors.Is(err, cause) || !strings.Contains(err.Error(), "the cell did not end within 1ms after the interrupt") {
		t.Errorf("%+v, %v", reply, err)
	}
	if _, _, err := run(t.Context(), k, "next"); !isDeath(err) {
		t.Errorf("the kernel was not stopped: %v", err)
	}
}

func TestExecuteNeverIdle(t *testing.T) {
	k := start(t, "")
	k.patience.idle = time.Millisecond
	if _, _, err := run(t.Context(), k, "never idle"); err == nil || !strings.Contains(err.Error(), "no idle status within 1ms") {
		t.Errorf("%v", err)
	}
}

func isDeath(err error) bool {
	var death *DeathError
	return errors.As(err, &death)
}

func TestExecuteDeath(t *testing.T) {
	k := start(t, "")
	_, _, err := run(t.Context(), k, "die")
	if !isDeath(err) || err.Error() != "the kernel died (signal: killed); its last words:\nout of memory" {
		t.Errorf("%v", err)
	}
}

func TestCloseStubborn(t *testing.T) {
	k := start(t, "")
	// The kernel cannot answer: it is stopped, and SIGTERM waits with it.
	if err := syscall.Kill(k.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	k.patience.shutdown = time.Millisecond
	k.Close()
	if !strings.Contains(k.cmd.ProcessState.String(), "killed") {
		t.Errorf("ended by %v", k.cmd.ProcessState)
	}
}

func TestStartFailures(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv(fakeKernel, "dead")
	_, err := Start(t.Context(), []string{os.Args[0]}, "")
	if !isDeath(err) || err.Error() != "the kernel died (exit status 3); its last words:\nno workspace" {
		t.Errorf("a kernel that ends: %v", err)
	}
	if _, err := Start(t.Context(), []string{"/nonexistent/kernel"}, ""); err == nil || !strings.Contains(err.Error(), "starting the kernel") {
		t.Errorf("no kernel: %v", err)
	}
	cause := errors.New("Ctrl-C")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	t.Setenv(fakeKernel, "1")
	if _, err := Start(ctx, []string{os.Args[0]}, ""); !errors.Is(err, cause) {
		t.Errorf("interrupted start: %v", err)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRemoveConnection(t *testing.T) {
	temp := t.TempDir()
	for dir, gone := range map[string]bool{tempPrefix + "1": true, "runtime": false} {
		file := filepath.Join(temp, dir, "kernel.json")
		if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		RemoveConnection(file)
		if _, err := os.Stat(filepath.Dir(file)); errors.Is(err, os.ErrNotExist) != gone {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestSweep(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	old := time.Now().Add(-time.Hour)
	for dir, gone := range map[string]bool{tempPrefix + "old": true, tempPrefix + "new": false, "other-old": false} {
		path := filepath.Join(temp, dir)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(dir, "new") {
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
		sweep()
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) != gone {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
