//go:build !unix

// Package socket connects to a unix socket, which this system has no kernel for.
package socket

import (
	"errors"
	"os"
)

// Dial returns an error: no kernel runs on this system.
func Dial(path string) (*os.File, error) {
	return nil, &os.PathError{Op: "dial", Path: path, Err: errors.ErrUnsupported}
}
