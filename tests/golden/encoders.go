package main

import (
	"maps"

	"spikebook/snn"
	"spikebook/snn/encoding"
)

// encoders make those of the peer, whose periodic one has its spikes as an input here.
var encoders = map[string]func(a arguments, x *snn.Tensor) *encoding.Encoder{
	"LatencyEncoder": func(a arguments, _ *snn.Tensor) *encoding.Encoder {
		function, given := a["enc_function"].(string)
		if delete(a, "enc_function"); !given {
			function = "linear"
		}
		return encoding.NewLatency(int(a.number("T", 0)), encoding.EncFunction(function))
	},
	"WeightedPhaseEncoder": func(a arguments, _ *snn.Tensor) *encoding.Encoder {
		return encoding.NewWeightedPhase(int(a.number("K", 0)))
	},
	"PeriodicEncoder": func(_ arguments, x *snn.Tensor) *encoding.Encoder { return encoding.NewPeriodic(x) },
}

// checkEncoder runs a case of an encoder: as many single steps as it has, and, where
// those are one sequence, the sequence at once.
func checkEncoder(c *reference) (r result, err error) {
	a := maps.Clone(arguments(c.Params))
	if err := only(c.Class+" with the input", c.Inputs, "x"); err != nil {
		return r, err
	}
	x := c.Inputs["x"].To(backend)
	e := encoders[c.Class](a, x)
	if err := only(c.Class+" with argument", a); err != nil {
		return r, err
	}
	if err := only(c.Class+" with output", c.Outputs, "spike_seq", "spike_time"); err != nil {
		return r, err
	}
	var steps, times []*snn.Tensor
	for t := range c.Outputs["spike_seq"].Shape()[0] {
		s := e.Forward(x)
		steps, times = append(steps, s), append(times, s.Scale(float32(t)))
	}
	spikes := snn.Stack(steps...)
	if err := r.compare(c, "spike_seq", spikes); err != nil {
		return r, err
	}
	if len(steps) == e.Steps() {
		if err := r.compare(c, "spike_seq", e.Sequence(x)); err != nil {
			return r, err
		}
	}
	if c.Outputs["spike_time"] != nil {
		return r, r.compare(c, "spike_time", snn.Stack(times...).Sum(0))
	}
	return r, nil
}
