package wire

import (
	"math"

	"spikebook/gpu/device"
)

// The kinds of the frames. Those of requests are places in requests.
const (
	kindGreeting byte = iota + 1 // has its value for ever
	kindHello
	kindList
	kindReport
	kindArea
	kindAlloc
	kindFree
	kindUpload
	kindDownload
	kindCopy
	kindModule
	kindLaunch
	kindFence
	kindSync
	kindStats
	kindKeep
	kindAdopt
	kindDrop
	kindClose
	kindReply
	kindNothing
	kindWelcome
	kindDevices
	kindReported
	kindUsed
	kindKept
	kindAdopted
)

var requests = [...]func() Message{
	kindHello:    func() Message { return new(Hello) },
	kindList:     func() Message { return new(List) },
	kindReport:   func() Message { return new(Report) },
	kindArea:     func() Message { return new(Area) },
	kindAlloc:    func() Message { return new(Alloc) },
	kindFree:     func() Message { return new(Free) },
	kindUpload:   func() Message { return new(Upload) },
	kindDownload: func() Message { return new(Download) },
	kindCopy:     func() Message { return new(Copy) },
	kindModule:   func() Message { return new(Module) },
	kindLaunch:   func() Message { return new(Launch) },
	kindFence:    func() Message { return new(Fence) },
	kindSync:     func() Message { return new(Sync) },
	kindStats:    func() Message { return new(Stats) },
	kindKeep:     func() Message { return new(Keep) },
	kindAdopt:    func() Message { return new(Adopt) },
	kindDrop:     func() Message { return new(Drop) },
	kindClose:    func() Message { return new(Close) },
}

// NoDevice is the device of a program that uses none.
const NoDevice = math.MaxUint32

type (
	// Greeting is the first frame of both sides. One that gets a version other
	// than its own ends the connection.
	Greeting struct{ Version uint32 }
	// Hello is the first request: Welcome. With NoDevice the program only asks
	// what needs none.
	Hello struct{ Device uint32 }
	// List asks for the devices of the worker: Devices.
	List struct{}
	// Report asks what the worker does: Reported.
	Report struct{}
	// Area asks for shared memory in place of what the connection has. Its
	// descriptor comes with the reply.
	Area struct{ Bytes int64 }
	// Alloc gives a block memory. It is answered if Wait is set.
	Alloc struct {
		Block uint32
		Bytes int64
		Label string
		Wait  bool
	}
	// Free frees a block. It is not answered, nor are Upload, Copy, Module and
	// Launch.
	Free struct{ Block uint32 }
	// Upload copies from the shared memory to the device.
	Upload struct {
		To     device.Pointer
		Offset int64 // in the shared memory
		Bytes  int64
	}
	// Download copies to the shared memory. It is answered.
	Download struct {
		From   device.Pointer
		Offset int64
		Bytes  int64
	}
	// Copy copies on the device.
	Copy struct {
		To, From device.Pointer
		Bytes    int64
	}
	// Module says that the text of the next module of the connection is in the
	// shared memory. The modules are counted from 0.
	Module struct{ Offset, Bytes int64 }
	// Launch runs a kernel. Launch.Module of the device's type is not sent.
	Launch struct {
		Module uint32
		device.Launch
	}
	// Fence is answered when the requests before it were taken, so that the
	// shared memory can be used again.
	Fence struct{}
	// Sync waits until all is done that was asked before.
	Sync struct{}
	// Stats asks what the connection used: Used.
	Stats struct{}
	// Keep makes a block outlive the connection: Kept.
	Keep struct{ Block uint32 }
	// Adopt makes memory that is kept a block of the connection, if it still is:
	// Adopted.
	Adopt struct {
		Block uint32
		Token device.Token
	}
	// Drop ends what Keep began.
	Drop struct{ Token device.Token }
	// Close frees what the connection has and is answered.
	Close struct{}
)

func (*Greeting) kind() byte { return kindGreeting }
func (*Hello) kind() byte    { return kindHello }
func (*List) kind() byte     { return kindList }
func (*Report) kind() byte   { return kindReport }
func (*Area) kind() byte     { return kindArea }
func (*Alloc) kind() byte    { return kindAlloc }
func (*Free) kind() byte     { return kindFree }
func (*Upload) kind() byte   { return kindUpload }
func (*Download) kind() byte { return kindDownload }
func (*Copy) kind() byte     { return kindCopy }
func (*Module) kind() byte   { return kindModule }
func (*Launch) kind() byte   { return kindLaunch }
func (*Fence) kind() byte    { return kindFence }
func (*Sync) kind() byte     { return kindSync }
func (*Stats) kind() byte    { return kindStats }
func (*Keep) kind() byte     { return kindKeep }
func (*Adopt) kind() byte    { return kindAdopt }
func (*Drop) kind() byte     { return kindDrop }
func (*Close) kind() byte    { return kindClose }

func (m *Hello) fields(c *coder)    { c.uint32(&m.Device) }
func (*List) fields(*coder)         {}
func (*Report) fields(*coder)       {}
func (m *Area) fields(c *coder)     { c.int64(&m.Bytes) }
func (m *Free) fields(c *coder)     { c.uint32(&m.Block) }
func (m *Upload) fields(c *coder)   { c.pointer(&m.To); c.int64(&m.Offset); c.int64(&m.Bytes) }
func (m *Download) fields(c *coder) { c.pointer(&m.From); c.int64(&m.Offset); c.int64(&m.Bytes) }
func (m *Copy) fields(c *coder)     { c.pointer(&m.To); c.pointer(&m.From); c.int64(&m.Bytes) }
func (m *Module) fields(c *coder)   { c.int64(&m.Offset); c.int64(&m.Bytes) }
func (*Fence) fields(*coder)        {}
func (*Sync) fields(*coder)         {}
func (*Stats) fields(*coder)        {}
func (m *Keep) fields(c *coder)     { c.uint32(&m.Block) }
func (m *Adopt) fields(c *coder)    { c.uint32(&m.Block); c.token(&m.Token) }
func (m *Drop) fields(c *coder)     { c.token(&m.Token) }
func (*Close) fields(*coder)        {}

func (m *Greeting) fields(c *coder) {
	start := magic
	c.uint64(&start)
	c.uint32(&m.Version)
	if start != magic {
		c.fail("it does not begin as what a program and a GPU worker say to each other")
	}
}

func (m *Alloc) fields(c *coder) {
	c.uint32(&m.Block)
	c.int64(&m.Bytes)
	c.text(&m.Label, MaxName)
	c.bool(&m.Wait)
}

func (m *Launch) fields(c *coder) {
	c.uint32(&m.Module)
	c.string(&m.Kernel, MaxName)
	for i := range 3 {
		c.int(&m.Grid[i])
		c.int(&m.Block[i])
	}
	c.int(&m.Shared)
	slice(c, &m.Args, MaxArgs, c.argument)
}

func (c *coder) token(v *device.Token) { c.uint64(&v.Worker); c.uint64(&v.Memory) }
