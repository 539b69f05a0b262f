//go:build !linux

package wire

import "syscall"

func duplicate(fd, target int) error { return syscall.Dup2(fd, target) }
