// Package remote uses the devices of a GPU worker, package worker, from another
// process. It is linked into programs that are built while somebody waits, so it
// imports little.
//
// Most calls only send a request and return: the program goes on while the worker
// works. Alloc can do so because the program itself numbers its allocations and
// makes its pointers of the numbers; the worker looks up which memory they stand
// for in arguments of the type [device.Pointer]. A pointer that is stored in memory
// of the device is therefore of no use to a kernel. Alloc waits only when the
// device may have too little memory left, so that its error is seen there.
//
// Download, Sync, Stats, Keep, Adopt and Close wait always. A call that waits
// returns the error of the first call that failed since the last that waited; what
// was called between them is not done. The device can be used further unless it, or
// the worker, is lost: then all calls return that error.
//
// Data goes through memory that is shared with the worker and grows with what is
// copied at once.
package remote

import (
	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// Variable names the socket of the worker for the programs of a kernel that has one.
const Variable = "SPIKEBOOK_GPU"

// WorkerStats is what a worker does.
type WorkerStats = wire.Worker

// Devices returns the devices of the worker at the unix socket.
func Devices(socket string) ([]device.Info, error) {
	var devices wire.Devices
	err := askOnce(socket, &wire.List{}, &devices)
	return devices.Infos, err
}

// Stats returns what the worker at the unix socket does.
func Stats(socket string) (WorkerStats, error) {
	var reported wire.Reported
	err := askOnce(socket, &wire.Report{}, &reported)
	return reported.Worker, err
}

func askOnce(socket string, m, payload wire.Message) error {
	c, err := connect(socket)
	if err != nil {
		return err
	}
	defer c.close()
	if _, err := c.ask(&wire.Hello{Device: wire.NoDevice}, new(wire.Welcome)); err != nil {
		return ended("Open", err)
	}
	reply, err := c.ask(m, payload)
	if err != nil {
		return ended("Open", err)
	}
	return reply.Err
}
