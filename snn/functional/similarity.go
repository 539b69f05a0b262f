package functional

import (
	"math"

	"spikebook/snn"
)

// A Kernel measures how similar rows are. Those below are values without a closure, so
// that a notebook keeps them from cell to cell.
type Kernel interface {
	// Compare compares each row of x, [N, K], with each of y, [M, K]: [N, M].
	Compare(x, y *snn.Tensor) *snn.Tensor
}

// LinearKernel is the scalar product.
type LinearKernel struct{}

// Compare implements Kernel.
func (LinearKernel) Compare(x, y *snn.Tensor) *snn.Tensor { return x.MatMulTransposed(y) }

// CosineKernel is the scalar product of rows of length 1: what SpikingJelly's
// loss calls linear. Rows of zeros are like nothing.
type CosineKernel struct{}

// Compare implements Kernel.
func (CosineKernel) Compare(x, y *snn.Tensor) *snn.Tensor {
	unit := func(t *snn.Tensor) *snn.Tensor {
		const least = 1e-12 // of the square of a length
		return t.Div(t.Square().Sum(1).Clamp(least, math.MaxFloat32).Sqrt().Reshape(-1, 1))
	}
	return unit(x).MatMulTransposed(unit(y))
}

// PolynomialKernel is the scalar product to the power of Degree.
type PolynomialKernel struct{ Degree int }

// Compare implements Kernel.
func (k PolynomialKernel) Compare(x, y *snn.Tensor) *snn.Tensor {
	return x.MatMulTransposed(y).Pow(k.Degree)
}

// SigmoidKernel is the sigmoid of Alpha times the scalar product.
type SigmoidKernel struct{ Alpha float32 }

// Compare implements Kernel.
func (k SigmoidKernel) Compare(x, y *snn.Tensor) *snn.Tensor {
	return x.MatMulTransposed(y).Scale(k.Alpha).Sigmoid()
}

// GaussianKernel is exp(-d²/(2·Sigma²)) of the distance d. Compare panics with a
// *snn.ShapeError if Sigma is 0.
type GaussianKernel struct{ Sigma float32 }

// Compare implements Kernel.
func (k GaussianKernel) Compare(x, y *snn.Tensor) *snn.Tensor {
	if k.Sigma == 0 {
		panic(snn.Shapef("GaussianKernel", "sigma is 0, expected a width: GaussianKernel{Sigma: 1}"))
	}
	xx, yy := x.Square().Sum(1).Reshape(-1, 1), y.Square().Sum(1)
	return xx.Add(yy).Sub(x.MatMulTransposed(y).Scale(2)).Scale(-1 / (2 * k.Sigma * k.Sigma)).Exp()
}

// SpikeSimilarLoss compares how similar the spikes of samples are, [N, ...],
// with how similar their labels are, [N, C] in one-hot code. loss is snn.MSELoss
// or snn.L1Loss.
func SpikeSimilarLoss(spikes, labels *snn.Tensor, kernel Kernel, loss func(x, target *snn.Tensor) *snn.Tensor) *snn.Tensor {
	if kernel == nil || loss == nil {
		panic(snn.Shapef("SpikeSimilarLoss", "the kernel or the loss is nil; expected such as CosineKernel{} and snn.MSELoss"))
	}
	if len(spikes.Shape()) == 0 || len(labels.Shape()) != 2 || spikes.Shape()[0] != labels.Shape()[0] {
		panic(snn.Shapef("SpikeSimilarLoss", "spikes of shape %v and labels of shape %v, expected [N, ...] and [N, C]", spikes.Shape(), labels.Shape()))
	}
	x := spikes.Reshape(spikes.Shape()[0], -1)
	return loss(kernel.Compare(x, x), labels.MatMulTransposed(labels))
}
