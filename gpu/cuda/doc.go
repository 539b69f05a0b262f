// Package cuda runs kernels on NVIDIA GPUs through gorgonia.org/cu. That needs a C
// compiler and cuda.h, so all of it stands behind the build tag cuda, which
// `make gpu` sets; without the tag there are the same functions, and they say so. A
// program with the tag starts without a driver, too.
//
// Nobody has run this package on a GPU yet. Its tests run on package fakecuda's
// driver.
package cuda
