//go:build !linux

package worker

import (
	"errors"
	"net"
	"syscall"
)

// A worker needs Linux: programs are refused, because it is not known whose they
// are.

func checkPeer(*net.UnixConn, uint32) (pid int, err error) { return 0, errors.ErrUnsupported }

func gone(*net.UnixConn) bool { return false }

func newArea(int) ([]byte, int, error) { return nil, -1, errors.ErrUnsupported }

func (c *client) unshare() {}

func (c *client) closeShared() {}

func sendShared(*net.UnixConn, []byte, int) error { return errors.ErrUnsupported }

func childAttributes() *syscall.SysProcAttr { return nil }
