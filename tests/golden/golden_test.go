package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
			if strings.Contains(line, ": ") && strings.Contains(line, group) && !strings.Contains(line, "neuron_research: ") && !strings.Contains(line, "TTLIFNode") {
				t.Errorf("not run: %s", line)
			}
		}
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
		{"option", `"params":{}`, `"params":{"gain":2}`, 2, "1  g: IFNode with argument gain"},
		{"threshold", `"params":{}`, `"params":{"v_threshold":0.4}`, 1, "MISS g/n: spikes differ"},
		{"gradient", `}}]}`, `},"upstream":{"v_seq":{"shape":[2,1],"data":[1,0]}},"grads":{"x_seq":{"shape":[2,1],"data":[0.79001284,0]}}}]}`, 0, "1 passed, 0 failed"},
		{"wrong gradient", `}}]}`, `},"upstream":{"v_seq":{"shape":[2,1],"data":[1,0]}},"grads":{"x_seq":{"shape":[2,1],"data":[0.79001284,0.1]}}}]}`, 1, "MISS g/n: gradient x_seq differs by 0.1"},
		{"format", "golden-1", "golden-9", 2, `format "spikebook-golden-9"`},
		{"json", `"cases":[`, `"cases":`, 2, "golden:"},
		{"shape", `"shape":[2,1],"data":[0.5,0.75]`, `"shape":[3,1],"data":[0.5,0.75]`, 2, "shape [3 1] with 2 values"},
		{"nothing to run", "IFNode", "NoSuchNode", 2, "no case was run"},
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
