// Package device says what a device is that runs PTX: a GPU through the driver, the
// interpreter of package ptxsim, or either of them in another process. It knows
// nothing of neurons.
package device

import "fmt"

// Pointer is an address in the memory of a device. 0 is no address.
type Pointer uint64

// Device is one device with memory of its own. Operations take effect in the order
// in which they are called; all but Download and Sync may return before they are
// done, so that an error may be that of an earlier one. After an error of a kernel
// the device is lost: every operation returns that error until it is opened anew.
// Several goroutines may use a device at once.
type Device interface {
	Info() Info
	// Alloc returns memory for so many bytes, at a multiple of 256. What is in
	// it is not defined. The label says to a reader what it is for.
	Alloc(bytes int64, label string) (Pointer, error)
	Free(Pointer) error
	// Upload and Download copy from and to the host, Copy on the device.
	// Pointers may be inside of an allocation; the bytes must not leave it.
	Upload(to Pointer, from []byte) error
	Download(to []byte, from Pointer) error
	Copy(to, from Pointer, bytes int64) error
	// Launch runs a kernel. What it is loaded from is kept by its text.
	Launch(Launch) error
	// Sync waits until all that was called before is done.
	Sync() error
	Stats() (Stats, error)
	Close() error
}

// Keeper is a Device whose memory can outlive the program, for the next one: as long as
// there is memory for it. What is kept is a copy of what somebody has elsewhere.
type Keeper interface {
	Device
	// Keep keeps an allocation as it is then.
	Keep(Pointer) (Token, error)
	// Adopt returns an allocation that is kept; ok is false if it is not any more.
	// All who adopt it share it. Free ends only the use by this program.
	Adopt(Token) (p Pointer, ok bool, err error)
	// Drop ends what Keep began: before the memory is changed.
	Drop(Token) error
}

// Token stands for memory that is kept. It can be stored, and means nothing to who
// has not given it. The zero Token is none.
type Token struct{ Worker, Memory uint64 }

// Info describes a device.
type Info struct {
	Name       string
	Emulated   bool // not a GPU
	Capability [2]int
	Memory     int64 // bytes
	Driver     string
}

// Launch is a kernel with its arguments.
type Launch struct {
	Module string // PTX
	Kernel string // the name of an entry of the module
	Grid   [3]int // blocks
	Block  [3]int // threads of one
	Shared int    // bytes of shared memory beside what the module declares
	// Args, in the order of the parameters: each is a Pointer, int32, uint32,
	// int64, uint64, float32 or float64, as the parameter is declared.
	Args []any
}

// Stats is what a device was used for since it was opened.
type Stats struct {
	Allocated, Reserved, Peak int64 // bytes in use, bytes taken from the device, most bytes in use
	Allocations               int64 // calls of Alloc
	Uploads, Downloads        int64
	UploadBytes               int64
	DownloadBytes             int64
	Launches                  int64
	Modules                   int // that are loaded
}

// Error is what went wrong on a device.
type Error struct {
	Op     string // what was called: "Launch"
	Kernel string // the kernel that failed, if it is known
	Reason string // and what to do
}

func (e *Error) Error() string {
	if e.Kernel != "" {
		return fmt.Sprintf("%s of kernel %s: %s", e.Op, e.Kernel, e.Reason)
	}
	return e.Op + ": " + e.Reason
}

// OutOfMemoryError says that a device has no memory left for an allocation.
type OutOfMemoryError struct {
	Label       string // of the allocation
	Asked, Free int64  // bytes
	Holders     []Holder
	Device      string
}

// Holder is what uses memory under one label.
type Holder struct {
	Label string
	Bytes int64
	Count int
}

func (e *OutOfMemoryError) Error() string {
	text := fmt.Sprintf("out of memory on %s: %s asked for %d bytes, %d are free", e.Device, e.Label, e.Asked, e.Free)
	for i, h := range e.Holders {
		if i == 0 {
			text += "; most is held by "
		} else {
			text += ", "
		}
		text += fmt.Sprintf("%s (%d bytes in %d)", h.Label, h.Bytes, h.Count)
	}
	return text
}

// BackendName is the name of the backend for a device by its index: "cuda" for the
// first, "cuda:1" for the next.
func BackendName(index int) string {
	if index == 0 {
		return "cuda"
	}
	return fmt.Sprintf("cuda:%d", index)
}
