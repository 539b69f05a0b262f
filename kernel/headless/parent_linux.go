package headless

import "syscall"

// childAttr makes a process group of its own for the kernel, so that Ctrl-C in
// the terminal is for us; the kernel hears of it by a message. The kernel is
// told to end when the thread that has started it does: a kernel watches its
// parent, but one whose parent was killed while it started has no parent to
// watch.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
