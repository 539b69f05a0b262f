// Command ptxas has NVIDIA's assembler check the kernels of gpu/ptx: those of every
// kind of neuron and of every surrogate function, and those of its library, for the
// GPUs of the last years.
// ptxas comes with the CUDA toolkit, or with the package nvidia-cuda-nvcc-cu12 of
// PyPI, as nvidia/cuda_nvcc/bin/ptxas.
//
//	go run ./tests/ptxas -ptxas nvidia/cuda_nvcc/bin/ptxas
//
// It prints how many registers each kernel takes at most, and how many bytes of them
// are spilled to memory. Exit status 1 if a kernel is not taken, is warned of or
// spills, 2 if the assembler cannot be run. What it takes was not run on a GPU.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

func main() {
	path := flag.String("ptxas", "ptxas", "`path` of the assembler")
	targets := flag.String("targets", "sm_75,sm_80,sm_86,sm_89,sm_90,sm_120", "`GPUs` to assemble for")
	flag.Parse()
	os.Exit(check(*path, strings.Split(*targets, ","), os.Stdout))
}

// all are the kernels of neurons, those together that are assembled together.
func all() (groups [][]kernel, err error) {
	for _, k := range kinds {
		list, err := kernelsOf(k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		groups = append(groups, list)
	}
	list, err := ofSurrogates()
	return append(groups, list), err
}

func check(path string, targets []string, out io.Writer) int {
	groups, err := all()
	if err != nil {
		fmt.Fprintln(out, "ptxas:", err)
		return 1
	}
	var kernels, complaints int
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "neuron\tvariant\tpass\tregisters\tspilled")
	for _, group := range append(groups, ofLibrary()...) {
		usages := map[string]usage{}
		for _, target := range targets {
			wrong, err := assemble(path, target, group, usages)
			if err != nil {
				fmt.Fprintln(out, "ptxas:", err)
				return 2
			}
			for _, line := range wrong {
				complaints++
				fmt.Fprintf(out, "%s, %s: %s\n", group[0].neuron, target, line)
			}
		}
		for _, k := range group {
			u, known := usages[k.Entry]
			if !known || u.spilled > 0 {
				complaints++
				fmt.Fprintf(out, "%s: spilled %d bytes, reported: %v; expected none, and a report\n", k.Entry, u.spilled, known)
			}
			kernels++
			fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\n", k.neuron, k.variant, k.pass, u.registers, u.spilled)
		}
	}
	table.Flush()
	fmt.Fprintf(out, "\n%d kernels for %s, %d complaints\n", kernels, strings.Join(targets, " "), complaints)
	if complaints > 0 {
		return 1
	}
	return 0
}
