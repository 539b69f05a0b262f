package display_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spikebook/display"
	"spikebook/display/figure"
	"spikebook/display/figure/serve"
	"spikebook/display/render"
	"spikebook/snn"
	"spikebook/snn/neuron"
)

// notebook is a kernel that keeps what it is shown.
type notebook struct {
	text    []string            // text/plain of each output
	types   [][]string          // MIME types of each output
	bundles []map[string]string // each output that is no figure
	places  []figure.Place      // of each output
	clears  []bool              // how the outputs were cleared
	failed  error
}

func (n *notebook) Clear(wait bool) error {
	n.clears = append(n.clears, wait)
	return n.failed
}

func (n *notebook) Show(f *display.Figure, at figure.Place) error {
	n.places = append(n.places, at)
	data, _, err := render.Bundle(f)
	if err != nil {
		return err
	}
	n.text = append(n.text, data["text/plain"].(string))
	n.types = append(n.types, keys(data))
	return n.failed
}

func (n *notebook) ShowBundle(b map[string]string, at figure.Place) error {
	n.places = append(n.places, at)
	n.text = append(n.text, b["text/plain"])
	n.types = append(n.types, slices.Sorted(maps.Keys(b)))
	n.bundles = append(n.bundles, b)
	return n.failed
}

func (n *notebook) Render(f *display.Figure, format string) ([]byte, error) {
	return render.Image(f, format)
}

// open serves a notebook to this process for the rest of the test.
func open(t *testing.T) *notebook {
	t.Helper()
	dir, err := os.MkdirTemp("", "notebook")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	n := &notebook{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve.Figures(ctx, l, n) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		os.RemoveAll(dir)
	})
	t.Setenv(figure.SocketVariable, filepath.Join(dir, "s"))
	return n
}

type unknown struct{ A int }

func TestShow(t *testing.T) {
	layer := neuron.NewIF()
	for _, tt := range []struct {
		name  string
		value any
		text  string
		types []string
	}{
		{"figure", display.Plot1DSpikes(snn.Ones(2, 2)), "raster: 2 neurons, T=2, 4 spikes, firing rate 1 (max 1, neuron 0)",
			[]string{"image/png", "image/svg+xml", "text/plain"}},
		{"layer", layer, layer.String(), []string{"text/markdown", "text/plain"}},
		{"tensor", snn.FromSlice([]float32{1, 2}), "tensor of shape [2]\n[1 2]", []string{"text/plain"}},
		{"nil tensor", (*snn.Tensor)(nil), "no tensor (nil)", []string{"text/plain"}},
		{"nil", nil, "<nil>", []string{"text/plain"}},
		{"text", "hello", "hello", []string{"text/plain"}},
		{"struct", unknown{3}, "{A:3}", []string{"text/plain"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := open(t)
			if err := display.Show(tt.value); err != nil {
				t.Fatal(err)
			}
			if len(n.text) != 1 || !strings.HasPrefix(n.text[0], tt.text) || !slices.Equal(n.types[0], tt.types) {
				t.Errorf("shown as %v %q, want %v %q", n.types, n.text, tt.types, tt.text)
			}
		})
	}
}

func TestLive(t *testing.T) {
	n := open(t)
	live, err := display.ShowLive("first")
	if err != nil {
		t.Fatal(err)
	}
	other, err := display.ShowLive("other")
	if err != nil {
		t.Fatal(err)
	}
	if err := live.Update(display.Plot1DSpikes(snn.Ones(2, 2))); err != nil {
		t.Fatal(err)
	}
	id := n.places[0].ID
	if want := (figure.Place{ID: id, Update: true}); id == "" || n.places[2] != want || n.places[1].ID == id {
		t.Errorf("shown at %+v", n.places)
	}
	n.failed = errors.New("the browser is gone")
	if _, err := display.ShowLive(1); err == nil {
		t.Error("nothing was shown and nothing said")
	}
	if err := other.Update(1); err == nil {
		t.Error("nothing was updated and nothing said")
	}
}

func TestClearOutput(t *testing.T) {
	n := open(t)
	for _, wait := range []bool{true, false} {
		if err := display.ClearOutput(wait); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(n.clears, []bool{true, false}) {
		t.Errorf("cleared with wait %v", n.clears)
	}
	t.Setenv(figure.SocketVariable, "")
	if err := display.ClearOutput(true); err != nil {
		t.Errorf("without a kernel: %v", err)
	}
}

func TestShowFails(t *testing.T) {
	n := open(t)
	if err := display.Show((*display.Figure)(nil)); err == nil {
		t.Error("a nil figure was shown")
	}
	n.failed = errors.New("the browser is gone")
	for _, v := range []any{display.Plot1DSpikes(snn.Ones(2, 2)), 1} {
		if err := display.Show(v); err == nil || !strings.Contains(err.Error(), "the browser is gone") {
			t.Errorf("Show(%v) returned %v, want the kernel's error", v, err)
		}
	}
}

// TestSave demands the same file from the kernel as from this process.
func TestSave(t *testing.T) {
	fig := display.Plot2DHeatmap(every(2, 10, 10))
	for _, format := range figure.Formats {
		direct := filepath.Join(t.TempDir(), "direct."+format)
		if err := fig.Save(direct); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(direct)
		if err != nil {
			t.Fatal(err)
		}
		start := map[string]string{figure.SVG: "<svg ", figure.PNG: "\x89PNG", figure.PDF: "%PDF-"}[format]
		if !strings.HasPrefix(string(want), start) {
			t.Errorf("a .%s starts with %.8q, want %q", format, want, start)
		}
		if format == figure.PDF {
			continue // holds the time it was made
		}
		t.Run(format, func(t *testing.T) {
			open(t)
			path := filepath.Join(t.TempDir(), "kernel."+format)
			if err := fig.Save(path); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
				t.Errorf("the kernel's file differs from ours (%v)", err)
			}
		})
	}
}
