package wire

import "spikebook/gpu/device"

// A Reply answers the request for which the program waits.
type Reply struct {
	Err     error   // the first that a request met since the last reply
	Lost    bool    // the device serves no request of this connection any more
	Free    int64   // bytes of the device that no program has
	Payload Message // what was asked for, nil if there is nothing to say
}

type (
	// Nothing is the payload of a reply that says no more than that it is done.
	Nothing struct{}
	// Welcome describes the device of the connection.
	Welcome struct{ Info device.Info }
	// Devices are the devices of the worker, by their index.
	Devices struct{ Infos []device.Info }
	// Reported is what the worker does.
	Reported struct{ Worker Worker }
	// Used is what the connection used.
	Used struct{ Stats device.Stats }
	// Kept is the token of what is kept.
	Kept struct{ Token device.Token }
	// Adopted says whether the memory is kept, and the block is there now.
	Adopted struct{ Held bool }
)

// Worker is what a worker does.
type Worker struct {
	PID     int
	Seconds int64 // since it started
	Served  int64 // connections that came to use a device
	Kept    int   // allocations that outlive the connection that made them
	// KeptBytes is their size, of all devices together.
	KeptBytes int64
	Devices   []Opened // that were used
	Clients   []Client // that are connected to use a device
}

// Opened is a device that a worker has opened.
type Opened struct {
	Index int
	Info  device.Info
	Lost  string // why it serves nobody until a program opens it anew; "" if it does not
	Stats device.Stats
}

// Client is a connection to a worker.
type Client struct {
	PID    int // of the program
	Device int // index
	Stats  device.Stats
}

func (*Reply) kind() byte    { return kindReply }
func (*Nothing) kind() byte  { return kindNothing }
func (*Welcome) kind() byte  { return kindWelcome }
func (*Devices) kind() byte  { return kindDevices }
func (*Reported) kind() byte { return kindReported }
func (*Used) kind() byte     { return kindUsed }
func (*Kept) kind() byte     { return kindKept }
func (*Adopted) kind() byte  { return kindAdopted }

func (*Nothing) fields(*coder)     {}
func (m *Welcome) fields(c *coder) { c.info(&m.Info) }
func (m *Devices) fields(c *coder) { slice(c, &m.Infos, MaxDevices, c.info) }
func (m *Used) fields(c *coder)    { c.stats(&m.Stats) }
func (m *Kept) fields(c *coder)    { c.token(&m.Token) }
func (m *Adopted) fields(c *coder) { c.bool(&m.Held) }

// fields reads the payload that the reader expects; an error comes without one.
func (m *Reply) fields(c *coder) {
	c.failure(&m.Err)
	c.bool(&m.Lost)
	c.int64(&m.Free)
	if m.Err != nil || c.err != nil {
		return
	}
	if m.Payload == nil {
		m.Payload = new(Nothing)
	}
	kind := m.Payload.kind()
	if c.byte(&kind); kind != m.Payload.kind() {
		c.fail("the reply is not %T", m.Payload)
		return
	}
	m.Payload.fields(c)
}

func (m *Reported) fields(c *coder) {
	w := &m.Worker
	c.int(&w.PID)
	c.int64(&w.Seconds)
	c.int64(&w.Served)
	c.int(&w.Kept)
	c.int64(&w.KeptBytes)
	slice(c, &w.Devices, MaxDevices, func(d *Opened) {
		c.int(&d.Index)
		c.info(&d.Info)
		c.text(&d.Lost, 256)
		c.stats(&d.Stats)
	})
	slice(c, &w.Clients, MaxClients, func(s *Client) {
		c.int(&s.PID)
		c.int(&s.Device)
		c.stats(&s.Stats)
	})
}

func (c *coder) info(v *device.Info) {
	c.text(&v.Name, 256)
	c.bool(&v.Emulated)
	c.int(&v.Capability[0])
	c.int(&v.Capability[1])
	c.int64(&v.Memory)
	c.text(&v.Driver, 256)
}

func (c *coder) stats(v *device.Stats) {
	for _, n := range []*int64{&v.Allocated, &v.Reserved, &v.Peak, &v.Allocations,
		&v.Uploads, &v.Downloads, &v.UploadBytes, &v.DownloadBytes, &v.Launches} {
		c.int64(n)
	}
	c.int(&v.Modules)
}

// failure is an error of package device; any other is sent as its text.
func (c *coder) failure(v *error) {
	const none, general, memory = 0, 1, 2
	kind := byte(none)
	var operation device.Error
	var full device.OutOfMemoryError
	if !c.reading {
		switch e := (*v).(type) {
		case nil:
		case *device.OutOfMemoryError:
			kind, full = memory, *e
		case *device.Error:
			kind, operation = general, *e
		default:
			kind, operation = general, device.Error{Op: "the GPU worker", Reason: e.Error()}
		}
	}
	var read error
	switch c.byte(&kind); kind {
	case none:
	case general:
		c.text(&operation.Op, MaxName)
		c.text(&operation.Kernel, MaxName)
		c.text(&operation.Reason, MaxReason)
		read = &operation
	case memory:
		c.text(&full.Label, MaxName)
		c.text(&full.Device, 256)
		c.int64(&full.Asked)
		c.int64(&full.Free)
		full.Holders = full.Holders[:min(len(full.Holders), MaxHolders)]
		slice(c, &full.Holders, MaxHolders, func(h *device.Holder) {
			c.text(&h.Label, MaxName)
			c.int64(&h.Bytes)
			c.int(&h.Count)
		})
		read = &full
	default:
		c.fail("an error is of the kind %d", kind)
	}
	if c.reading {
		*v = read
	}
}

// text is a string for a reader, of which the end may be lost.
func (c *coder) text(v *string, limit int) {
	s := *v
	if !c.reading && len(s) > limit {
		s = s[:limit]
	}
	c.string(&s, limit)
	if c.reading {
		*v = s
	}
}
