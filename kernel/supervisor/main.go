package supervisor

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Main is the supervisor. It returns the exit status of its process.
func Main(args []string) int {
	flags := flag.NewFlagSet(Subcommand, flag.ExitOnError)
	remove := flags.String("remove", "", "directory to remove at the end")
	orphaned := flags.String("orphaned", "", "directories to remove at the end unless we are asked to stop")
	spare := flags.String("spare", "", "programs that an interrupt does not reach")
	tools := flags.String("tools", "", "programs that the command does not interrupt itself")
	_ = flags.Parse(args) // ExitOnError

	// The command dies with the thread that has started it (Pdeathsig).
	runtime.LockOSThread()
	// Ends come through stdin only. Signals are caught, not ignored: what is
	// ignored stays so in the command and in all that it starts.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)

	status := 0
	s := supervised{spare: strings.Split(*spare, ","), tools: strings.Split(*tools, ",")}
	if err := s.run(flags.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	killAll(os.Getpid(), func(process) bool { return false })
	doomed := filepath.SplitList(*remove)
	if s.deserted {
		doomed = append(doomed, filepath.SplitList(*orphaned)...)
	}
	for _, dir := range doomed {
		if err := removeAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	return status
}

// supervised is the command as its supervisor sees it.
type supervised struct {
	spare, tools []string

	pid      int
	signaled map[int]bool // by the current interrupt; nil when there is none
	deserted bool         // the one who asked for us has ended without a word
}

// run runs the command until it ends, which is an error, or the input does,
// which is not.
func (s *supervised) run(argv []string) error {
	if err := becomeReaper(); err != nil {
		return err
	}
	// A pipe of our own: with an io.Writer, Wait would wait for everyone who
	// has inherited it.
	var output Tail
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return err
	}
	w.Close()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		buf := make([]byte, 4096)
		for {
			n, err := r.Read(buf)
			_, _ = output.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	s.pid = cmd.Process.Pid
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	orphans := make(chan os.Signal, 1)
	signal.Notify(orphans, syscall.SIGCHLD)
	commands := lines(os.Stdin)
	var tick <-chan time.Time
	for {
		select {
		case line, ok := <-commands:
			switch {
			case !ok:
				s.deserted = true
				return nil
			case line == stopLine:
				return nil
			case line == interruptLine:
				s.signaled = map[int]bool{}
				s.interrupt(true)
				tick = time.Tick(20 * time.Millisecond)
			case line == calmLine:
				s.killDeaf()
				s.signaled, tick = nil, nil
				fmt.Println(calmLine)
			case line == killLine:
				s.kill()
			}
		case <-tick:
			s.interrupt(false)
		case <-orphans:
			s.reapOrphans()
		case err := <-ended:
			select { // what it said last
			case <-drained:
			case <-time.After(100 * time.Millisecond):
			}
			if err == nil {
				return fmt.Errorf("ended by itself\n%s", output.String())
			}
			return fmt.Errorf("%w\n%s", err, output.String())
		}
	}
}

// interrupt signals what runs and has not been signaled by this interrupt.
// The command passes it on to what it has started, but for its tools; what it
// starts afterwards it knows nothing of.
func (s *supervised) interrupt(first bool) {
	table, err := processes()
	if err != nil {
		return
	}
	targets := table.below(s.pid, s.spared(table))
	if first {
		_ = syscall.Kill(s.pid, syscall.SIGINT)
	}
	for _, p := range targets {
		if p.zombie || s.signaled[p.pid] {
			continue
		}
		s.signaled[p.pid] = true
		if first && p.parent == s.pid && !slices.Contains(s.tools, p.name) {
			continue
		}
		_ = syscall.Kill(p.pid, syscall.SIGINT)
	}
}

// kill kills what the command runs.
func (s *supervised) kill() {
	table, err := processes()
	if err != nil {
		return
	}
	for _, p := range table.below(s.pid, s.spared(table)) {
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	}
}

// killDeaf kills what an interrupt has reached and not ended. It may have been
// left to us by a parent that did end.
func (s *supervised) killDeaf() {
	table, err := processes()
	if err != nil {
		return
	}
	for _, p := range table.below(os.Getpid(), s.spared(table)) {
		if s.signaled[p.pid] {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
}

// spared returns the processes that an interrupt does not reach.
func (s *supervised) spared(table processTable) (pids []int) {
	for _, p := range table {
		if slices.Contains(s.spare, p.name) {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// reapOrphans takes the status of processes that were handed to us.
func (s *supervised) reapOrphans() {
	table, err := processes()
	if err != nil {
		return
	}
	for _, p := range table {
		if p.zombie && p.parent == os.Getpid() && p.pid != s.pid {
			reap(p.pid)
		}
	}
}
