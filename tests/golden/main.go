// Command golden compares the neurons, surrogates, layers, encoders and learning rules of
// spikebook with what SpikingJelly computes: it runs every case of a folder of reference data that
// this version supports and prints a table. What it does not run or compare is
// listed, never passed over.
//
//	go run ./tests/golden -golden ../shared/golden
//
// Exit status 1 if anything differs, 2 if the data cannot be read.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"text/tabwriter"

	"spikebook/gpu"
	gpubackend "spikebook/gpu/backend"
	"spikebook/gpu/cuda"
	"spikebook/snn"
)

func main() {
	dir := flag.String("golden", "../shared/golden", "`folder` of reference data")
	flag.StringVar(&backend, "backend", snn.CPU, "`backend` to run them on: cpu, or cuda, which is emulated where there is no GPU")
	gpuItself := flag.Bool("gpu", false, "with -backend cuda: the GPU, in a program with the tag cuda")
	flag.Parse()
	switch {
	case *gpuItself:
		d, err := cuda.Open(0)
		if err != nil {
			fmt.Fprintln(os.Stderr, "golden:", err)
			os.Exit(2)
		}
		snn.AddBackend("cuda", func() (snn.Accelerator, error) { return gpubackend.New(d), nil })
	case backend == "cuda":
		gpu.Emulate()
	}
	os.Exit(conform(*dir, os.Stdout))
}

// row is a line of the table.
type row struct{ group, class, reset, detach, mode string }

type tally struct {
	passed, failed int
	err, gradient  float64
}

func conform(dir string, out io.Writer) int {
	groups, err := read(dir)
	if err != nil {
		fmt.Fprintln(out, "golden:", err)
		return 2
	}
	rows := map[row]*tally{}
	notRun, notCompared := map[string]int{}, map[string]int{}
	var misses []string
	total, passed := 0, 0
	for _, g := range groups {
		for _, c := range g.Cases {
			total++
			r := check(g, c)
			if r.skipped != "" {
				notRun[g.Group+": "+r.skipped]++
				continue
			}
			for _, p := range r.partly {
				notCompared[p]++
			}
			key := row{g.Group, c.Class, resetOf(c), detachOf(c), c.StepMode}
			if rows[key] == nil {
				rows[key] = &tally{}
			}
			rows[key].err, rows[key].gradient = max(rows[key].err, r.err), max(rows[key].gradient, r.gradient)
			if r.miss != "" {
				rows[key].failed++
				misses = append(misses, g.Group+"/"+c.Name+": "+r.miss)
			} else {
				rows[key].passed++
				passed++
			}
		}
	}
	if backend != snn.CPU {
		info, err := snn.BackendInfo(backend)
		if err != nil {
			fmt.Fprintln(out, "golden:", err)
			return 2
		}
		fmt.Fprintf(out, "Backend %s: %s\n\n", backend, info.Name)
	}
	print(out, rows)
	list(out, "Not run in this version", notRun)
	list(out, "Not compared in the cases that were run", notCompared)
	if passed == 0 && len(misses) == 0 {
		fmt.Fprintln(out, "golden: no case was run")
		return 2
	}
	for _, m := range misses {
		fmt.Fprintf(out, "MISS %.300s\n", m)
	}
	fmt.Fprintf(out, "%d cases: %d passed, %d failed, %d not run\n", total, passed, len(misses), total-passed-len(misses))
	if len(misses) > 0 {
		return 1
	}
	return 0
}

// What the classes do that no argument says otherwise.
var (
	softByDefault     = map[string]bool{"ILIFNode": true, "HalfThresholdIFNode": true, "ActivationAwareIFNode": true, "ComplementaryLIFNode": true, "OTTTLIFNode": true}
	detachedByDefault = map[string]bool{"SLTTLIFNode": true, "OTTTLIFNode": true}
	noReset           = map[string]bool{"NonSpikingIFNode": true, "NonSpikingLIFNode": true, "GatedLIFNode": true}
)

// resetOf says how a case of a neuron resets.
func resetOf(c *reference) string {
	v, given := c.Params["v_reset"]
	switch {
	case neurons[c.Class] == nil || noReset[c.Class]:
		return "-"
	case given && v == nil, !given && softByDefault[c.Class]:
		return "soft"
	}
	return "hard"
}

// detachOf says whether a case takes the spike of the reset out of the gradient.
func detachOf(c *reference) string {
	v, given := c.Params["detach_reset"]
	switch {
	case resetOf(c) == "-" || len(c.Grads) == 0:
		return "-"
	case v == true, !given && detachedByDefault[c.Class]:
		return "yes"
	}
	return "no"
}

func print(out io.Writer, rows map[row]*tally) {
	keys := make([]row, 0, len(rows))
	for k := range rows {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return fmt.Sprint(keys[i]) < fmt.Sprint(keys[j])
	})
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "group\tclass\treset\tdetach\tmode\tpassed\tfailed\tmax error\tof gradients")
	for _, k := range keys {
		t := rows[k]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%.2g\t%.2g\n", k.group, k.class, k.reset, k.detach, k.mode, t.passed, t.failed, t.err, t.gradient)
	}
	w.Flush()
}

func list(out io.Writer, title string, counts map[string]int) {
	if len(counts) == 0 {
		return
	}
	lines := make([]string, 0, len(counts))
	for what, n := range counts {
		lines = append(lines, fmt.Sprintf("  %4d  %s", n, what))
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i][8:] < lines[j][8:] })
	fmt.Fprintf(out, "\n%s:\n%s\n", title, strings.Join(lines, "\n"))
}
