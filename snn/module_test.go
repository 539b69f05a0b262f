package snn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"spikebook/snn"
)

// counter is a layer that adds up its input and notes what is done to it.
type counter struct {
	mode, backend string
	sum           float32
	resets        int
	only          string // the only step mode that it accepts, if not empty
	panics        bool
}

func (c *counter) Forward(x *snn.Tensor) *snn.Tensor {
	if c.panics {
		panic("a bug")
	}
	if c.mode == snn.MultiStep { // a sequence: each step gets the sum so far
		var ys []*snn.Tensor
		for t := range x.Shape()[0] {
			c.sum += x.Index(t).Sum().Item()
			ys = append(ys, snn.Full(c.sum, x.Index(t).Shape()...))
		}
		return snn.Stack(ys...)
	}
	c.sum += x.Sum().Item()
	return snn.Full(c.sum, x.Shape()...)
}
func (c *counter) Reset()                      { c.sum, c.resets = 0, c.resets+1 }
func (c *counter) StepMode() string            { return c.mode }
func (c *counter) Backend() string             { return c.backend }
func (c *counter) SupportedBackends() []string { return []string{"cpu"} }

func (c *counter) SetStepMode(mode string) error {
	if c.only != "" && mode != c.only {
		return fmt.Errorf("only %q", c.only)
	}
	c.mode = mode
	return nil
}

func (c *counter) SetBackend(backend string) error {
	if c.only != "" {
		return errors.New("no backends here")
	}
	c.backend = backend
	return nil
}

// double has neither state nor step mode nor backend.
type double struct{}

func (double) Forward(x *snn.Tensor) *snn.Tensor { return x.Scale(2) }
func (double) Reset()                            {}

func TestNetworkCalls(t *testing.T) {
	a, b := &counter{mode: "s"}, &counter{mode: "s"}
	net := snn.Sequential(a, double{}, snn.Sequential(b))
	if err := snn.SetStepMode(net, "m"); err != nil || a.mode != "m" || b.mode != "m" {
		t.Errorf("SetStepMode: %v, modes %q and %q", err, a.mode, b.mode)
	}
	if err := snn.SetBackend(net, "cpu"); err != nil || a.backend != "cpu" || b.backend != "cpu" {
		t.Errorf("SetBackend: %v, backends %q and %q", err, a.backend, b.backend)
	}
	net.Forward(snn.Ones(3, 1))
	other := &counter{}
	snn.ResetNet(net, other)
	if a.sum != 0 || b.sum != 0 || b.resets == 0 || other.resets != 1 {
		t.Errorf("ResetNet left %v, %v", a, b)
	}

	for _, mode := range []string{"", "S", "multi"} {
		err := snn.SetStepMode(net, mode)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("step mode %q is unknown", mode)) || a.mode != "m" {
			t.Errorf("SetStepMode(%q): %v, mode %q", mode, err, a.mode)
		}
	}
	stubborn := &counter{mode: "m", only: "m"}
	net = snn.Sequential(stubborn, a)
	if err := snn.SetStepMode(net, "s"); err == nil || !strings.Contains(err.Error(), `only "m"`) || a.mode != "s" {
		t.Errorf("a module that refuses: %v, the other has mode %q", err, a.mode)
	}
	if err := snn.SetBackend(net, "x"); err == nil || !strings.Contains(err.Error(), "no backends here") || a.backend != "x" {
		t.Errorf("a module that refuses: %v, the other has backend %q", err, a.backend)
	}
}

func TestMultiStepForward(t *testing.T) {
	xSeq := snn.FromSlice([]float32{1, 2, 3, 4}, 4, 1)
	want := []float32{2, 6, 12, 20} // twice 1, 1+2, 1+2+3, ...
	for _, mode := range []string{"s", "m"} {
		a := &counter{mode: mode}
		net := snn.Sequential(snn.Sequential(a), double{})
		equal(t, snn.MultiStepForward(xSeq, net), []int{4, 1}, want...)
		if a.mode != mode {
			t.Errorf("the step mode was %q and is %q", mode, a.mode)
		}
	}
	m := &counter{mode: "m"}
	equal(t, snn.Sequential(m, double{}).Forward(xSeq), []int{4, 1}, want...)
	// A module that is neither a layer of ours nor has a step mode.
	equal(t, snn.MultiStepForward(xSeq, double{}), []int{4, 1}, 2, 4, 6, 8)

	func() { // the step mode comes back, whatever happens
		defer func() { _ = recover() }()
		m.panics = true
		snn.MultiStepForward(xSeq, m)
	}()
	if m.mode != "m" {
		t.Errorf("after a panic the step mode is %q", m.mode)
	}

	for _, shape := range [][]int{{}, {0, 3}} {
		got := misuse(t, func() { snn.MultiStepForward(snn.Zeros(shape...), double{}) })
		if want := fmt.Sprintf("MultiStepForward: the input has shape %v, expected a sequence [T, N, ...] with T >= 1", shape); got != want {
			t.Errorf("got %s", got)
		}
	}
	got := misuse(t, func() { snn.MultiStepForward(xSeq, &counter{mode: "m", only: "m"}) })
	if want := `MultiStepForward: a module cannot be given single steps: only "m"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
