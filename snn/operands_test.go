package snn_test

import (
	"testing"

	"spikebook/snn"
)

// What is nil, or would be stretched where that is another thing than meant, is
// said.
func TestOperandMistakes(t *testing.T) {
	x := snn.Ones(2, 3)
	for want, f := range map[string]func(){
		"Add: an operand is nil; expected a tensor":                                                              func() { x.Add(nil) },
		"Div: an operand is nil; expected a tensor":                                                              func() { x.Div(nil) },
		"MSELoss: an operand is nil; expected a tensor":                                                          func() { snn.MSELoss(x, nil) },
		"MSELoss: the target has shape [3], expected [2 3] as the tensor has; use Reshape or BroadcastTo":        func() { snn.MSELoss(x, snn.Ones(3)) },
		"L1Loss: the target has shape [2 1], expected [2 3] as the tensor has; use Reshape or BroadcastTo":       func() { snn.L1Loss(x, snn.Ones(2, 1)) },
		"BackwardFrom: the gradient is nil; expected a tensor of shape [2 3]":                                    func() { x.Clone().RequireGrad().Scale(2).BackwardFrom(nil) },
		"MatMul: an operand is nil; expected a tensor":                                                           func() { x.MatMul(nil) },
		"MatMulTransposed: an operand is nil; expected a tensor":                                                 func() { x.MatMulTransposed(nil) },
		"Affine: an operand is nil; expected a tensor":                                                           func() { x.Affine(snn.Ones(2, 3), nil) },
		"Stack: an operand is nil; expected a tensor":                                                            func() { snn.Stack(x, nil) },
		"Concat: an operand is nil; expected a tensor":                                                           func() { snn.Concat(nil, x) },
		"CrossEntropyLoss: an operand is nil; expected a tensor":                                                 func() { snn.CrossEntropyLoss(nil, []int{1}) },
		"Mean: an operand is nil; expected a tensor":                                                             func() { x.Grad().Mean() },
		"Scale: an operand is nil; expected a tensor":                                                            func() { x.Grad().Scale(2) },
		"Data: an operand is nil; expected a tensor":                                                             func() { x.Grad().Data() },
		"MultiStepForward: an operand is nil; expected a tensor":                                                 func() { snn.MultiStepForward(nil, nil) },
		"MultiStepForward: module 1 is nil; expected one such as a layer":                                        func() { snn.MultiStepForward(x, nil) },
		"Sequential: module 1 is nil; expected one such as a layer":                                              func() { snn.Sequential(nil) },
		"ResetNet: module 1 is nil; expected one such as a layer":                                                func() { snn.ResetNet(nil) },
		"Map: the function is nil; expected one such as dynamics.Expr.Tanh":                                      func() { x.Map(nil) },
		"Zeros: shape [1125899906842624] is not possible: expected dimensions >= 0 whose product fits in memory": func() { snn.Zeros(1 << 50) },
		"Ones: shape [-1] is not possible: expected dimensions >= 0 whose product fits in memory":                func() { snn.Ones(-1) },
		"Full: shape [-1] is not possible: expected dimensions >= 0 whose product fits in memory":                func() { snn.Full(2, -1) },
		"Rand: shape [-1] is not possible: expected dimensions >= 0 whose product fits in memory":                func() { snn.Rand(-1) },
		"Randn: shape [-1] is not possible: expected dimensions >= 0 whose product fits in memory":               func() { snn.Randn(-1) },
		"BroadcastTo: shape [-1] is not possible: expected dimensions >= 0 whose product fits in memory":         func() { snn.Ones(1).BroadcastTo(-1) },
		"Add: shape [67108864 67108864] is not possible: expected dimensions >= 0 whose product fits in memory":  func() { snn.Zeros(1<<26, 1).Add(snn.Zeros(1, 1<<26)) },
		"MatMulTransposed: shapes [2 3] and [4 2] do not fit: expected [..., K] and [M, K] with the same K":      func() { x.MatMulTransposed(snn.Ones(4, 2)) },
	} {
		if got := misuse(t, f); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
