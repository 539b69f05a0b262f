// Package cmd is the worker as a program: of its own, spikebook-gpu, which is
// built with the tag cuda, and as a subcommand of spikebook, which needs no C.
package cmd

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

// Main serves until it is told to end, and returns the exit status.
func Main(name string, args []string) int {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	socket := flags.String("socket", "", "serve at the unix socket `PATH`, in a directory that only the user can enter")
	emulate := flags.Int("emulate", 0, "serve `N` PTX interpreters on the CPU in place of GPUs")
	if flags.Parse(args) != nil {
		return 2
	}
	if err := serve(*socket, *emulate, flags.NArg()); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		return 1
	}
	return 0
}

func serve(socket string, emulate, rest int) error {
	if socket == "" || rest > 0 || emulate < 0 || emulate > wire.MaxDevices {
		return fmt.Errorf("want -socket PATH, at most %d devices to emulate, and nothing else", wire.MaxDevices)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if emulate > 0 {
		return worker.Serve(ctx, socket, emulated(emulate))
	}
	return worker.Serve(ctx, socket, gpus{})
}
