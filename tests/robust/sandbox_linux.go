package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// insideVariable is set in the process that has file systems of its own; its
// value says whether it may mount some.
const insideVariable = "ROBUST_INSIDE"

func mounts() bool { return os.Getenv(insideVariable) == "mounts" }

// unshare runs this program again where a mount is seen by nobody else and ends
// with the program, however that ends. It reports whether that has happened; a
// machine may not allow it.
func unshare() (status int, ended bool) {
	if os.Getenv(insideVariable) != "" {
		return 0, false
	}
	runtime.LockOSThread() // the other one ends with this thread
	for _, inside := range []string{"mounts", "plain"} {
		attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if inside == "mounts" {
			attr.Cloneflags = syscall.CLONE_NEWNS
			if os.Getuid() != 0 {
				attr.Cloneflags |= syscall.CLONE_NEWUSER
				attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
				attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
			}
		}
		cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
		cmd.Env = append(os.Environ(), insideVariable+"="+inside)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.SysProcAttr = attr
		signal.Ignore(os.Interrupt) // the other one is told, too
		if err := cmd.Start(); err != nil {
			continue
		}
		err := cmd.Wait()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			fmt.Fprintln(os.Stderr, "robust:", err)
			return 2, true
		}
		return cmd.ProcessState.ExitCode(), true
	}
	return 0, false
}

// mountMemory mounts a file system in memory.
func mountMemory(dir string, size int) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	return os.NewSyscallError("mount", syscall.Mount("robust", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)))
}
