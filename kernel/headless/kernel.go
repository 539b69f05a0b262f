// Package headless is a front end without a face: it starts a kernel as a child
// process, has it execute the code cells of a notebook one after the other and
// collects their outputs. It knows nothing of files, flags, terminals or what
// language the cells are in.
package headless

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"spikebook/kernel/jupyter"
	"spikebook/kernel/supervisor"
)

// startTime is how long a kernel may take until it answers.
const startTime = 60 * time.Second

// patience is how long a kernel may take.
type patience struct {
	interrupt time.Duration // until an interrupted cell ends
	idle      time.Duration // until the status that follows a reply
	shutdown  time.Duration // until it ends when asked to
}

// Kernel is a kernel process and the connection to it.
type Kernel struct {
	// Info is the content of its kernel_info_reply.
	Info map[string]any

	cmd    *exec.Cmd
	client *jupyter.Client
	stderr supervisor.Tail
	died   chan struct{} // closed when the process has ended

	patience patience
}

// DeathError says that the kernel has ended while something was asked of it.
type DeathError struct {
	State  string // how it ended
	Stderr string // the last lines that it wrote
}

func (e *DeathError) Error() string {
	text := "the kernel died (" + e.State + ")"
	if e.Stderr != "" {
		text += "; its last words:\n" + e.Stderr
	}
	return text
}

// tempPrefix is how the names of connection directories begin.
const tempPrefix = "spikebook-exec-"

// RemoveConnection removes the directory of a connection file that [Start] has
// made; others are left alone. A kernel calls it when it ends: its front end may
// have been killed before it could.
func RemoveConnection(file string) {
	if IsConnection(file) {
		os.RemoveAll(filepath.Dir(file))
	}
}

// IsConnection says whether [Start] has made a connection file.
func IsConnection(file string) bool {
	return strings.HasPrefix(filepath.Base(filepath.Dir(file)), tempPrefix)
}

// sweep removes connection directories of front ends and kernels that were both
// killed at the start: no living one is as old.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), tempPrefix+"*")) // the pattern is well formed
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > 2*startTime {
			os.RemoveAll(dir)
		}
	}
}

