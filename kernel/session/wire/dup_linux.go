package wire

import "syscall"

// duplicate makes target the same open file as fd. Not every Linux has dup2.
func duplicate(fd, target int) error { return syscall.Dup3(fd, target, 0) }
