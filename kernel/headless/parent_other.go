//go:build !linux

package headless

import "syscall"

// childAttr makes a process group of its own for the kernel, so that Ctrl-C in
// the terminal is for us; the kernel hears of it by a message.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
