package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"

	"spikebook/kernel/jupyter"
	"spikebook/kernel/workspace"
)

// stamped is the version that the Makefile gives to the linker.
var stamped string

// version returns the version of the program: the one stamped into it, else
// the commit it was built from.
func version() string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if i := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "vcs.revision" }); i >= 0 {
			return "0.0.0+" + info.Settings[i].Value[:min(12, len(info.Settings[i].Value))]
		}
	}
	return "0.0.0"
}

func versionMain(args []string) int {
	if len(args) > 0 {
		fmt.Fprintln(os.Stderr, "usage: spikebook version")
		return 2
	}
	gonb, err := workspace.ToolVersion("github.com/janpfeifer/gonb")
	if err != nil {
		gonb = err.Error()
	}
	fmt.Printf("spikebook %s (%s %s/%s), GoNB %s, Jupyter protocol %s\n",
		version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, gonb, jupyter.ProtocolVersion)
	return 0
}
