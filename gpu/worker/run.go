package worker

import (
	"fmt"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// use does something with the device and names it in the error.
func (c *client) use(op, kernel string, f func(device.Device) error) error {
	if err := c.unit.use(f); err != nil {
		return explain(op, kernel, err)
	}
	return nil
}

// share gives the program shared memory in place of what it has.
func (c *client) share(m *wire.Area) error {
	if m.Bytes < 1 || m.Bytes > wire.MaxArea {
		return violation("it asks for %d bytes of shared memory, want 1 to %d", m.Bytes, wire.MaxArea)
	}
	c.unshare()
	area, fd, err := newArea(int(m.Bytes))
	if err != nil {
		return &device.Error{Op: "Upload", Reason: fmt.Sprintf("the GPU worker has no memory to share: %v", err)}
	}
	c.area, c.shared = area, fd
	return nil
}

// within returns a part of the shared memory.
func (c *client) within(offset, bytes int64) ([]byte, error) {
	if offset > int64(len(c.area)) || bytes > int64(len(c.area))-offset {
		return nil, violation("%d bytes at offset %d leave the %d bytes of shared memory", bytes, offset, len(c.area))
	}
	return c.area[offset : offset+bytes], nil
}

func (c *client) upload(m *wire.Upload) error {
	from, err := c.within(m.Offset, m.Bytes)
	if err != nil {
		return err
	}
	to, err := c.resolve("Upload", m.To, m.Bytes)
	if err != nil {
		return err
	}
	c.count(func(s *device.Stats) { s.Uploads++; s.UploadBytes += m.Bytes })
	return c.use("Upload", "", func(d device.Device) error { return d.Upload(to, from) })
}

func (c *client) download(m *wire.Download) error {
	to, err := c.within(m.Offset, m.Bytes)
	if err != nil {
		return err
	}
	from, err := c.resolve("Download", m.From, m.Bytes)
	if err != nil {
		return err
	}
	c.count(func(s *device.Stats) { s.Downloads++; s.DownloadBytes += m.Bytes })
	return c.use("Download", "", func(d device.Device) error { return d.Download(to, from) })
}

func (c *client) copy(m *wire.Copy) error {
	to, err := c.resolve("Copy", m.To, m.Bytes)
	if err != nil {
		return err
	}
	from, err := c.resolve("Copy", m.From, m.Bytes)
	if err != nil {
		return err
	}
	return c.use("Copy", "", func(d device.Device) error { return d.Copy(to, from, m.Bytes) })
}

// module keeps the text of a module. The program may write over the place soon.
func (c *client) module(m *wire.Module) error {
	text, err := c.within(m.Offset, m.Bytes)
	if err != nil {
		return err
	}
	if len(c.modules) == wire.MaxModules || m.Bytes > wire.MaxText-c.text {
		return violation("it has more than %d modules or %d bytes of them", wire.MaxModules, wire.MaxText)
	}
	c.text += m.Bytes
	c.modules = append(c.modules, string(text))
	return nil
}

func (c *client) launch(m *wire.Launch) error {
	if int(m.Module) >= len(c.modules) {
		return violation("module %d was not sent", m.Module)
	}
	l := m.Launch
	l.Module = c.modules[m.Module]
	for i, arg := range l.Args {
		p, is := arg.(device.Pointer)
		if !is || p == 0 {
			continue
		}
		address, err := c.resolve("Launch", p, 0)
		if err != nil {
			return &device.Error{Op: "Launch", Kernel: l.Kernel, Reason: fmt.Sprintf("argument %d: %v", i, err)}
		}
		l.Args[i] = address
	}
	c.count(func(s *device.Stats) { s.Launches++ })
	return c.use("Launch", l.Kernel, func(d device.Device) error { return d.Launch(l) })
}

// usage is what the connection used, but for what its device has from all.
func (c *client) usage() (wire.Message, error) {
	used := c.stats()
	err := c.use("Stats", "", func(d device.Device) error {
		all, err := d.Stats()
		used.Reserved, used.Modules = all.Reserved, all.Modules
		return err
	})
	return &wire.Used{Stats: used}, err
}
