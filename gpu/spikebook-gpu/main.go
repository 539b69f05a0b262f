// Command spikebook-gpu is the process that owns the GPUs of a notebook's kernel.
// Built with the tag cuda it serves NVIDIA GPUs; with -emulate it serves
// interpreters of PTX on the CPU instead, which need no GPU.
package main

import (
	"os"

	"spikebook/gpu/worker/cmd"
)

func main() { os.Exit(cmd.Main("spikebook-gpu", os.Args[1:])) }
