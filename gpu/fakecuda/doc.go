// Package fakecuda is a driver for tests of package cuda on machines without a GPU:
// a libcuda.so.1 that has the functions which that package calls, and runs kernels
// on the CPU. `make test-gpu` builds it. Nothing that it shows is true of a GPU's
// speed, compiler or timing.
//
// The library, in folder driver, is C++. It keeps the driver's books (contexts,
// streams, modules, allocations) and is stricter than a driver: what a driver may
// do in one way or another it does in the way that hurts. Memory and kernels are
// those of package ptxsim, in a process of their own, the program in folder engine.
// So the library may be loaded into any program, also one in Go: two Go runtimes in
// one process would fight over its signals.
//
// This package has the names by which tests talk to the library.
package fakecuda

// Environment variables that the library reads at each call.
const (
	// Fail makes one call fail: "cuMemAlloc_v2:3:2" lets the third call of that
	// function return 2. Unsetting it or another value starts to count anew. "@" and
	// the name of a file stand for the first line of it, for a process that runs.
	Fail = "FAKECUDA_FAIL"
	// Journal is a file for a line about each context that is made, is released (with
	// the number of allocations, modules and streams that were left in it) or was lost
	// before, and about each call that was made to fail.
	Journal = "FAKECUDA_JOURNAL"
	// Lazy set to 1 leaves work in its stream until somebody waits for it.
	Lazy = "FAKECUDA_LAZY"
	// Devices is their number, 1 by default.
	Devices = "FAKECUDA_DEVICES"
	// Memory is how many bytes each device has, 1 GiB by default.
	Memory = "FAKECUDA_MEMORY"
	// Version is what cuDriverGetVersion returns, 12090 by default.
	Version = "FAKECUDA_VERSION"
)

// Attributes of every device, beside those that CUDA defines.
const (
	Allocations = 10000 + iota // that were not freed
	Modules                    // that were not unloaded
	Streams                    // that were not destroyed
	Contexts                   // that were not released
	Abandoned                  // allocations, modules and streams that were left in contexts that were released
	Failures                   // calls that failed since Fail said so
)

// Name is part of the name of each device.
const Name = "FAKE CUDA (host CPU, not a GPU)"