// Start runs the kernel's command in directory dir, with the path of a
// connection file appended, and waits until it answers. The connection is over
// unix sockets in a private directory, which is gone when Start returns: an
// open connection does not need it, and nothing is left even if this process
// is killed.
func Start(ctx context.Context, command []string, dir string) (*Kernel, error) {
	sweep()
	temp, err := os.MkdirTemp("", tempPrefix)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	connection := jupyter.NewConnection(temp)
	file := filepath.Join(temp, "kernel.json")
	if err := connection.Write(file); err != nil {
		return nil, err
	}
	k := &Kernel{
		died:     make(chan struct{}),
		patience: patience{interrupt: 10 * time.Second, idle: 10 * time.Second, shutdown: 5 * time.Second},
	}
	k.cmd = exec.Command(command[0], append(command[1:len(command):len(command)], file)...)
	k.cmd.Dir = dir
	k.cmd.Env = append(os.Environ(), "JPY_PARENT_PID="+strconv.Itoa(os.Getpid()))
	k.cmd.Stderr = &k.stderr
	k.cmd.WaitDelay = time.Second // for what has inherited stderr
	k.cmd.SysProcAttr = childAttr()
	started := make(chan error)
	go func() {
		// The kernel ends with this thread, so the thread lives as long as it.
		runtime.LockOSThread()
		err := k.cmd.Start()
		started <- err
		if err == nil {
			_ = k.cmd.Wait() // the state tells
			close(k.died)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting the kernel: %w", err)
	}
	if err := k.connect(ctx, connection); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// connect dials the kernel and asks who it is.
func (k *Kernel) connect(ctx context.Context, connection jupyter.Connection) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("the kernel did not answer within %v", startTime))
	defer cancel()
	go func() {
		select {
		case <-k.died:
			cancel()
		case <-ctx.Done():
		}
	}()
	failed := func(err error) error {
		select {
		case <-k.died:
			return k.death()
		default:
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	client, err := jupyter.Dial(ctx, connection, slog.New(slog.DiscardHandler))
	if err != nil {
		return failed(err)
	}
	k.client = client
	info, err := client.WaitReady(ctx)
	if err != nil {
		return failed(err)
	}
	return info.Unmarshal(&k.Info)
}

func (k *Kernel) death() error {
	return &DeathError{State: k.cmd.ProcessState.String(), Stderr: k.stderr.String()}
}

// Reply is what the kernel answers to a cell.
type Reply struct {
	Status         string `json:"status"` // "ok", "error" or "aborted"
	ExecutionCount int    `json:"execution_count"`
	EName          string `json:"ename"`
	EValue         string `json:"evalue"`
}

// Execute executes code and hands the messages that the kernel publishes for it
// to publish. When ctx ends, the cell is interrupted and Execute waits for its
// end; the error is then the cause of ctx. A kernel that does not obey is
// killed.
func (k *Kernel) Execute(ctx context.Context, code string, stopOnError bool, publish func(msgType string, content json.RawMessage)) (Reply, error) {
	request, err := k.client.Request(jupyter.Shell, "execute_request", map[string]any{
		"code": code, "silent": false, "store_history": true, "user_expressions": map[string]any{},
		"allow_stdin": false, "stop_on_error": stopOnError,
	})
	if err != nil {
		return Reply{}, k.lost(err)
	}
	var reply *Reply
	idle, interrupted := false, false
	done := ctx.Done()
	// The interrupt travels on a socket of its own. One that arrives before the
	// cell has begun is lost, so it waits for the busy status.
	var interrupt <-chan struct{}
	var limit <-chan time.Time
	var late error // why the limit is one
	for reply == nil || !idle {
		select {
		case <-done:
			done = nil
			limit = time.After(k.patience.interrupt)
			late = fmt.Errorf("the cell did not end within %v after the interrupt; the kernel was stopped", k.patience.interrupt)
		case <-interrupt:
			interrupt, interrupted = nil, true
			if _, err := k.client.Request(jupyter.Control, "interrupt_request", nil); err != nil {
				return Reply{}, k.lost(err)
			}
		case <-limit:
			k.kill()
			return Reply{}, errors.Join(context.Cause(ctx), late)
		case <-k.died:
			return Reply{}, k.death()
		case m := <-k.client.Received():
			if m.Parent().ID != request.Header.ID {
				continue
			}
			switch {
			case m.Channel == jupyter.Shell && m.Header.Type == "execute_reply":
				reply = &Reply{}
				if err := m.Unmarshal(reply); err != nil {
					return Reply{}, err
				}
				if limit == nil {
					limit = time.After(k.patience.idle)
					late = fmt.Errorf("the kernel replied but published no idle status within %v; it was stopped", k.patience.idle)
				}
			case m.Channel == jupyter.IOPub && m.Header.Type == "status":
				var status struct {
					State string `json:"execution_state"`
				}
				if err := m.Unmarshal(&status); err != nil {
					return Reply{}, err
				}
				idle = status.State == "idle"
				if status.State == "busy" && !interrupted {
					interrupt = ctx.Done()
				}
			case m.Channel == jupyter.IOPub:
				publish(m.Header.Type, m.Content)
			}
		}
	}
	if interrupted {
		return *reply, context.Cause(ctx)
	}
	return *reply, nil
}

// lost returns the death of the kernel as the reason why it could not be
// reached, if it has died.
func (k *Kernel) lost(err error) error {
	select {
	case <-k.died:
		return k.death()
	case <-time.After(time.Second): // a broken connection shows first
		return err
	}
}

// Close asks the kernel to shut down, ends it if it does not, and waits until it
// is gone. A kernel that was killed may be closed as well.
func (k *Kernel) Close() {
	if k.client != nil {
		if _, err := k.client.Request(jupyter.Control, "shutdown_request", map[string]any{"restart": false}); err == nil {
			k.await(k.patience.shutdown)
		}
		defer k.client.Close()
	}
	select {
	case <-k.died:
		return
	default:
	}
	_ = k.cmd.Process.Signal(syscall.SIGTERM)
	if !k.await(k.patience.shutdown) {
		k.kill()
	}
}

// Kill ends the kernel at once.
func (k *Kernel) Kill() { k.kill() }

// kill ends the kernel's process group and waits for it. What the kernel has
// started elsewhere notices by itself that it is gone.
func (k *Kernel) kill() {
	_ = syscall.Kill(-k.cmd.Process.Pid, syscall.SIGKILL)
	<-k.died
}

// await waits for the end of the process and says whether it came. Messages
// that arrive meanwhile are dropped, so that the kernel can send them.
func (k *Kernel) await(limit time.Duration) bool {
	var received <-chan jupyter.Received
	if k.client != nil {
		received = k.client.Received()
	}
	for after := time.After(limit); ; {
		select {
		case <-k.died:
			return true
		case <-after:
			return false
		case <-received:
		}
	}
}
