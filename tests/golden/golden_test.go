package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spikebook/gpu"
	"spikebook/snn"
)

// shared is where the reference data lie beside a checkout.
const shared = "../../../shared/golden"

func TestConformance(t *testing.T) {
	var out bytes.Buffer
	if status := conform(shared, &out); status != 0 {
		t.Fatalf("exit status %d\n%s", status, out.String())
	}
	// Neurons, surrogates and functions are complete: none of their cases may be
	// passed over, but for neurons that this version does not have.
	for line := range strings.Lines(out.String()) {
		for _, group := range []string{"neuron_", "surrogate: ", "functional: ", "exact_threshold: ", "special_values: "} {
			if strings.Contains(line, ": ") && strings.Contains(line, group) && !strings.Contains(line, "neuron_research: ") {
				t.Errorf("not run: %s", line)
			}
		}
	}
}

// What takes whole sequences gives the same on CUDA, here in the interpreter.
func TestConformanceEmulated(t *testing.T) {
	gpu.Emulate()
	backend = "cuda"
	defer func() { backend = snn.CPU }()
	var out bytes.Buffer
	if status := conform(shared, &out); status != 0 || !strings.HasPrefix(out.String(), "Backend cuda: PTX interpreter on the CPU, not a GPU\n") {
		t.Fatalf("exit status %d\n%s", status, out.String())
	}
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, ": ") && strings.Contains(line, "neuron_") && !strings.Contains(line, "neuron_research: ") && !strings.Contains(line, "single steps, which") {
			t.Errorf("not run: %s", line)
		}
	}
	if s, err := snn.BackendStats("cuda"); err != nil || s.Launches < 1000 {
		t.Errorf("%d launches, %v: was it run there?", s.Launches, err)
	}
}

