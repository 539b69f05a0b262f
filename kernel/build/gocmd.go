package build

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Go is the tool chain that programs are built with.
type Go struct {
	Path    string   // of the go command
	Version string   // such as go1.26.1
	Env     []string // environment of the go command and of the tools
}

// lookup returns the value of an environment variable of the tool chain.
func (g Go) lookup(name string) string {
	value := ""
	for _, e := range g.Env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v // the last one counts
		}
	}
	return value
}

// failed is the error of a program that ran and returned an error, with all
// that it wrote to its standard error.
type failed struct {
	what   string
	stderr string
	err    error
}

func (f *failed) Error() string {
	return fmt.Sprintf("%s: %v\n%s", f.what, f.err, strings.TrimSpace(f.stderr))
}
func (f *failed) Unwrap() error { return f.err }

// run runs the go command in a folder and returns its standard output. When
// ctx ends, the command and all that it has started are killed at once.
func (g Go) run(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	return run(ctx, dir, append(g.Env[:len(g.Env):len(g.Env)], env...), g.Path, args...)
}

func run(ctx context.Context, dir string, env []string, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, env
	// The tools that the go command has started would go on without it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		name := program[strings.LastIndexByte(program, '/')+1:]
		if len(args) > 0 && name == "go" {
			name += " " + args[0]
		}
		return stdout.String(), &failed{name, stderr.String(), err}
	}
	return stdout.String(), nil
}
