//go:build !unix

// Package socket connects to a unix socket, which this system has no kernel for.
package socket

import (
	"errors"
	"os"
)

// Receive returns an error, too.
func Receive(*os.File, []byte, int) (n int, fds []int, err error) {
	return 0, nil, errors.ErrUnsupported
}

// Dial returns an error: no kernel runs on this system.
func Dial(path string) (*os.File, error) {
	return nil, &os.PathError{Op: "dial", Path: path, Err: errors.ErrUnsupported}
}
