package backend_test

import (
	"testing"

	"spikebook/snn"
	"spikebook/snn/encoding"
	"spikebook/snn/layer"
	"spikebook/snn/learning"
	"spikebook/snn/neuron"
)

// What stands around neurons does on the device what it does on the CPU, in both step
// modes, and what comes out is there.
func TestAroundNeurons(t *testing.T) {
	begin(t)
	snn.Seed(2)
	x := encoding.NewPoisson(7).Sequence(snn.Full(0.4, 2, 3)) // [T, N, In]
	for name, make := range map[string]func() snn.Module{
		"filter":           func() snn.Module { return layer.NewSynapseFilter(3) },
		"learnable filter": func() snn.Module { return layer.NewLearnableSynapseFilter(3) },
		"delay":            func() snn.Module { return layer.NewDelay(2) },
		"recurrent": func() snn.Module {
			return layer.NewLinearRecurrent(snn.Sequential(layer.NewLinear(3, 2), layer.NewSynapseFilter(2)), 3, 2)
		},
	} {
		for _, mode := range []string{"s", "m"} {
			snn.Seed(3)
			net := make()
			results, gradients := everywhere(t, x, func(x *snn.Tensor) *snn.Tensor {
				snn.ResetNet(net)
				if err := snn.SetStepMode(net, mode); err != nil {
					t.Fatal(err)
				}
				if mode == "m" {
					return net.Forward(x)
				}
				return snn.MultiStepForward(x, net)
			})
			near(t, name+" in mode "+mode, results["cuda"], results["cpu"])
			near(t, "gradient of the "+name+" in mode "+mode, gradients["cuda"], gradients["cpu"])
		}
	}

	values := snn.FromSlice([]float32{0, 0.3, 0.75})
	for _, e := range []*encoding.Encoder{encoding.NewPoisson(4), encoding.NewLatency(4), encoding.NewWeightedPhase(4)} {
		for _, mode := range []string{"s", "m"} {
			if err := e.SetStepMode(mode); err != nil {
				t.Fatal(err)
			}
			var spikes []*snn.Tensor
			for _, where := range []string{"cpu", "cuda"} {
				snn.Seed(4)
				e.Reset()
				s := e.Forward(values.To(where))
				if s.Backend() != where {
					t.Errorf("the spikes of %v are on %s, expected %s", e, s.Backend(), where)
				}
				spikes = append(spikes, s)
			}
			identical(t, e.String(), spikes[1].Data(), spikes[0].Data())
		}
	}

	changes := map[string][]float32{}
	for _, where := range []string{"cpu", "cuda"} {
		snn.Seed(5)
		rule := learning.NewSTDP(layer.NewLinear(3, 2), neuron.NewIF(neuron.VThreshold(0.2)), 2, 3)
		if err := snn.SetStepMode(rule, "m"); err != nil {
			t.Fatal(err)
		}
		if err := snn.SetBackend(rule, where); err != nil {
			t.Fatal(err)
		}
		rule.Forward(x.To(where))
		change := rule.DeltaW()
		if change.Backend() != where {
			t.Errorf("the change of the weights is on %s, expected %s", change.Backend(), where)
		}
		rule.Step()
		changes[where] = append(change.Data(), rule.Synapse.Weight.Grad().Data()...)
	}
	near(t, "STDP", changes["cuda"], changes["cpu"])
}
