package worker

import (
	"errors"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// errClosed ends a connection that the program closes.
var errClosed = errors.New("the program closed the device")

// errGone ends one whose program has ended, and has not read what it asked for.
var errGone = errors.New("the program is gone")

// handle does a request and answers it. It returns an error if the connection
// cannot go on. Kernels for a program that is gone are not launched, nor is anything
// done that it has asked for after them.
func (c *client) handle(m wire.Message) error {
	if _, is := m.(*wire.Launch); is && gone(c.conn) {
		return errGone
	}
	answered := true
	switch m := m.(type) {
	case *wire.Alloc:
		answered = m.Wait
	case *wire.Free, *wire.Upload, *wire.Copy, *wire.Module, *wire.Launch, *wire.Drop:
		answered = false
	}
	var payload wire.Message
	if c.failed == nil || whenFailed(m) {
		var err error
		payload, err = c.do(m)
		if _, is := errors.AsType[*violationError](err); is {
			return err
		}
		if c.failed == nil && err != nil {
			c.failed = err
		}
	}
	if answered {
		if err := c.reply(payload); err != nil {
			return err
		}
	}
	if _, is := m.(*wire.Close); is {
		return errClosed
	}
	return nil
}

// whenFailed reports whether a request is done although the program has not been
// told of an error yet: those that keep what it believes to have as it is here.
func whenFailed(m wire.Message) bool {
	switch m := m.(type) {
	case *wire.Alloc:
		return !m.Wait
	case *wire.Free, *wire.Module, *wire.Drop, *wire.Close:
		return true
	}
	return false
}

// do does a request and returns what it is answered with.
func (c *client) do(m wire.Message) (wire.Message, error) {
	switch m := m.(type) {
	case *wire.List:
		infos, err := c.server.devices.List()
		if err != nil {
			return nil, explain("Devices", "", err)
		}
		return &wire.Devices{Infos: infos[:min(len(infos), wire.MaxDevices)]}, nil
	case *wire.Report:
		return c.server.report(), nil
	case *wire.Drop:
		return nil, c.server.drop(m.Token)
	case *wire.Hello, *wire.Greeting:
		return nil, violation("%T comes twice", m)
	}
	if c.unit == nil {
		return nil, violation("%T without a device", m)
	}
	switch m := m.(type) {
	case *wire.Area:
		return nil, c.share(m)
	case *wire.Alloc:
		return nil, c.alloc(m)
	case *wire.Free:
		return nil, c.free(m)
	case *wire.Upload:
		return nil, c.upload(m)
	case *wire.Download:
		return nil, c.download(m)
	case *wire.Copy:
		return nil, c.copy(m)
	case *wire.Module:
		return nil, c.module(m)
	case *wire.Launch:
		return nil, c.launch(m)
	case *wire.Sync:
		return nil, c.use("Sync", "", device.Device.Sync)
	case *wire.Stats:
		return c.usage()
	case *wire.Keep:
		return c.keep(m)
	case *wire.Adopt:
		return c.adopt(m)
	case *wire.Close:
		c.release()
	}
	return nil, nil // Fence needs no more than its answer
}
