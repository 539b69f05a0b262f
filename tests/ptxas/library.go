package main

import (
	"maps"
	"regexp"
	"slices"

	"spikebook/gpu/ptx"
	"spikebook/gpu/ptx/library"
)

var visibleEntry = regexp.MustCompile(`\.visible \.entry (\w+)\(`)

// ofLibrary returns the kernels of the library and the one for sums, those of a module
// together: the first has the text.
func ofLibrary() (groups [][]kernel) {
	modules := library.Modules()
	modules["totals"] = ptx.TotalsModule()
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		var group []kernel
		text := modules[name]
		for _, entry := range visibleEntry.FindAllStringSubmatch(text, -1) {
			group = append(group, kernel{neuron: "library", variant: name, pass: entry[1], Kernel: &ptx.Kernel{Module: text, Entry: entry[1]}})
			text = ""
		}
		groups = append(groups, group)
	}
	return groups
}
