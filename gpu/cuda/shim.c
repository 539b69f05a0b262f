//go:build cuda

#include "shim.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { SUCCESS = 0, NO_DEVICE = 100, NOT_FOUND = 500 };

// A function of the driver jumps to the address in real_NAME: there it finds the
// registers and the stack as its caller left them, whatever its arguments are.
// The names are hidden, or the driver's own calls could come to them.
#if defined(__x86_64__)
#define JUMP(name) "jmp *real_" #name "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name) "adrp x16, real_" #name "\nldr x16, [x16, :lo12:real_" #name "]\nbr x16\n"
#else
#error "the jumps to the driver are written for x86-64 and ARM64"
#endif

static int no_driver(void) { return NO_DEVICE; }
static int not_in_driver(void) { return NOT_FOUND; }

#define FORWARD(name)                                                                 \
	__attribute__((visibility("hidden"))) void *real_##name = (void *)no_driver;       \
	__asm__(".text\n.globl " #name "\n.hidden " #name "\n.type " #name ", %function\n" \
	        #name ":\n" JUMP(name));
#include "symbols.h"
#undef FORWARD

static const struct {
	const char *name;
	void **real;
} forwards[] = {
#define FORWARD(name) {#name, &real_##name},
#include "symbols.h"
#undef FORWARD
};

static void *driver;
static int init_result = NO_DEVICE;
static char load_problem[512];

// cuInit loads the driver, the first time that it is called: by the init function
// of gorgonia.org/cu. That ends the program on an error, so that it is not told.
__attribute__((visibility("hidden"))) int cuInit(unsigned flags) {
	const char *path = getenv("SPIKEBOOK_LIBCUDA");
	if (path == NULL || *path == 0) path = "libcuda.so.1";
	if (driver == NULL) driver = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (driver == NULL) {
		snprintf(load_problem, sizeof load_problem, "%s", dlerror());
		return SUCCESS;
	}
	for (size_t i = 0; i < sizeof forwards / sizeof *forwards; i++) {
		void *found = dlsym(driver, forwards[i].name);
		*forwards[i].real = found != NULL ? found : (void *)not_in_driver;
	}
	int (*init)(unsigned) = (int (*)(unsigned))dlsym(driver, "cuInit");
	init_result = init != NULL ? init(flags) : NOT_FOUND;
	return SUCCESS;
}

__attribute__((visibility("hidden"))) int cuDeviceGetCount(int *count) {
	int (*real)(int *) = driver != NULL ? (int (*)(int *))dlsym(driver, "cuDeviceGetCount") : NULL;
	*count = 0;
	if (init_result != SUCCESS) return init_result;
	return real != NULL ? real(count) : NOT_FOUND;
}

__attribute__((visibility("hidden"))) int cuLaunchKernel(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **, void **);

int shim_launch(void *function, const unsigned sizes[7], void *stream, uint64_t *arguments, size_t n) {
	void *places[n + 1]; // of no size is not C
	for (size_t i = 0; i < n; i++) places[i] = &arguments[i];
	return cuLaunchKernel(function, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], sizes[6], stream, places, NULL);
}

int shim_init_result(void) { return init_result; }
const char *shim_load_problem(void) { return load_problem; }
