package library

import (
	"embed"
	"fmt"
	"maps"
	"math"
	"strings"
	"sync"
)

//go:embed kernels
var files embed.FS

// Modules returns the PTX of all modules by name, for who wants to assemble them
// ahead of a launch.
func Modules() map[string]string { return maps.Clone(modules()) }

// text returns the PTX of a module.
func text(module string) string { return modules()[module] }

// modules are the files of the folder, written out for the types and sizes that there
// are. Each begins with the same header.
var modules = sync.OnceValue(func() map[string]string {
	all := map[string]string{
		"fill":   file("fill"),
		"sum":    sums(),
		"max":    file("max"),
		"place":  places(),
		"random": random(),
	}
	for rank := 1; rank <= maxRank; rank++ {
		all[stridedModule(rank)] = strided(rank)
	}
	for _, v := range productVariants() {
		all[v.name()] = v.text()
	}
	header, thread := file("header"), strings.TrimSpace(file("thread"))
	for name, body := range all {
		all[name] = header + strings.ReplaceAll(body, "$thread", thread)
	}
	return all
})

// file returns a file of kernels, in which words that begin with $ are replaced.
func file(name string, pairs ...string) string {
	data, err := files.ReadFile("kernels/" + name + ".ptx")
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.NewReplacer(pairs...).Replace(string(data))
}

// each repeats the lines between "$each name" and "$end name", for each of the
// values that replace $name in them.
func each(text, name string, values ...string) string {
	for {
		before, rest, found := strings.Cut(text, "\t$each "+name+"\n")
		if !found {
			return text
		}
		body, after, _ := strings.Cut(rest, "\t$end "+name+"\n")
		for _, v := range values {
			before += strings.ReplaceAll(body, "$"+name, v)
		}
		text = before + after
	}
}

// numbers returns "0", "1" and so on.
func numbers(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	return list
}

// double writes a number as PTX does.
func double(x float64) string { return fmt.Sprintf("0d%016X", math.Float64bits(x)) }
