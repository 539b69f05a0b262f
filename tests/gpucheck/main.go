// Command gpucheck tries the CUDA backend on a real GPU: `make gpu-check`. It runs the
// reference cases and measures a LIF layer, prints a table to be put into a report,
// and writes the same as JSON.
//
// It refuses devices that only stand in for a GPU; -rehearse lets them pass, in small,
// and says so in all that it writes.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"spikebook/gpu/backend"
	"spikebook/gpu/cuda"
	"spikebook/gpu/device"
	"spikebook/snn"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// report is what is written.
type report struct {
	Rehearsal    bool // no GPU had a part in it
	Device       device.Info
	System       string
	Conformance  string   // the last line of tests/golden
	Misses       []string // cases that differ
	CopyGBs      float64  // of a copy on the device, bytes read and written
	Measurements []measurement
	Time         time.Time
}

// measurement is a LIF layer, forward and backward.
type measurement struct {
	T, N          int
	Milliseconds  float64 // median
	BytesPerStep  float64 // of a neuron and a step, at least: what is read and written once
	GBs           float64
	OfCopy        float64 // share of the speed of a copy
	NeuronStepsGs float64 // 10^9 of them in a second
}

func main() {
	golden := flag.String("golden", "../shared/golden", "`folder` of reference data")
	out := flag.String("o", "gpu-check.json", "`file` to write")
	rehearse := flag.Bool("rehearse", false, "accept a device that is no GPU, and run in small")
	flag.Parse()
	r, err := check(*golden, *rehearse)
	if err == nil {
		print(os.Stdout, r)
		err = write(*out, r)
	}
	if err == nil && len(r.Misses) > 0 {
		err = fmt.Errorf("%d reference cases differ", len(r.Misses))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gpucheck:", err)
		os.Exit(1)
	}
}

// isGPU says whether a device is one, as far as it can be told.
func isGPU(d device.Info) bool { return !d.Emulated && !strings.Contains(d.Name, "FAKE") }

func check(golden string, rehearse bool) (r report, err error) {
	devices, err := cuda.Devices()
	if err != nil {
		return r, err
	}
	r.Device, r.System, r.Time = devices[0], runtime.GOOS+"/"+runtime.GOARCH+", "+runtime.Version(), time.Now().UTC().Truncate(time.Second)
	if r.Rehearsal = !isGPU(r.Device); r.Rehearsal && !rehearse {
		return r, fmt.Errorf("%s is no GPU; unset SPIKEBOOK_LIBCUDA, or rehearse with -rehearse", r.Device.Name)
	}
	if err := r.conform(golden); err != nil {
		return r, err
	}
	d, err := cuda.Open(0)
	if err != nil {
		return r, err
	}
	snn.AddBackend("cuda", func() (snn.Accelerator, error) { return backend.New(d), nil })
	sizes := [][2]int{{32, 4 << 20}, {128, 1 << 20}, {16, 1 << 16}, {16, 1024}, {1, 1}}
	bytes := int64(1 << 30)
	if r.Rehearsal {
		sizes, bytes = [][2]int{{4, 1000}, {2, 10}}, 1<<20
	}
	if r.CopyGBs, err = copySpeed(d, bytes); err != nil {
		return r, err
	}
	for _, size := range sizes {
		m, err := measure(d, size[0], size[1], r.Rehearsal)
		if err != nil {
			return r, err
		}
		m.OfCopy = m.GBs / r.CopyGBs
		r.Measurements = append(r.Measurements, m)
	}
	return r, d.Close()
}

// conform runs the reference cases, in a program of its own with the same tags.
func (r *report) conform(golden string) error {
	c := exec.Command("go", "run", "-tags", "cuda", "./tests/golden", "-golden", golden, "-backend", "cuda", "-gpu")
	output, err := c.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "MISS ") {
			r.Misses = append(r.Misses, line)
		}
	}
	if r.Conformance = lines[len(lines)-1]; err != nil && len(r.Misses) == 0 {
		return fmt.Errorf("the reference cases were not run: %w\n%s", err, output)
	}
	return nil
}

// median returns the median time of f, which waits until the device is done.
func median(n int, f func() error) (time.Duration, error) {
	var times []time.Duration
	for range n {
		begin := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	return times[n/2], nil
}

func copySpeed(d device.Device, bytes int64) (gbs float64, err error) {
	from, err := d.Alloc(bytes, "copied from")
	if err != nil {
		return 0, err
	}
	to, err := d.Alloc(bytes, "copied to")
	if err != nil {
		return 0, err
	}
	took, err := median(9, func() error { return errors.Join(d.Copy(to, from, bytes), d.Sync()) })
	return 2 * float64(bytes) / float64(took), errors.Join(err, d.Free(from), d.Free(to))
}

// bytesPerStep are read and written at least by forward and backward of a LIF neuron:
// input, spike and saved potential, then that, the gradient and that of the input.
const bytesPerStep = 24

func measure(d device.Device, steps, n int, rehearsal bool) (m measurement, err error) {
	l := neuron.NewLIF(neuron.StepMode("m"), neuron.Backend("cuda"), neuron.SurrogateFunction(surrogate.ATan(2)))
	x := snn.Rand(steps, n).To("cuda").RequireGrad()
	g := snn.Ones(steps, n).To("cuda")
	repeat := 21
	if rehearsal {
		repeat = 3
	}
	took, err := median(repeat, func() error {
		l.Forward(x).BackwardFrom(g)
		x.ZeroGrad()
		return d.Sync()
	})
	count := float64(steps) * float64(n)
	return measurement{
		T: steps, N: n, Milliseconds: float64(took) / 1e6, BytesPerStep: bytesPerStep,
		GBs: bytesPerStep * count / float64(took), NeuronStepsGs: count / float64(took),
	}, err
}

func print(out io.Writer, r report) {
	title := "CUDA backend on " + r.Device.Name
	if r.Rehearsal {
		title = "REHEARSAL, no GPU had a part in it: " + title
	}
	fmt.Fprintf(out, "%s\ncapability %d.%d, driver %s, %s\n%s\n", title, r.Device.Capability[0], r.Device.Capability[1], r.Device.Driver, r.System, r.Conformance)
	for _, m := range r.Misses {
		fmt.Fprintln(out, m)
	}
	fmt.Fprintf(out, "a copy on the device: %.4g GB/s\n\nLIF, forward and backward\n", r.CopyGBs)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "T\tN\tms\tGB/s\tof a copy\t10^9 neuron-steps/s\t")
	for _, m := range r.Measurements {
		fmt.Fprintf(w, "%d\t%d\t%.4g\t%.4g\t%.0f %%\t%.4g\t\n", m.T, m.N, m.Milliseconds, m.GBs, 100*m.OfCopy, m.NeuronStepsGs)
	}
	w.Flush()
}

func write(file string, r report) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}
