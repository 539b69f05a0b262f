// Command spikebook-gpu is the process that owns the GPUs of a notebook's kernel.
// Built with the tag cuda it serves NVIDIA GPUs; with -emulate it serves
// interpreters of PTX on the CPU instead, which need no GPU.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"spikebook/gpu/remote/wire"
	"spikebook/gpu/worker"
)

func main() {
	socket := flag.String("socket", "", "serve at the unix socket `PATH`, in a directory that only the user can enter")
	emulate := flag.Int("emulate", 0, "serve `N` PTX interpreters on the CPU in place of GPUs")
	flag.Parse()
	if err := serve(*socket, *emulate); err != nil {
		fmt.Fprintln(os.Stderr, "spikebook-gpu:", err)
		os.Exit(1)
	}
}

func serve(socket string, emulate int) error {
	if socket == "" || flag.NArg() > 0 || emulate < 0 || emulate > wire.MaxDevices {
		return fmt.Errorf("want -socket PATH, at most %d devices to emulate, and nothing else", wire.MaxDevices)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if emulate > 0 {
		return worker.Serve(ctx, socket, emulated(emulate))
	}
	return worker.Serve(ctx, socket, gpus{})
}