// The comparison must be able to fail.
func TestMisses(t *testing.T) {
	const good = `{"format":"spikebook-golden-1","group":"g","cases":[{"name":"n","class":"IFNode","params":{},"step_mode":"s",
		"inputs":{"x_seq":{"shape":[2,1],"data":[0.5,0.75]}},"outputs":{"spike_seq":{"shape":[2,1],"data":[0,1]},"v_seq":{"shape":[2,1],"data":[0.5,0]}}}]}`
	for _, test := range []struct {
		name, from, to string
		status         int
		want           string
	}{
		{"right", "", "", 0, "1 passed, 0 failed"},
		{"spike", `"data":[0,1]`, `"data":[0,0]`, 1, "MISS g/n: spikes differ"},
		{"potential", `"data":[0.5,0]}}`, `"data":[0.50001,0]}}`, 1, "MISS g/n: v_seq differs by 1e-05"},
		{"shape of the output", `"spike_seq":{"shape":[2,1]`, `"spike_seq":{"shape":[1,2]`, 1, "MISS g/n: spikes differ"},
		{"output", `"spike_seq":{"shape":[2,1],"data":[0,1]}`, `"y_seq":{"shape":[2,1],"data":[0,0.5]}`, 1, "MISS g/n: y_seq differs by 0.5"},
		{"mode", `"step_mode":"s"`, `"step_mode":"m"`, 0, "1 passed, 0 failed"},
		{"option", `"params":{}`, `"params":{"gain":2}`, 2, "1  g: IFNode with argument gain = 2"},
		{"threshold", `"params":{}`, `"params":{"v_threshold":0.4}`, 1, "MISS g/n: spikes differ"},
		{"gradient", `}}]}`, `},"upstream":{"v_seq":{"shape":[2,1],"data":[1,0]}},"grads":{"x_seq":{"shape":[2,1],"data":[0.79001284,0]}}}]}`, 0, "1 passed, 0 failed"},
		{"wrong gradient", `}}]}`, `},"upstream":{"v_seq":{"shape":[2,1],"data":[1,0]}},"grads":{"x_seq":{"shape":[2,1],"data":[0.79001284,0.1]}}}]}`, 1, "MISS g/n: gradient x_seq differs by 0.1"},
		{"format", "golden-1", "golden-9", 2, `format "spikebook-golden-9"`},
		{"json", `"cases":[`, `"cases":`, 2, "golden:"},
		{"shape", `"shape":[2,1],"data":[0.5,0.75]`, `"shape":[3,1],"data":[0.5,0.75]`, 2, "shape [3 1] with 2 values"},
		{"nothing to run", "IFNode", "NoSuchNode", 2, "no case was run"},
		{"reset", `"params":{}`, `"params":{"v_reset":null}`, 1, "MISS g/n: v_seq differs by 0.25"},
		{"first potential", `"inputs":{`, `"inputs":{"v_init":{"shape":[1],"data":[0.25]},`, 1, "MISS g/n: v_seq differs by 0.25"},
		{"first potential of all neurons", `"inputs":{`, `"inputs":{"v_init":{"shape":[],"data":[0]},`, 0, "1 passed, 0 failed"},
		{"set after construction", `"params":{}`, `"params":{},"set_after_construction":{"v_threshold":2}`, 1, "MISS g/n: spikes differ"},
		{"output of a state", `"spike_seq"`, `"w_final"`, 2, "1  g: IFNode with output w_final"},
		{"potential at the end", `"v_seq":{"shape":[2,1],"data":[0.5,0]}`, `"v_final":{"shape":[1],"data":[0.25]}`, 1, "MISS g/n: v_final differs by 0.25"},
		{"not a number", `"v_seq":{"shape":[2,1],"data":[0.5,0]}`, `"v_seq":{"shape":[2,1],"data":["nan",0]}`, 1, "MISS g/n: v_seq differs by +Inf"},
		{"gradient of another shape", `}}]}`, `},"upstream":{"v_seq":{"shape":[2,1],"data":[1,0]}},"grads":{"x_seq":{"shape":[2],"data":[0.79001284,0]}}}]}`, 0, "1 passed, 0 failed"},
		{"gradient of another size", `}}]}`, `},"upstream":{"v_seq":{"shape":[2,1],"data":[1,0]}},"grads":{"x_seq":{"shape":[3],"data":[0.79001284,0,0]}}}]}`, 1, "MISS g/n: gradient x_seq has shape [2 1], want [3]"},
		{"gradient just outside", `}}]}`, `},"upstream":{"v_seq":{"shape":[2,1],"data":[1,0]}},"grads":{"x_seq":{"shape":[2,1],"data":[0.79001284,0.000011]}}}]}`, 1, "MISS g/n: gradient x_seq differs by 1.1e-05"},
		// What it does not know it does not pass over.
		{"unknown key", `"params":{}`, `"params":{},"delay":3`, 2, "1  g: IFNode with the key delay"},
		{"unknown input", `"inputs":{`, `"inputs":{"u_init":{"shape":[1],"data":[0]},`, 2, "1  g: IFNode with the input u_init"},
		{"unknown surrogate", `"params":{}`, `"params":{"surrogate_function":{"class":"Cosine"}}`, 2, "1  g: surrogate Cosine"},
		{"surrogate by its name", `"params":{}`, `"params":{"surrogate_function":"Sigmoid"}`, 2, "1  g: a surrogate function Sigmoid"},
		{"option of another kind", `"params":{}`, `"params":{"v_threshold":"high"}`, 2, "1  g: IFNode with argument v_threshold = high"},
		{"flag that is none", `"params":{}`, `"params":{"detach_reset":1}`, 2, "1  g: IFNode with argument detach_reset = 1"},
		{"another step mode", `"params":{}`, `"params":{"step_mode":"m"}`, 2, "1  g: IFNode with argument step_mode = m"},
		{"learnable parameter", `"params":{}`, `"params":{},"parameters":{"w":{"shape":[],"data":[1]}}`, 2, "1  g: IFNode with learnable parameter w"},
		{"unknown attribute", `"params":{}`, `"params":{},"set_after_construction":{"tau":2}`, 2, "1  g: IFNode with tau set after construction"},
		{"gradient of no output", `"params":{}`, `"params":{},"upstream":{"z":{"shape":[],"data":[1]}}`, 2, "1  g: IFNode with a gradient of z, which is no output"},
		{"buffers", `"params":{}`, `"params":{},"buffers":{"mean":1}`, 2, "1  g: IFNode with buffers"},
		{"unknown mode", `"step_mode":"s"`, `"step_mode":"x"`, 2, `1  g: IFNode in step mode "x"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			text := strings.Replace(good, test.from, test.to, 1)
			if test.from == "IFNode" {
				text = strings.ReplaceAll(good, test.from, test.to)
			}
			if err := os.WriteFile(filepath.Join(dir, "g.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if status := conform(dir, &out); status != test.status || !strings.Contains(out.String(), test.want) {
				t.Errorf("exit status %d, want %d with %q\n%s", status, test.status, test.want, out.String())
			}
		})
	}
	var out bytes.Buffer
	if status := conform(t.TempDir(), &out); status != 2 || !strings.Contains(out.String(), "no reference files") {
		t.Errorf("an empty folder: %d\n%s", status, out.String())
	}
}

// Parallel neurons are run in the step mode of the case, and learnable parameters
// are those of the case.
func TestKinds(t *testing.T) {
	const sliding = `"class":"SlidingPSN","params":{"k":2},"parameters":{"weight":{"shape":[2],"data":[0.5,1]},"bias":{"shape":[],"data":[-1]}},
		"inputs":{"x_seq":{"shape":[2,1],"data":[0.5,0.75]}},"outputs":{"spike_seq":{"shape":[2,1],"data":[0,1]}}`
	const plif = `"class":"ParametricLIFNode","step_mode":"m","params":{},"parameters":{"w":{"shape":[1],"data":[0]}},
		"inputs":{"x_seq":{"shape":[2,1],"data":[1,3]}},"outputs":{"spike_seq":{"shape":[2,1],"data":[0,1]},"v_seq":{"shape":[2,1],"data":[0.5,0]}}`
	const gated = `"class":"GatedLIFNode","step_mode":"m","params":{"T":1},"inputs":{"x_seq":{"shape":[1,1],"data":[1]}},"outputs":{"spike_seq":{"shape":[1,1],"data":[0]}}`
	const ilif = `"class":"ILIFNode","step_mode":"m","params":{},"inputs":{"x_seq":{"shape":[1,1],"data":[2]}},"outputs":{"spike_seq":{"shape":[1,1],"data":[2]},"v_seq":{"shape":[1,1],"data":[0]}}`
	const plain = `"class":"SLTTLIFNode","step_mode":"s","eval":true,"params":{"surrogate_function":{"class":"Sigmoid","spiking":false}},
		"inputs":{"x_seq":{"shape":[1,1],"data":[0]}},"outputs":{"y_seq":{"shape":[1,1],"data":[0]}}`
	for _, test := range []struct {
		name, text, from, to string
		want                 string
	}{
		{"sequence", sliding, `"params"`, `"step_mode":"m","params"`, "1 passed, 0 failed"},
		{"steps", sliding, `"params"`, `"step_mode":"s","params"`, "1 passed, 0 failed"},
		{"PSN has no steps", strings.Replace(strings.Replace(sliding, "SlidingPSN", "PSN", 1), `"k"`, `"T"`, 1), `"params"`, `"step_mode":"s","params"`, `1  g: PSN in step mode "s"`},
		{"argument", sliding, `"k":2`, `"k":2,"backend":"gemm"`, "1  g: SlidingPSN with argument backend = gemm"},
		{"no weight", sliding, `"weight":{"shape":[2],"data":[0.5,1]},`, ``, "1  g: SlidingPSN without weight and bias, which are random"},
		{"w", plif, "", "", "1 passed, 0 failed"},
		{"another w", plif, `"data":[0]}`, `"data":[1]}`, "MISS g/n: "},
		{"random parameters", gated, "", "", "1  g: GatedLIFNode without the parameter alpha"},
		{"soft by default", ilif, "", "", "g      ILIFNode  soft   -       m     1"},
		{"hard by default", plif, "", "", "g      ParametricLIFNode  hard   -       m     1"},
		{"evaluation mode", plain, "", "", "1  g: SLTTLIFNode in evaluation mode, with a gradient or smooth"},
	} {
		text := `{"format":"spikebook-golden-1","group":"g","cases":[{"name":"n",` + strings.Replace(test.text, test.from, test.to, 1) + `}]}`
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "g.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if conform(dir, &out); !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: want %q\n%s", test.name, test.want, out.String())
		}
	}
}
