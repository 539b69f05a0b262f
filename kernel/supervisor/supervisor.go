package supervisor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Subcommand is the hidden subcommand of our binary that becomes the
// supervisor; the binary must call [Main] for it.
const Subcommand = "supervise"

// Lines that the supervisor reads.
const (
	interruptLine = "interrupt"
	killLine      = "kill"
	calmLine      = "calm"
	stopLine      = "stop"
)

// Command is what to supervise.
type Command struct {
	Argv []string // program and arguments
	Env  []string // as in exec.Cmd
	Dir  string   // working directory

	// Remove is a directory that is removed when all has ended.
	Remove string

	// Orphaned are directories of the caller's that are removed, too, when the
	// caller ends without [Process.Stop]: killed, it cannot do it itself.
	Orphaned []string

	// Spare names programs that an interrupt does not reach, nor what they
	// have started.
	Spare []string

	// Tools names programs that the command starts and does not itself
	// interrupt. The other programs that it has started are its own business:
	// it passes the interrupt on to them.
	Tools []string
}

// Process is a supervised command.
type Process struct {
	cmd   *exec.Cmd
	mu    sync.Mutex // guards stdin
	stdin io.WriteCloser
	calm  <-chan string // what the supervisor answers to calmLine
	done  chan struct{}
	cause error
}

// Start starts the command under a supervisor, which is this program's own
// binary. self is its path.
func Start(self string, c Command) (*Process, error) {
	orphaned := strings.Join(c.Orphaned, string(filepath.ListSeparator))
	argv := []string{Subcommand, "-remove", c.Remove, "-orphaned", orphaned, "-spare", strings.Join(c.Spare, ","), "-tools", strings.Join(c.Tools, ","), "--"}
	cmd := exec.Command(self, append(argv, c.Argv...)...)
	cmd.Env = c.Env
	cmd.Dir = c.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a signal to our process group must not reach it
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	var last Tail
	cmd.Stderr = &last
	if err := becomeReaper(); err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	p := &Process{cmd: cmd, stdin: stdin, calm: lines(stdout), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		err := cmd.Wait()
		if text := last.String(); text != "" {
			err = errors.New(text)
		}
		p.cause = err
		// A supervisor that was itself killed has left its descendants to us.
		if !cmd.ProcessState.Exited() {
			killAll(os.Getpid(), ours)
			_ = removeAll(c.Remove) // the supervisor's own report is the cause
		}
	}()
	return p, nil
}

func (p *Process) tell(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// A supervisor that has ended cannot read; Done tells of that.
	_, _ = io.WriteString(p.stdin, line+"\n")
}

// Interrupt does what Ctrl-C does in a terminal: the command and what it runs
// get SIGINT, once each, and so does whatever it starts until [Process.Calm].
func (p *Process) Interrupt() { p.tell(interruptLine) }

// Calm ends an interrupt: what it has reached and not ended is killed. When Calm
// returns, all signals of the interrupt are sent: what the command does from now
// on is not hit by them.
func (p *Process) Calm() {
	p.tell(calmLine)
	select {
	case <-p.calm:
	case <-p.done:
	case <-time.After(time.Second): // a supervisor that is stopped must not stop us
	}
}

// Kill kills what the command runs, not the command.
func (p *Process) Kill() { p.tell(killLine) }

// Done is closed when the command, everything it has started and its directory
// are gone.
func (p *Process) Done() <-chan struct{} { return p.done }

// Cause says after Done how the command ended, with the last lines that it
// wrote to stderr. It is nil after [Process.Stop].
func (p *Process) Cause() error { return p.cause }

// Stop kills everything and waits for it.
func (p *Process) Stop() {
	p.tell(stopLine)
	p.mu.Lock()
	p.stdin.Close()
	p.mu.Unlock()
	<-p.done
}

// lines delivers the lines of r and is closed at its end.
func lines(r io.Reader) <-chan string {
	ch := make(chan string)
	go func() {
		defer close(ch)
		for s := bufio.NewScanner(r); s.Scan(); {
			ch <- s.Text()
		}
	}()
	return ch
}

// ours says whether a process is in our session: no supervised one is, and a
// compiler that we run ourselves must not be taken for one.
func ours(p process) bool {
	own, err1 := unix.Getsid(0)
	its, err2 := unix.Getsid(p.pid)
	return err1 == nil && err2 == nil && own == its
}

// killAll kills all descendants of pid, but those that are spared and what is
// below them, until none is left, and reaps those that were handed to us.
func killAll(pid int, spared func(process) bool) {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		table, err := processes()
		if err != nil {
			return
		}
		var except []int
		for _, p := range table {
			if spared(p) {
				except = append(except, p.pid)
			}
		}
		left := 0
		for _, p := range table.below(pid, except) {
			if p.zombie {
				reap(p.pid)
				continue
			}
			left++
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		if left == 0 {
			return
		}
	}
}

// removeAll removes a directory in which the threads of a process that has been
// killed may still finish what they are about: a process is listed as dead when
// the first of its threads is.
func removeAll(dir string) error {
	err := os.RemoveAll(dir)
	for range 100 {
		if err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
		err = os.RemoveAll(dir)
	}
	return err
}

// reap takes the status of a zombie if it is our child.
func reap(pid int) {
	_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
}
