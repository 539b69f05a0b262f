package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"spikebook/kernel/workspace"
)

const uninstallUsage = `usage: spikebook uninstall [--user | --sys-prefix | --prefix DIR] [--name NAME] [--cache]

Removes the kernel from Jupyter: the folder of its kernelspec and nothing else.

`

func uninstallMain(args []string) int {
	var p place
	flags := flag.NewFlagSet("uninstall", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), uninstallUsage); flags.PrintDefaults() }
	p.flags(flags)
	cache := flags.Bool("cache", false, "also remove what install has prepared")
	if status, ok := parse(flags, args); !ok {
		return status
	}
	dir, err := p.dir()
	if err != nil {
		return usageError("uninstall", err)
	}
	err = removeKernelspec(os.Stdout, dir)
	if errors.Is(err, os.ErrNotExist) && *cache {
		fmt.Println(err)
		err = nil // the cache may be all that is left
	}
	if err == nil && *cache {
		var folder string
		if folder, err = workspace.RemoveCache(); err == nil {
			fmt.Println("Removed what install had prepared in", folder)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "spikebook uninstall:", err)
		return 1
	}
	return 0
}

// removeKernelspec removes a kernelspec of ours, and nothing else.
func removeKernelspec(out io.Writer, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "kernel.json")); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no kernelspec in %s; `jupyter kernelspec list` shows where kernels are: %w", dir, os.ErrNotExist)
	}
	if err := refuseForeign(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	fmt.Fprintln(out, "Removed", dir)
	return nil
}
