// The program must start where there is no driver, so it is not linked with one:
// shim.c has all functions of libcuda.so.1 and looks for the driver at run time.

#include <stddef.h>
#include <stdint.h>

// shim_init_result is what the driver's cuInit returned, 100 if there is no driver.
int shim_init_result(void);

// shim_launch is cuLaunchKernel with n arguments of eight bytes each. sizes are those of
// the grid, the block and the shared memory.
int shim_launch(void *function, const unsigned sizes[7], void *stream, uint64_t *arguments, size_t n);

// shim_load_problem is why the driver could not be loaded, or "".
const char *shim_load_problem(void);
