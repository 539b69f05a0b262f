//go:build !unix

package remote

import "errors"

// Nothing can be connected to on this system.

func (c *connection) read([]byte) (int, error) { return 0, errGone }

func (c *connection) mapArea(int) error { return errors.ErrUnsupported }

func (c *connection) unmap() {}
